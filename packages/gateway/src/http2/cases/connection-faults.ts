/** Owns what a client must not send, as raw frames behind the SETTINGS of both sides, and what comes of it: the end of the connection, or of one stream. */
import { ERROR_CODES, FLAGS, FRAME_TYPES, SETTINGS } from '../frame.ts'
import {
  data,
  type Fields,
  frame,
  GET,
  headers,
  literals,
  POST,
  reset,
  settings,
  uint32,
  windowUpdate,
} from '../session-stage.fixture.ts'

export interface FaultCase {
  readonly name: string
  /** RFC 9113 unless it says otherwise. */
  readonly section: string
  readonly send: readonly Buffer[]
  /** The code of the GOAWAY, or of a stream's RST_STREAM. */
  readonly expect: { readonly goaway: number } | { readonly reset: number; readonly streamId?: number }
  /** The first stream is answered before the last of `send` comes. */
  readonly isAnswered?: boolean
}

const { headers: HEADERS, data: DATA, continuation: CONTINUATION, priority: PRIORITY, ping: PING } = FRAME_TYPES
const { settings: SETTINGS_FRAME, rstStream: RST_STREAM, goaway: GOAWAY, windowUpdate: WINDOW_UPDATE } = FRAME_TYPES
const { endHeaders: END_HEADERS, endStream: END_STREAM, padded: PADDED, ack: ACK, priority: WITH_PRIORITY } = FLAGS
const protocol = { goaway: ERROR_CODES.protocolError }
const frameSize = { goaway: ERROR_CODES.frameSizeError }
const flowControl = { goaway: ERROR_CODES.flowControlError }
const closed = { goaway: ERROR_CODES.streamClosed }
const compression = { goaway: ERROR_CODES.compressionError }
const calm = { goaway: ERROR_CODES.enhanceYourCalm }
const malformed = { reset: ERROR_CODES.protocolError }
const streamClosed = { reset: ERROR_CODES.streamClosed }

const block = literals(GET)
const begun = frame(HEADERS, END_STREAM, 1, block)
const open = headers(1, POST, { ends: false })
const whole = headers(1, GET)
const more = literals([['x', 'y']])

function fields(...extra: Fields): Buffer {
  return headers(1, [...GET, ...extra])
}

function without(name: string): Fields {
  return GET.filter(([other]) => other !== name)
}

