/** Owns the PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): who a trusted load balancer speaks for. */
import { isIP, type Socket } from 'node:net'

export interface ProxyHeader {
  /** undefined: the balancer speaks for itself (`LOCAL`, `UNKNOWN`), a health check say. */
  readonly peer: { readonly address: string; readonly port: number } | undefined
  /** What came behind the header. */
  readonly rest: Buffer
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** §2.1: the longest version 1 line, CRLF included. */
const MOST_LINE_BYTES = 107
const V2_HEAD_BYTES = 16
/** §2.2 allows 64 KiB of extensions; nobody sends more than certificates' names. */
const MOST_V2_BYTES = 4096

/** Reads the header off a fresh socket and takes its listeners off again; undefined: there is no valid one. */
export function readProxyHeader(
  socket: Socket,
  { timeoutMs }: { readonly timeoutMs: number },
  done: (header: ProxyHeader | undefined) => void,
): void {
  let received: Buffer = Buffer.alloc(0)
  const finish = (header: ProxyHeader | undefined): void => {
    clearTimeout(timer)
    for (const event of ['data', 'end', 'error', 'close']) socket.removeAllListeners(event)
    done(header)
  }
  const timer = setTimeout(() => finish(undefined), timeoutMs)
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const header = parseProxyHeader(received)
    if (header !== 'incomplete') finish(header)
  })
  for (const event of ['end', 'error', 'close']) socket.on(event, () => finish(undefined))
}

/** `incomplete`: more bytes are needed; undefined: it is none. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'incomplete' | undefined {
  const seen = Math.min(bytes.length, SIGNATURE.length)
  if (bytes.subarray(0, seen).equals(SIGNATURE.subarray(0, seen))) {
    return bytes.length < V2_HEAD_BYTES ? 'incomplete' : parseVersion2(bytes)
  }
  return parseVersion1(bytes)
}

/** §2.1: `PROXY TCP4 source destination sourcePort destinationPort CRLF`. */
function parseVersion1(bytes: Buffer): ProxyHeader | 'incomplete' | undefined {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, MOST_LINE_BYTES))
  const end = text.indexOf('\r\n')
  if (end < 0) return text.length < MOST_LINE_BYTES && 'PROXY '.startsWith(text.slice(0, 6)) ? 'incomplete' : undefined
  const [magic, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = text
    .slice(0, end)
    .split(' ')
  const rest = bytes.subarray(end + 2)
  if (magic !== 'PROXY') return undefined
  if (family === 'UNKNOWN') return { peer: undefined, rest }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : -1
  if (more.length > 0 || isIP(source) !== version || isIP(destination) !== version) return undefined
  if (!isPort(sourcePort) || !isPort(destinationPort)) return undefined
  // `fe80::1%eth0` is an address to Node, and means nothing on another machine.
  if (source.includes('%')) return undefined
  return { peer: { address: version === 6 ? toCanonicalIpv6(source) : source, port: Number(sourcePort) }, rest }
}

/** §2.2: signature, version and command, family and protocol, length, addresses, extensions. */
function parseVersion2(bytes: Buffer): ProxyHeader | 'incomplete' | undefined {
  const versionAndCommand = bytes[12] ?? 0
  const family = bytes[13] ?? 0
  const length = bytes.readUInt16BE(14)
  if (length > MOST_V2_BYTES || versionAndCommand >> 4 !== 2) return undefined
  const end = V2_HEAD_BYTES + length
  if (bytes.length < end) return 'incomplete'
  const rest = bytes.subarray(end)
  const command = versionAndCommand & 0x0f
  if (command === 0) return { peer: undefined, rest }
  if (command !== 1) return undefined
  const address = bytes.subarray(V2_HEAD_BYTES, end)
  switch (family) {
    case 0x11:
      if (length < 12) return undefined
      return { peer: { address: address.subarray(0, 4).join('.'), port: address.readUInt16BE(8) }, rest }
    case 0x21:
      if (length < 36) return undefined
      return { peer: { address: toIpv6(address.subarray(0, 16)), port: address.readUInt16BE(32) }, rest }
    default:
      // Unspecified, datagrams, UNIX sockets: no address that we could believe.
      return { peer: undefined, rest }
  }
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function toIpv6(octets: Uint8Array): string {
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push((((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0)).toString(16))
  return toCanonicalIpv6(groups.join(':'))
}

/** One client, one address: the form of RFC 5952, which the URL parser gives, and IPv4 for what is mapped. */
function toCanonicalIpv6(address: string): string {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical)
  if (mapped === null) return canonical
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
