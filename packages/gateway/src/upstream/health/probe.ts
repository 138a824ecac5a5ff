/** Owns one probe: a GET on a connection of its own, and what came of it. It never rejects. */
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { UpstreamProtocol } from '@gatewright/model'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { HeadParser } from '../../http1/head-parser.ts'
import { Refusal } from '../../http1/refusal.ts'
import { ResponseHead } from '../../http1/response-head.ts'
import type { TargetTls, Way } from '../tls/target-tls.ts'
import { askInHttp2 } from './http2-probe.ts'

export interface ProbeRequest {
  /** Of the target; its path does not count: `path` is asked for as it is written. */
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Of an `https` target. */
  readonly tls?: TargetTls
  /** HTTP/1.1 if absent. */
  readonly protocol?: UpstreamProtocol
  /** Which addresses may be connected to; any, if absent. */
  readonly guard?: EgressGuard
}

/** `fault`: why there was no answer. */
export type ProbeResult = { readonly status: number } | { readonly fault: string }

export type Probe = (request: ProbeRequest) => Promise<ProbeResult>

const LIMITS = { firstLineBytes: 8192, headerBytes: 65_536, headerFields: 256 }
/** RFC 9113 §8.2.2; and the host is the authority. */
const OF_CONNECTION = ['host', 'connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']

const USER_AGENT = 'gatewright-health'
/** What is still read of a body, so that a server is not reset in the middle of a short answer. */
const MOST_BODY_BYTES = 65_536

export const probe: Probe = (request) =>
  new Promise((resolve) => {
    const { tls, protocol = 'http1' } = request
    const way = toWay(request)
    const socket = request.guard?.refuse(way.host) ?? (tls === undefined ? connect(way) : tls.connect(way, protocol))
    let isSettled = false
    const timer = setTimeout(() => end({ fault: 'timeout' }), request.timeoutMs)
    const settle = (result: ProbeResult): void => {
      isSettled = true
      resolve(result)
    }
    const end = (result: ProbeResult): void => {
      if (!isSettled) settle(result)
      clearTimeout(timer)
      socket.destroy()
    }
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
      const isHttp2 = tls === undefined ? protocol === 'h2c' : (socket as TLSSocket).alpnProtocol === 'h2'
      if (isHttp2) {
        askInHttp2(socket, toQuestion(request), {
          onStatus: (status) => end({ status }),
          onFault: (fault) => end({ fault }),
        })
      } else if (protocol === 'h2') end({ fault: 'no-http2' })
      else askInHttp1(socket, request, { settle, end })
    })
    socket.on('error', (error: NodeJS.ErrnoException) => end({ fault: error.code ?? error.message }))
    socket.on('close', () => end({ fault: 'closed' }))
  })

interface Verdict {
  /** The connection may end by itself. */
  settle(result: ProbeResult): void
  end(result: ProbeResult): void
}

function askInHttp1(socket: Socket, request: ProbeRequest, { settle, end }: Verdict): void {
  const head = new ResponseHead()
  const parser = new HeadParser(LIMITS, head.scanLine, { skipsEmptyLine: false })
  let isAnswered = false
  let restBytes = 0
  socket.on('data', (chunk: Buffer) => {
    if (isAnswered) {
      restBytes += chunk.length
      if (restBytes > MOST_BODY_BYTES) end({ fault: '' })
      return
    }
    const found = readStatus(chunk, parser, head)
    if (found === undefined) return
    isAnswered = true
    if (found instanceof Refusal) end({ fault: found.reason })
    // RFC 9112 §9.6: the target closes, as it was asked to; until then the time-out goes on.
    else settle({ status: found })
  })
  socket.write(toRequest(request), 'latin1')
}

function toQuestion(request: ProbeRequest): Parameters<typeof askInHttp2>[1] {
  const { protocol, host } = new URL(request.url)
  const headers = new Map([
    ['user-agent', USER_AGENT],
    ['accept', '*/*'],
  ])
  for (const [name, value] of Object.entries(request.headers)) headers.set(name.toLowerCase(), value)
  const authority = headers.get('host') ?? host
  for (const name of OF_CONNECTION) headers.delete(name)
  return { scheme: protocol === 'https:' ? 'https' : 'http', authority, path: request.path, headers }
}

function toWay({ url, guard }: ProbeRequest): Way {
  const { protocol, hostname, port } = new URL(url)
  const ownPort = protocol === 'https:' ? 443 : 80
  return {
    ...(guard !== undefined && { lookup: guard.lookup }),
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? ownPort : Number(port),
    noDelay: true,
  }
}

/** The status of the final answer; undefined: more is needed. */
function readStatus(more: Buffer, parser: HeadParser, head: ResponseHead): number | Refusal | undefined {
  let octets = more
  for (;;) {
    const fields = parser.push(octets)
    if (fields === undefined || fields instanceof Refusal) return fields
    if (head.status >= 200 || head.status === 101) return head.status
    // RFC 9110 §15.2: interim answers come before the one that counts.
    octets = octets.subarray(parser.bodyAt)
    parser.reset()
    if (octets.length === 0) return undefined
  }
}

function toRequest({ url, path, headers }: ProbeRequest): string {
  const fields = new Map([
    ['host', `Host: ${new URL(url).host}`],
    ['user-agent', `User-Agent: ${USER_AGENT}`],
    ['accept', 'Accept: */*'],
  ])
  for (const [name, value] of Object.entries(headers)) fields.set(name.toLowerCase(), `${name}: ${value}`)
  fields.set('connection', 'Connection: close')
  return `GET ${path} HTTP/1.1\r\n${[...fields.values()].join('\r\n')}\r\n\r\n`
}
