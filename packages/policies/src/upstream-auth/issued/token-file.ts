/** Owns files with a token that says who the gateway is, written by somebody else and replaced while it runs: Kubernetes does so. */
import type { PolicyFile } from '../../policy.ts'
import type { OpenFile } from '../../services.ts'

const MOST_BYTES = 16 * 1024
/** It goes into a form or a field as it is. */
const TOKEN = /^[\x21-\x7e]+$/

/** `at`: where in the options its path stands. */
export function toTokenFile(path: string, at: PolicyFile['at']): PolicyFile {
  return {
    path,
    at,
    check: (bytes) => {
      parseTokenFile(bytes)
    },
  }
}

/** As it is now. */
export function readTokenFile({ content }: OpenFile): string {
  return parseTokenFile(content.bytes)
}

/** @throws Error that says what is wrong with it, and nothing of what it is */
function parseTokenFile(bytes: Uint8Array): string {
  if (bytes.length > MOST_BYTES)
    throw new Error(`a token has ${MOST_BYTES} bytes at most, and this has ${bytes.length}`)
  const text = Buffer.from(bytes).toString('latin1').trim()
  if (!TOKEN.test(text)) {
    throw new Error('this is no token: it has to be one line of printable ASCII without spaces; look at what writes it')
  }
  return text
}
