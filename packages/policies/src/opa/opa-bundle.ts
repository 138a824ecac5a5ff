/** Owns the reading of compiled rules from a file: a Wasm module by itself, or a bundle of OPA (tar, perhaps packed) with its data. */
import { gunzipSync } from 'node:zlib'

export interface CompiledRules {
  /** A Wasm module. */
  readonly wasm: Uint8Array<ArrayBuffer>
  /** JSON, as the bundle has it. */
  readonly data: Uint8Array<ArrayBuffer> | undefined
}

/** Unpacked; larger ones would be held by each thread. */
const MOST_BYTES = 64 * 1024 * 1024

/** WebAssembly Core §5.5.16. */
const WASM_MAGIC = Buffer.from('\0asm')
/** RFC 1952 §2.3.1. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** @throws Error with what is wrong */
export function parseRules(bytes: Uint8Array): CompiledRules {
  // A copy: what all threads share may not be given to the decoder of Wasm.
  const own = Buffer.from(Uint8Array.from(bytes).buffer)
  if (startsWith(own, WASM_MAGIC)) return { wasm: new Uint8Array(own), data: undefined }
  const files = readTar(startsWith(own, GZIP_MAGIC) ? unpack(own) : own)
  const wasm = files.get('policy.wasm')
  if (wasm === undefined || !startsWith(wasm, WASM_MAGIC)) {
    throw new Error('it holds no policy.wasm: make it with `opa build -t wasm -e <entrypoint>`')
  }
  const data = files.get('data.json')
  return { wasm: Uint8Array.from(wasm), data: data && Uint8Array.from(data) }
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic)
}

function unpack(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (cause) {
    throw new Error(`it cannot be unpacked, or has more than ${MOST_BYTES / 1024 / 1024} MiB`, { cause })
  }
}

const BLOCK_BYTES = 512
const REGULAR_FILES = new Set(['0', '\0'])

/** POSIX.1-1988 (ustar): blocks of 512 octets, a head and then the content of each file. Others than regular files are passed over. */
function readTar(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  let at = 0
  while (at + BLOCK_BYTES <= bytes.length && bytes[at] !== 0) {
    const head = bytes.subarray(at, at + BLOCK_BYTES)
    if (head.toString('latin1', 257, 262) !== 'ustar') break
    const size = Number.parseInt(head.toString('latin1', 124, 136), 8)
    const start = at + BLOCK_BYTES
    if (!(size >= 0) || start + size > bytes.length) throw new Error('it is cut off')
    const name = head
      .toString('utf8', 0, 100)
      .replace(/\0.*$/s, '')
      .replace(/^\.?\//, '')
    if (REGULAR_FILES.has(head.toString('latin1', 156, 157))) files.set(name, bytes.subarray(start, start + size))
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
  if (files.size === 0) throw new Error('it is neither a Wasm module nor a bundle of OPA')
  return files
}
