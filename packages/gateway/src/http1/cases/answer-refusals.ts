/** Owns the answers of upstreams that are refused, and those that look odd and are accepted. */
import type { AcceptedAnswer, AnswerRefusal } from './wire-case.ts'

// biome-ignore format: a table, one row a line
const STATUS_LINE: readonly AnswerRefusal[] = [
  { name: 'lines end with LF only', section: '§2.2', send: 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', afterwards: 'close', expect: 502 },
  { name: 'the status line ends with CR only', section: '§2.2', send: 'HTTP/1.1 200 OK\rContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'an empty line before the status line', section: '§2.2', send: '\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a space before the status line', section: '§4', send: ' HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'two spaces before the status', section: '§4', send: 'HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a tab before the status', section: '§4', send: 'HTTP/1.1\t200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a tab after the status', section: '§4', send: 'HTTP/1.1 200\tOK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a status of two digits', section: '§4', send: 'HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a status of four digits', section: '§4', send: 'HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a status of letters', section: '§4', send: 'HTTP/1.1 abc OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a signed status', section: '§4', send: 'HTTP/1.1 -20 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'the status 099', section: 'RFC 9110 §15', send: 'HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'the status 600', section: 'RFC 9110 §15', send: 'HTTP/1.1 600 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'no status', section: '§4', send: 'HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'no version', section: '§4', send: '200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a version in lower case', section: '§2.3', send: 'http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'HTTP/2', section: '§2.3', send: 'HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'HTTP/1.2', section: '§2.3', send: 'HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'HTTP/1.10', section: '§2.3', send: 'HTTP/1.10 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'ICY', section: '§2.3', send: 'ICY 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'HTTP/0.9', section: 'RFC 1945 §6', send: '<html>hello</html>', afterwards: 'close', expect: 502 },
  { name: 'a control character in the phrase', section: '§4', send: 'HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'NUL in the phrase', section: '§4', send: 'HTTP/1.1 200 O\x00K\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a bare CR in the phrase', section: '§2.2', send: 'HTTP/1.1 200 O\rK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'the greeting of SSH', section: 'RFC 4253 §4.2', send: 'SSH-2.0-OpenSSH_9.2\r\n', afterwards: 'wait', expect: 502 },
  { name: 'an alert of TLS', section: 'RFC 8446 §6', send: '\x15\x03\x01\x00\x02\x02\x46', afterwards: 'close', expect: 502 },
  { name: 'a status line without an end', section: '§4', send: `HTTP/1.1 200 ${'a'.repeat(70_000)}`, afterwards: 'wait', expect: 502 },
]

// biome-ignore format: a table, one row a line
const FIELDS: readonly AnswerRefusal[] = [
  { name: 'a space before the colon', section: '§5.1', send: 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a space before the first field', section: '§2.2', send: 'HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a folded line', section: '§5.2', send: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a line without a colon', section: '§5', send: 'HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'an empty name', section: '§5', send: 'HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a space in a name', section: 'RFC 9110 §5.1', send: 'HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'NUL in a value', section: 'RFC 9110 §5.5', send: 'HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a bare CR in a value', section: '§2.2', send: 'HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a bare LF ends a field', section: '§2.2', send: 'HTTP/1.1 200 OK\r\nX-A: 1\nX-B: 2\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a bare LF ends the head', section: '§2.2', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello', afterwards: 'close', expect: 502 },
  { name: 'a head of more than 64 KiB', section: '§5', send: `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\nContent-Length: 5\r\n\r\nhello`, afterwards: 'close', expect: 502 },
  { name: '300 fields', section: '§5', send: `HTTP/1.1 200 OK\r\n${'X-A: 1\r\n'.repeat(300)}Content-Length: 5\r\n\r\nhello`, afterwards: 'close', expect: 502 },
  { name: 'a head without an end', section: '§5', send: `HTTP/1.1 200 OK\r\n${'X-A: 1\r\n'.repeat(10_000)}`, afterwards: 'wait', expect: 502 },
]

// biome-ignore format: a table, one row a line
const FRAMING: readonly AnswerRefusal[] = [
  { name: 'two different lengths', section: '§6.3', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'two equal lengths', section: '§6.3', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a list of lengths', section: '§6.3', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a signed length', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a negative length', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'an empty length', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a length in words', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a length of 2^64 + 5', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'a bad length of HEAD', section: 'RFC 9110 §8.6', send: 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', afterwards: 'wait', method: 'HEAD', expect: 502 },
  { name: 'a length and a coding', section: '§6.1', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'a coding and a length', section: '§6.1', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'the coding gzip', section: '§6.1', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello', afterwards: 'close', expect: 502 },
  { name: 'gzip, then chunked', section: '§6.1', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'chunked, then identity', section: '§6.3', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'chunked in two fields', section: '§6.1', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'a word that begins with chunked', section: '§7', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'chunked on HTTP/1.0', section: '§6.1', send: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'chunked with 204', section: '§6.1', send: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: 'chunked with 103', section: '§6.1', send: 'HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', afterwards: 'close', expect: 502 },
  { name: '101 that nobody asked for', section: 'RFC 9110 §15.2.2', send: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', afterwards: 'wait', expect: 502 },
]

// biome-ignore format: a table, one row a line
const CUT_SHORT: readonly AnswerRefusal[] = [
  { name: 'closes at once', section: '§8', send: '', afterwards: 'close', expect: 502, code: 'upstream-closed' },
  { name: 'resets at once', section: '§8', send: '', afterwards: 'reset', expect: 502, code: 'upstream-closed' },
  { name: 'closes in the status line', section: '§8', send: 'HTTP/1.1 2', afterwards: 'close', expect: 502, code: 'upstream-closed' },
  { name: 'closes in the head', section: '§8', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', afterwards: 'close', expect: 502, code: 'upstream-closed' },
  { name: 'resets in the head', section: '§8', send: 'HTTP/1.1 200 OK\r\nContent-Le', afterwards: 'reset', expect: 502, code: 'upstream-closed' },
  { name: 'closes after 103', section: '§8', send: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', afterwards: 'close', expect: 502, code: 'upstream-closed' },
  { name: 'closes before the body', section: '§8', send: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes in the body', section: '§8', send: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'resets in the body', section: '§8', send: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', afterwards: 'reset', expect: 'aborted', code: 'upstream-closed' },
  { name: 'resets in a body that ends with the connection', section: '§8', send: 'HTTP/1.1 200 OK\r\n\r\nhello', afterwards: 'reset', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes before the first chunk', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes in a chunk size', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes in a chunk', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes between chunks', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes after the last size', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes before the last CR LF', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
  { name: 'closes in a trailer', section: '§8', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n', afterwards: 'close', expect: 'aborted', code: 'upstream-closed' },
]

/** By chapter, in the order of the message. */
export const ANSWER_REFUSALS: Readonly<Record<string, readonly AnswerRefusal[]>> = {
  'status line': STATUS_LINE,
  fields: FIELDS,
  framing: FRAMING,
  'cut short': CUT_SHORT,
}

// biome-ignore format: a table, one row a line
export const ACCEPTED_ANSWERS: readonly AcceptedAnswer[] = [
  { name: 'a length', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'chunks', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'CHUNKED in upper case', send: 'HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'until the connection closes', send: 'HTTP/1.1 200 OK\r\n\r\nhello', afterwards: 'close', status: 200, body: 'hello' },
  { name: 'HTTP/1.0 until the connection closes', send: 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello', afterwards: 'close', status: 200, body: 'hello' },
  { name: 'HTTP/1.0 with a length', send: 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', spoils: true },
  { name: 'no space before an empty phrase', send: 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'an empty phrase', send: 'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'octets above 127 in the phrase', send: 'HTTP/1.1 200 D\xe9j\xe0\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'octets above 127 in a value', send: 'HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', fields: { 'x-a': 'caf\xe9' } },
  { name: 'an empty value', send: 'HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', fields: { 'x-a': '' } },
  { name: 'a status nobody registered', send: 'HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 299, body: 'hello' },
  { name: 'two cookies stay two fields', send: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', fields: { 'set-cookie': 'a=1, b=2' } },
  { name: 'a length of 0', send: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', afterwards: 'wait', status: 200, body: '' },
  { name: '204', send: 'HTTP/1.1 204 No Content\r\n\r\n', afterwards: 'wait', status: 204, body: '' },
  { name: '304 with the length of what is not sent', send: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n', afterwards: 'wait', status: 304, body: '', fields: { etag: '"a"' } },
  { name: 'HEAD with a length', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', afterwards: 'wait', method: 'HEAD', status: 200, body: '', fields: { 'content-length': '5' } },
  { name: 'HEAD with a coding', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', afterwards: 'wait', method: 'HEAD', status: 200, body: '' },
  { name: 'hop-by-hop fields are removed', send: 'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', fields: { 'x-hop': null, 'keep-alive': null, 'proxy-connection': null } },
  { name: 'Connection: close', send: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello', spoils: true },
  { name: '100 before the answer', send: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: '103 before the answer', send: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 200, body: 'hello' },
  { name: 'bytes after the length reach nobody', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', afterwards: 'wait', status: 200, body: 'hello', spoils: true },
  { name: 'bytes after the last chunk reach nobody', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', afterwards: 'wait', status: 200, body: 'hello', spoils: true },
  { name: 'a body after 204 reaches nobody', send: 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', afterwards: 'wait', status: 204, body: '', spoils: true },
  { name: 'a body after 304 reaches nobody', send: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', status: 304, body: '', spoils: true },
  { name: 'a body after HEAD reaches nobody', send: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', afterwards: 'wait', method: 'HEAD', status: 200, body: '', spoils: true },
]