// biome-ignore format: a table, one row a line
export const CONNECTION_FAULTS: readonly FaultCase[] = [
  { name: 'a frame longer than we take', section: '§4.2', send: [open, data(1, Buffer.alloc(16_385))], expect: frameSize },
  { name: 'a HEADERS frame longer than we take', section: '§4.2', send: [frame(HEADERS, END_HEADERS, 1, Buffer.alloc(16_385))], expect: frameSize },
  { name: 'a header block that is no HPACK', section: '§4.3', send: [frame(HEADERS, END_HEADERS, 1, '\xff\xff\xff\xff\xff\xff')], expect: compression },
  { name: 'an index beyond the table', section: 'RFC 7541 §2.3.3', send: [frame(HEADERS, END_HEADERS, 1, Buffer.concat([block, Buffer.from([0xc6])]))], expect: compression },
  { name: 'a table size update behind a field', section: 'RFC 7541 §4.2', send: [frame(HEADERS, END_HEADERS, 1, Buffer.concat([block, Buffer.from([0x20])]))], expect: compression },
  { name: 'PRIORITY inside a header block', section: '§4.3', send: [begun, frame(PRIORITY, 0, 1, '\0\0\0\0\x0f')], expect: protocol },
  { name: 'HEADERS of another stream inside a header block', section: '§4.3', send: [begun, headers(3, GET)], expect: protocol },
  { name: 'CONTINUATION of another stream inside a header block', section: '§6.10', send: [begun, frame(CONTINUATION, END_HEADERS, 3, more)], expect: protocol },
  { name: 'an unknown frame inside a header block', section: '§5.5', send: [begun, frame(0x16, 0, 0, 'abc')], expect: protocol },
  { name: 'PING inside a header block', section: '§6.10', send: [begun, frame(PING, 0, 0, 'abcdefgh')], expect: protocol },

  { name: 'DATA on an idle stream', section: '§5.1', send: [data(1, 'x')], expect: protocol },
  { name: 'RST_STREAM on an idle stream', section: '§5.1', send: [reset(1)], expect: protocol },
  { name: 'WINDOW_UPDATE on an idle stream', section: '§5.1', send: [windowUpdate(1, 100)], expect: protocol },
  { name: 'WINDOW_UPDATE on a stream that only we could open', section: '§5.1', send: [windowUpdate(2, 100)], expect: protocol },
  { name: 'CONTINUATION on an idle stream', section: '§5.1', send: [frame(CONTINUATION, END_HEADERS, 1, block)], expect: protocol },
  { name: 'DATA behind END_STREAM', section: '§5.1', send: [whole, data(1, 'x', { ends: true })], expect: streamClosed },
  { name: 'HEADERS behind END_STREAM', section: '§5.1', send: [whole, whole], expect: streamClosed },
  { name: 'CONTINUATION behind a whole block', section: '§6.10', send: [whole, frame(CONTINUATION, END_HEADERS, 1, more)], expect: protocol },
  { name: 'CONTINUATION behind the last CONTINUATION', section: '§6.10', send: [begun, frame(CONTINUATION, END_HEADERS, 1, more), frame(CONTINUATION, END_HEADERS, 1, more)], expect: protocol },
  { name: 'CONTINUATION behind DATA', section: '§6.10', send: [open, data(1, 'x'), frame(CONTINUATION, END_HEADERS, 1, more)], expect: protocol },
  { name: 'CONTINUATION without a stream', section: '§6.10', send: [begun, frame(CONTINUATION, END_HEADERS, 0, more)], expect: protocol },
  { name: 'DATA behind the client\'s own reset', section: '§5.1', send: [open, reset(1), data(1, 'x')], expect: streamClosed },
  { name: 'HEADERS behind the client\'s own reset', section: '§5.1', send: [open, reset(1), whole], expect: streamClosed },
  { name: 'DATA on a stream that both sides ended', section: '§5.1', send: [whole, data(1, 'x')], isAnswered: true, expect: closed },
  { name: 'HEADERS on a stream that both sides ended', section: '§5.1', send: [whole, whole], isAnswered: true, expect: closed },
  { name: 'an even stream', section: '§5.1.1', send: [headers(2, GET)], expect: protocol },
  { name: 'a stream below one that was opened', section: '§5.1.1', send: [headers(5, GET), headers(3, GET)], expect: protocol },
  { name: 'HEADERS that depend on themselves', section: 'RFC 7540 §5.3.1', send: [frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1, Buffer.concat([uint32(1), Buffer.from([0]), block]))], expect: malformed },
  { name: 'PRIORITY that depends on itself', section: 'RFC 7540 §5.3.1', send: [open, frame(PRIORITY, 0, 1, Buffer.concat([uint32(1), Buffer.from([0])]))], expect: malformed },

  { name: 'DATA without a stream', section: '§6.1', send: [data(0, 'x')], expect: protocol },
  { name: 'DATA with more padding than payload', section: '§6.1', send: [open, frame(DATA, PADDED, 1, '\x05abcd')], expect: protocol },
  { name: 'padded DATA without the length of its padding', section: '§6.1', send: [open, frame(DATA, PADDED, 1)], expect: frameSize },
  { name: 'HEADERS without a stream', section: '§6.2', send: [headers(0, GET)], expect: protocol },
  { name: 'HEADERS with more padding than payload', section: '§6.2', send: [frame(HEADERS, END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([200]), Buffer.from('ab')]))], expect: protocol },
  { name: 'padded HEADERS without the length of their padding', section: '§6.2', send: [frame(HEADERS, END_HEADERS | PADDED, 1)], expect: frameSize },
  { name: 'HEADERS too short for their priority', section: '§6.2', send: [frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, 'abcd')], expect: frameSize },
  { name: 'PRIORITY without a stream', section: '§6.3', send: [frame(PRIORITY, 0, 0, '\0\0\0\0\x0f')], expect: protocol },
  { name: 'PRIORITY of another length', section: '§6.3', send: [open, frame(PRIORITY, 0, 1, '\0\0\0')], expect: { reset: ERROR_CODES.frameSizeError } },
  { name: 'RST_STREAM without a stream', section: '§6.4', send: [reset(0)], expect: protocol },
  { name: 'RST_STREAM of another length', section: '§6.4', send: [open, frame(RST_STREAM, 0, 1, 'abc')], expect: frameSize },
  { name: 'an acknowledgement with settings', section: '§6.5', send: [frame(SETTINGS_FRAME, ACK, 0, 'abcdef')], expect: frameSize },
  { name: 'an acknowledgement of nothing', section: '§6.5.3', send: [frame(SETTINGS_FRAME, ACK, 0)], expect: protocol },
  { name: 'SETTINGS on a stream', section: '§6.5', send: [frame(SETTINGS_FRAME, 0, 1)], expect: protocol },
  { name: 'SETTINGS of another length', section: '§6.5', send: [frame(SETTINGS_FRAME, 0, 0, 'abc')], expect: frameSize },
  { name: 'ENABLE_PUSH of 2', section: '§6.5.2', send: [settings([SETTINGS.enablePush, 2])], expect: protocol },
  { name: 'a window above the largest', section: '§6.5.2', send: [settings([SETTINGS.initialWindowSize, 0x8000_0000])], expect: flowControl },
  { name: 'a frame size below the least', section: '§6.5.2', send: [settings([SETTINGS.maxFrameSize, 16_383])], expect: protocol },
  { name: 'a frame size above the largest', section: '§6.5.2', send: [settings([SETTINGS.maxFrameSize, 16_777_216])], expect: protocol },
  { name: 'ENABLE_CONNECT_PROTOCOL of 2', section: 'RFC 8441 §3', send: [settings([SETTINGS.enableConnectProtocol, 2])], expect: protocol },
  { name: 'ENABLE_CONNECT_PROTOCOL taken back', section: 'RFC 8441 §3', send: [settings([SETTINGS.enableConnectProtocol, 1]), settings([SETTINGS.enableConnectProtocol, 0])], expect: protocol },
  { name: 'PUSH_PROMISE', section: '§8.4', send: [open, frame(FRAME_TYPES.pushPromise, END_HEADERS, 1, Buffer.concat([uint32(2), block]))], expect: protocol },
  { name: 'PING on a stream', section: '§6.7', send: [frame(PING, 0, 1, 'abcdefgh')], expect: protocol },
  { name: 'PING of another length', section: '§6.7', send: [frame(PING, 0, 0, 'abcdef')], expect: frameSize },
  { name: 'GOAWAY on a stream', section: '§6.8', send: [frame(GOAWAY, 0, 1, uint32(0, 0))], expect: protocol },
  { name: 'GOAWAY without a code', section: '§6.8', send: [frame(GOAWAY, 0, 0, uint32(0))], expect: frameSize },
  { name: 'WINDOW_UPDATE by nothing', section: '§6.9', send: [windowUpdate(0, 0)], expect: protocol },
  { name: 'WINDOW_UPDATE of a stream by nothing', section: '§6.9', send: [open, windowUpdate(1, 0)], expect: malformed },
  { name: 'WINDOW_UPDATE of another length', section: '§6.9', send: [frame(WINDOW_UPDATE, 0, 0, 'abc')], expect: frameSize },
  { name: 'a connection window above the largest', section: '§6.9.1', send: [windowUpdate(0, 0x7fff_ffff), windowUpdate(0, 0x7fff_ffff)], expect: flowControl },
  { name: 'a stream window above the largest', section: '§6.9.1', send: [open, windowUpdate(1, 0x7fff_ffff), windowUpdate(1, 0x7fff_ffff)], expect: { reset: ERROR_CODES.flowControlError } },
  { name: 'settings that move a stream window above the largest', section: '§6.9.2', send: [open, windowUpdate(1, 0x7fff_0000), settings([SETTINGS.initialWindowSize, 0x7fff_ffff])], expect: flowControl },
  { name: 'nine CONTINUATION frames', section: '§10.5', send: [begun, ...Array.from({ length: 9 }, () => frame(CONTINUATION, 0, 1, more))], expect: calm },
  { name: 'a list four times as long as we take', section: '§10.5.1', send: [frame(HEADERS, END_HEADERS, 1, toBomb())], expect: calm },

  { name: 'a second block that does not end the stream', section: '§8.1', send: [open, headers(1, [['x', 'y']], { ends: false })], expect: malformed },
  { name: 'a pseudo-field in trailers', section: '§8.1', send: [open, headers(1, [[':method', 'GET']])], expect: malformed },
  { name: 'a body longer than its length', section: '§8.1.1', send: [headers(1, [...POST, ['content-length', '1']], { ends: false }), data(1, 'xy', { ends: true })], expect: malformed },
  { name: 'a body shorter than its length', section: '§8.1.1', send: [headers(1, [...POST, ['content-length', '3']], { ends: false }), data(1, 'x'), data(1, 'x', { ends: true })], expect: malformed },
  { name: 'a length without a body', section: '§8.1.1', send: [headers(1, [...POST, ['content-length', '3']])], expect: malformed },
  { name: 'a body shorter than its length, before trailers', section: '§8.1.1', send: [headers(1, [...POST, ['content-length', '3']], { ends: false }), data(1, 'x'), headers(1, [['x', 'y']])], expect: malformed },
  { name: 'a name in upper case', section: '§8.2.1', send: [fields(['X-Test', 'y'])], expect: malformed },
  { name: 'an empty name', section: '§8.2.1', send: [fields(['', 'y'])], expect: malformed },
  { name: 'a space in a name', section: '§8.2.1', send: [fields(['x y', 'y'])], expect: malformed },
  { name: 'a line end in a value', section: '§8.2.1', send: [fields(['x', 'y\r\nz: a'])], expect: malformed },
  { name: 'NUL in a value', section: '§8.2.1', send: [fields(['x', 'y\0'])], expect: malformed },
  { name: 'a space before a value', section: '§8.2.1', send: [fields(['x', ' y'])], expect: malformed },
  { name: 'a space behind a value', section: '§8.2.1', send: [fields(['x', 'y '])], expect: malformed },
  { name: 'Connection', section: '§8.2.2', send: [fields(['connection', 'close'])], expect: malformed },
  { name: 'Keep-Alive', section: '§8.2.2', send: [fields(['keep-alive', 'timeout=5'])], expect: malformed },
  { name: 'Proxy-Connection', section: '§8.2.2', send: [fields(['proxy-connection', 'close'])], expect: malformed },
  { name: 'Transfer-Encoding', section: '§8.2.2', send: [fields(['transfer-encoding', 'chunked'])], expect: malformed },
  { name: 'Upgrade', section: '§8.2.2', send: [fields(['upgrade', 'websocket'])], expect: malformed },
  { name: 'TE that is not trailers', section: '§8.2.2', send: [fields(['te', 'trailers, deflate'])], expect: malformed },
  { name: 'an unknown pseudo-field', section: '§8.3', send: [headers(1, [...GET, [':test', 'y']])], expect: malformed },
  { name: 'a pseudo-field of an answer', section: '§8.3', send: [headers(1, [...GET, [':status', '200']])], expect: malformed },
  { name: 'a pseudo-field behind a field', section: '§8.3', send: [headers(1, [...without(':path'), ['x', 'y'], [':path', '/']])], expect: malformed },
  { name: 'a method twice', section: '§8.3.1', send: [headers(1, [[':method', 'GET'], ...GET])], expect: malformed },
  { name: 'a scheme twice', section: '§8.3.1', send: [headers(1, [[':scheme', 'http'], ...GET])], expect: malformed },
  { name: 'a path twice', section: '§8.3.1', send: [headers(1, [[':path', '/'], ...GET])], expect: malformed },
  { name: 'an authority twice', section: '§8.3.1', send: [headers(1, [[':authority', 'a.test'], ...GET])], expect: malformed },
  { name: 'no method', section: '§8.3.1', send: [headers(1, without(':method'))], expect: malformed },
  { name: 'no scheme', section: '§8.3.1', send: [headers(1, without(':scheme'))], expect: malformed },
  { name: 'no path', section: '§8.3.1', send: [headers(1, without(':path'))], expect: malformed },
  { name: 'neither authority nor host', section: '§8.3.1', send: [headers(1, without(':authority'))], expect: malformed },
  { name: 'an empty method', section: '§8.3.1', send: [headers(1, [[':method', ''], ...without(':method')])], expect: malformed },
  { name: 'a method that is no token', section: '§8.3.1', send: [headers(1, [[':method', 'G ET'], ...without(':method')])], expect: malformed },
  { name: 'a scheme that is none', section: '§8.3.1', send: [headers(1, [[':scheme', 'http://x/'], ...without(':scheme')])], expect: malformed },
  { name: 'an empty path', section: '§8.3.1', send: [headers(1, [[':path', ''], ...without(':path')])], expect: malformed },
  { name: 'a path without a slash', section: '§8.3.1', send: [headers(1, [[':path', 'x'], ...without(':path')])], expect: malformed },
  { name: 'a space in a path', section: 'RFC 9112 §3.2', send: [headers(1, [[':path', '/ HTTP/1.1'], ...without(':path')])], expect: malformed },
  { name: 'the asterisk without OPTIONS', section: '§8.3.1', send: [headers(1, [[':path', '*'], ...without(':path')])], expect: malformed },
  { name: 'a user in the authority', section: '§8.3.1', send: [headers(1, [[':authority', 'me@a.test'], ...without(':authority')])], expect: malformed },
  { name: 'an empty authority', section: '§8.3.1', send: [headers(1, [[':authority', ''], ...without(':authority')])], expect: malformed },
  { name: 'a Host of another place', section: '§8.3.1', send: [fields(['host', 'b.test'])], expect: malformed },
  { name: 'Host twice', section: 'RFC 9112 §3.2', send: [fields(['host', 'a.test'], ['host', 'a.test'])], expect: malformed },
  { name: 'CONNECT with a path', section: '§8.5', send: [headers(1, [[':method', 'CONNECT'], ...without(':method')], { ends: false })], expect: malformed },
  { name: 'CONNECT without an authority', section: '§8.5', send: [headers(1, [[':method', 'CONNECT']], { ends: false })], expect: malformed },
  { name: 'a protocol that was not offered', section: 'RFC 8441 §4', send: [headers(1, [[':method', 'CONNECT'], [':protocol', 'websocket'], ...without(':method')], { ends: false })], expect: malformed },
  { name: 'a length that is no number', section: 'RFC 9110 §8.6', send: [fields(['content-length', '+1'])], expect: malformed },
  { name: 'a length twice', section: 'RFC 9110 §8.6', send: [headers(1, [...POST, ['content-length', '1'], ['content-length', '1']], { ends: false })], expect: malformed },
]

/** One large entry of the table, named again and again: a few kilobytes that mean more than 256. */
function toBomb(): Buffer {
  const entry = Buffer.concat([Buffer.from([0x40]), literals([['x', 'y'.repeat(3000)]]).subarray(1)])
  return Buffer.concat([entry, Buffer.alloc(200, 0xbe)])
}
