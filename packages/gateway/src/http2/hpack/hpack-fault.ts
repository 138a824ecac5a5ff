/** Owns why a field block cannot be decoded: each is a connection error of type COMPRESSION_ERROR (RFC 9113 §4.3). */

export interface HpackFault {
  /** A word for the record. */
  readonly reason: string
  /** A sentence for the peer. */
  readonly detail: string
}

export const HPACK_FAULTS = {
  integer: {
    reason: 'hpack-integer',
    detail: 'A number of a field block does not end, or is larger than this gateway accepts.',
  },
  string: { reason: 'hpack-string', detail: 'A string of a field block is longer than the block.' },
  huffman: {
    reason: 'hpack-huffman',
    detail: 'A string of a field block is not Huffman code with a padding of fewer than eight ones.',
  },
  index: { reason: 'hpack-index', detail: 'A field block names a table entry that does not exist.' },
  sizeUpdate: {
    reason: 'hpack-size-update',
    detail: 'A field block changes the table where it may not, more than twice, or above what was agreed.',
  },
  sizeUpdateMissing: {
    reason: 'hpack-size-update-missing',
    detail: 'A field block does not begin with the smaller table that was agreed.',
  },
} as const satisfies Record<string, HpackFault>
