/** Owns a probe over HTTP/2: one stream, on a connection of its own. */
import type { Socket } from 'node:net'
import { Http2Session } from '../../http2/http2-session.ts'
import { HTTP2_DEFAULTS } from '../../http2/session-settings.ts'

interface Question {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

interface Told {
  /** Of the final answer. */
  onStatus(status: number): void
  onFault(reason: string): void
}

/** Asks by GET; what is left of the answer nobody reads. */
export function askInHttp2(socket: Socket, question: Question, told: Told): void {
  const session = new Http2Session({
    role: 'client',
    owner: {
      onSettings() {},
      onGoaway() {},
      onIdle() {},
      onDown: (_, reason) => told.onFault(reason),
    },
    port: socket,
    now: () => performance.now(),
    settings: HTTP2_DEFAULTS,
  })
  socket.on('data', (chunk: Buffer) => session.read(chunk))
  socket.on('drain', () => session.onDrain())
  socket.on('close', () => session.close('closed'))
  const stream = session.open({
    onHead: ({ status }) => {
      if (status >= 200) told.onStatus(status)
    },
    onData: (chunk) => stream.consumed(chunk.length),
    onEnd() {},
    onWritable() {},
    onReset: ({ reason }) => told.onFault(reason),
  })
  const { scheme, authority, path, headers } = question
  const writer = stream.beginHead().request({ method: 'GET', scheme, authority, path })
  for (const [name, value] of headers) writer.field(name, value)
  stream.sendHead({ endsStream: true })
}
