/** Owns what threads and main say to each other about values that a process loads once. */

export interface Loaded {
  readonly value: unknown
  readonly freshUntilMs: number
  readonly usableUntilMs: number
}

/** Errors lose their class between threads. */
export interface LoadFailure {
  readonly reason: string
  readonly message: string
  readonly isAnswered: boolean
}

/** Of a thread. */
export type SharedValueRequest =
  /** What it has is stale, unusable or doubted. `knownUntilMs`: of what it has, `freshUntilMs`; 0 without any. */
  | {
      readonly kind: 'value-wanted'
      readonly key: string
      readonly knownUntilMs: number
      readonly retryMs: number
      readonly isOfOnePerson: boolean
    }
  | { readonly kind: 'value-loaded'; readonly key: string; readonly loaded: Loaded }
  | { readonly kind: 'value-failed'; readonly key: string; readonly failure: LoadFailure }
  /** It was to load what nobody wants there any more: somebody else may. */
  | { readonly kind: 'value-left'; readonly key: string }

/** To a thread. */
export type SharedValueAnswer =
  /** It is to load it, for all. */
  | { readonly kind: 'value-load'; readonly key: string }
  | {
      readonly kind: 'value'
      readonly key: string
      readonly loaded: Loaded | undefined
      readonly failure?: LoadFailure
    }

/** Milliseconds since the epoch. A moment that is still to come lies behind a clock that was set back: nobody waits for it. */
export function isRecent(atMs: number, nowMs: number, withinMs: number): boolean {
  return atMs <= nowMs && nowMs - atMs < withinMs
}
