/** Owns credentials of several parts that somebody else issues: they travel between threads as one text, which is read once. */
import type { MaybePromise } from '../../maybe-promise.ts'
import type { UpstreamAuthServices } from '../upstream-credential.ts'
import { FetchedToken } from './fetched-token.ts'

export interface IssuedParts {
  /** By name; plain texts, secrets among them. */
  readonly parts: Readonly<Record<string, string>>
  /** Milliseconds since the epoch; undefined: nobody says. */
  readonly endsAtMs: number | undefined
}

export interface PartsSpec<Value> {
  readonly source: string
  readonly depends: readonly unknown[]
  /** @throws CallFault */
  issue(): Promise<IssuedParts>
  /** Of what `issue` gave, on whatever thread. */
  read(parts: Readonly<Record<string, string>>): Value
}

export interface FetchedValue<Value> {
  /** @rejects Problem upstream-credential-unavailable */
  get(): MaybePromise<Value>
  doubt(): void
}

export function createFetchedValue<Value>(
  { source, depends, issue, read }: PartsSpec<Value>,
  services: UpstreamAuthServices,
): FetchedValue<Value> {
  const token = new FetchedToken(
    {
      ...{ source, depends },
      async issue() {
        const { parts, endsAtMs } = await issue()
        return { token: JSON.stringify(parts), endsAtMs }
      },
    },
    services,
  )
  let last: { readonly text: string; readonly value: Value } | undefined
  const toValue = (text: string): Value => {
    if (last?.text !== text) last = { text, value: read(JSON.parse(text) as Readonly<Record<string, string>>) }
    return last.value
  }
  return {
    get() {
      const known = token.get()
      return typeof known === 'string' ? toValue(known) : known.then(toValue)
    },
    doubt: () => token.doubt(),
  }
}
