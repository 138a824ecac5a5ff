/** Owns what is said between the main thread and the thread of a control plane. */
import type { Publication } from '../publish/read-publication.ts'
import type { Taken } from '../publish/rollout.ts'

/** What the gateway of this process is to run: the file as its text. */
export interface PublishedText extends Pick<Publication, 'sequence' | 'documents'> {
  readonly text: string
}

export type FromControl =
  | { readonly kind: 'publication'; readonly publication: PublishedText }
  /** Its port answers. `setUpSecret`: nobody has an account yet; who has this makes the first. */
  | {
      readonly kind: 'opened'
      readonly host: string
      readonly port: number
      readonly isTls: boolean
      readonly setUpSecret: string | undefined
    }
  /** It does not open; `isLasting`: nor will it by waiting. */
  | { readonly kind: 'refused'; readonly why: string; readonly isLasting: boolean }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts: Readonly<Record<string, unknown>> | undefined
    }

export type ToControl =
  | { readonly kind: 'taken'; readonly sequence: number; readonly taken: Taken }
  | { readonly kind: 'close' }
