/** Owns the words of structured fields (RFC 9651 §3): what a value of one is once it is read. */

/** Types are told apart, because `1`, `1.0` and `@1` are written differently. */
export type BareItem =
  /** Up to 15 digits: exact as a number. */
  | { readonly type: 'integer'; readonly value: number }
  /** Up to 12 digits, and 3 behind the point. */
  | { readonly type: 'decimal'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Seconds since the epoch. */
  | { readonly type: 'date'; readonly value: number }
  | { readonly type: 'display-string'; readonly value: string }

/** In the order in which they came. */
export type Parameters = ReadonlyMap<string, BareItem>

export interface Item {
  readonly bare: BareItem
  readonly parameters: Parameters
}

export interface InnerList {
  readonly items: readonly Item[]
  readonly parameters: Parameters
}

export type Member = Item | InnerList

export type List = readonly Member[]

export type Dictionary = ReadonlyMap<string, Member>

export function isInnerList(member: Member): member is InnerList {
  return 'items' in member
}

/** RFC 9651 §3.1.2: what names of parameters and of members of a dictionary look like. */
export const KEY = /^[a-z*][a-z0-9_\-.*]*$/
