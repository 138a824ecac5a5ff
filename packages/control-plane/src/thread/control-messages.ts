/** Owns what is said between the main thread and the thread of a control plane. */
import type { CredentialsLine } from '@gatewright/model'
import type { Piece } from '../publish/piece-composer.ts'
import type { Taken } from '../publish/rollout.ts'

/** A file, and what it names. */
export interface PublishedFile extends Pick<Piece, 'name' | 'text' | 'documents'> {
  /** What `${secret:NAME}` stands for in it. */
  readonly secrets: ReadonlyMap<string, string>
}

/** What became of what the gateway of this process is to run. */
export interface PublishedChange {
  /** Of the newest change that it holds. */
  readonly sequence: number
  /** Files that are new, or say something else. */
  readonly changed: readonly PublishedFile[]
  /** Names of files that are no more. */
  readonly gone: readonly string[]
  /** Those that the changed files name. Name → content. */
  readonly documents: ReadonlyMap<string, string>
}

export type FromControl =
  | { readonly kind: 'publication'; readonly publication: PublishedChange }
  /** Of apps and keys; the next one comes when it was answered. */
  | { readonly kind: 'credentials'; readonly line: CredentialsLine }
  /** Its port answers. `setUpSecret`: nobody has an account yet; who has this makes the first. */
  | {
      readonly kind: 'opened'
      readonly host: string
      readonly port: number
      readonly isTls: boolean
      readonly origin: string | undefined
      readonly setUpSecret: string | undefined
    }
  /** It does not open: its port cannot be had, or its store cannot be opened. */
  | { readonly kind: 'refused'; readonly why: string; readonly reason: 'port' | 'store' }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts: Readonly<Record<string, unknown>> | undefined
    }

export type ToControl =
  | { readonly kind: 'taken'; readonly sequence: number; readonly taken: Taken }
  /** `fault`: it makes no sense there. */
  | { readonly kind: 'acquainted'; readonly fault: string | undefined }
  | { readonly kind: 'close' }
