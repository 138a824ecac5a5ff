/** Owns one message to a name server and its answer: by UDP, and by TCP where that is too small or lost. */
import { createSocket } from 'node:dgram'
import { connect, isIP } from 'node:net'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { DnsFault } from './dns-message.ts'

export interface Asking {
  readonly signal: AbortSignal
  /** Which addresses may be asked. */
  readonly guard: EgressGuard
}

export interface NameServer {
  readonly host: string
  readonly port: number
}

/** RFC 1035 §4.2.1: more does not fit into UDP. */
const MOST_UDP_OCTETS = 512
/** Each is waited for so long: what answers at all does within a fraction of it. */
const UDP_TRIES_MS = [2000, 4000]
const TCP_MS = 10_000

/** `host`, `host:port`, `[address]:port`. @throws DnsFault */
export function parseServer(text: string): NameServer {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const host = isIP(text) === 6 ? text : (found?.[1] ?? found?.[2])
  if (host === undefined) throw new DnsFault(`"${text}" is no name server: write host:port`)
  return { host, port: Number(found?.[3] ?? 53) }
}

/** The octets of the answer; whether they are one is for the caller to say. @throws DnsFault nobody answers */
export async function exchangeMessage(message: Buffer, server: NameServer, { signal, guard }: Asking): Promise<Buffer> {
  const address = await guard.getAddress(server.host).catch((error: Error) => {
    throw new DnsFault(`the name server ${server.host} cannot be asked: ${error.message}`)
  })
  const place = { host: address, port: server.port }
  if (message.length <= MOST_UDP_OCTETS) {
    for (const waitMs of UDP_TRIES_MS) {
      const answer = await askByUdp(message, place, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]))
      signal.throwIfAborted()
      if (answer === undefined) continue
      // RFC 1035 §4.2.1: the flag TC says that it did not fit.
      if ((answer.readUInt8(2) & 0x02) !== 0) break
      return answer
    }
  }
  const answer = await askByTcp(message, place, AbortSignal.any([signal, AbortSignal.timeout(TCP_MS)]))
  signal.throwIfAborted()
  if (answer instanceof Buffer) return answer
  throw new DnsFault(`the name server ${server.host}:${server.port} does not answer (${answer})`)
}

/** undefined: nothing came in time. */
function askByUdp(message: Buffer, { host, port }: NameServer, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
    let isOver = false
    const end = (answer: Buffer | undefined): void => {
      if (isOver) return
      isOver = true
      signal.removeEventListener('abort', onAbort)
      socket.close()
      resolve(answer)
    }
    const onAbort = (): void => end(undefined)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) return end(undefined)
    // A port that nobody listens on answers by ICMP, and only to who is connected.
    socket.on('error', onAbort)
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === message.readUInt16BE(0)) end(answer)
    })
    socket.connect(port, host, () => {
      if (!isOver) socket.send(message)
    })
  })
}

/** A text: why there is none. */
function askByTcp(message: Buffer, { host, port }: NameServer, signal: AbortSignal): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let came = Buffer.alloc(0)
    const end = (answer: Buffer | string): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(answer)
    }
    const onAbort = (): void => end('timeout')
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) return end('timeout')
    // RFC 1035 §4.2.2: its length goes before a message.
    const length = Buffer.alloc(2)
    length.writeUInt16BE(message.length)
    socket.on('connect', () => socket.write(Buffer.concat([length, message])))
    socket.on('data', (chunk: Buffer) => {
      came = Buffer.concat([came, chunk])
      if (came.length < 2 || came.length < 2 + came.readUInt16BE(0)) return
      end(came.subarray(2, 2 + came.readUInt16BE(0)))
    })
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    socket.on('close', () => end('closed'))
  })
}
