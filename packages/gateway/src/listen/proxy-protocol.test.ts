import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseProxyHeader } from './proxy-protocol.ts'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

/** `address port` and what follows; `itself` where the balancer speaks for itself. */
function say(bytes: Buffer): string {
  const header = parseProxyHeader(bytes)
  if (header === undefined) return 'refused'
  if (header === 'incomplete') return header
  const { peer, rest } = header
  return `${peer === undefined ? 'itself' : `${peer.address} ${peer.port}`}|${rest.toString('latin1')}`
}

/** Version 2: command and family as numbers, addresses as bytes. */
function version2(command: number, family: number, addresses: readonly number[], length = addresses.length): Buffer {
  const head = Buffer.from(`${SIGNATURE}\0\0\0\0`, 'latin1')
  head[12] = command
  head[13] = family
  head.writeUInt16BE(length, 14)
  return Buffer.concat([head, Buffer.from(addresses)])
}

const IPV4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x30, 0x39, 0x00, 0x50]
const IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 1, ...new Array(16).fill(0), 0x30, 0x39, 0, 80]

const MAPPED = [...new Array(10).fill(0), 255, 255, 192, 0, 2, 1, ...IPV6.slice(16)]

describe('PROXY protocol', () => {
  for (const [line, expected] of [
    ['PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r\nGET', '192.0.2.1 12345|GET'],
    ['PROXY TCP6 2001:db8::1 ::1 12345 80\r\n', '2001:db8::1 12345|'],
    ['PROXY TCP6 2001:DB8:0::1 ::1 12345 80\r\n', '2001:db8::1 12345|'],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::1 12345 80\r\n', '192.0.2.1 12345|'],
    ['PROXY TCP6 0:0:0:0:0:FFFF:c000:201 ::1 12345 80\r\n', '192.0.2.1 12345|'],
    ['PROXY TCP6 fe80::1%eth0 ::1 12345 80\r\n', 'refused'],
    ['PROXY UNKNOWN\r\nGET', 'itself|GET'],
    ['PROXY UNKNOWN ffff:: ::1 65535 65535\r\n', 'itself|'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 0 65535\r\n', '192.0.2.1 0|'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\n', 'refused'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 12345\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 12345 80 x\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.1  10.0.0.1 12345 80\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 65536 80\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 012 80\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 -1 80\r\n', 'refused'],
    ['PROXY TCP4 192.0.2.256 10.0.0.1 1 80\r\n', 'refused'],
    ['PROXY TCP4 2001:db8::1 ::1 1 80\r\n', 'refused'],
    ['PROXY TCP6 192.0.2.1 10.0.0.1 1 80\r\n', 'refused'],
    ['PROXY UDP4 192.0.2.1 10.0.0.1 1 80\r\n', 'refused'],
    ['PROXY\r\n', 'refused'],
    ['proxy TCP4 192.0.2.1 10.0.0.1 1 80\r\n', 'refused'],
    ['GET / HTTP/1.1\r\n', 'refused'],
    [`PROXY TCP4 ${' '.repeat(200)}`, 'refused'],
    ['', 'incomplete'],
    ['PRO', 'incomplete'],
    ['PROXY TCP4 192.0.2.1', 'incomplete'],
    ['PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r', 'incomplete'],
    ['GE', 'refused'],
  ] as const) {
    it(`reads ${JSON.stringify(line.slice(0, 60))} as ${expected}`, () => {
      const outcome =
        line.endsWith('\n') && !line.endsWith('\r\n') && expected === 'refused'
          ? untilLong(line)
          : say(Buffer.from(line))
      assert.equal(outcome, expected)
    })
  }

  for (const [what, bytes, expected] of [
    ['IPv4', version2(0x21, 0x11, IPV4), '192.0.2.1 12345|'],
    ['IPv6', version2(0x21, 0x21, IPV6), '2001:db8::1 12345|'],
    ['IPv4 mapped into IPv6', version2(0x21, 0x21, MAPPED), '192.0.2.1 12345|'],
    ['extensions', version2(0x21, 0x11, [...IPV4, 0x04, 0, 1, 0]), '192.0.2.1 12345|'],
    ['what follows', Buffer.concat([version2(0x21, 0x11, IPV4), Buffer.from('GET')]), '192.0.2.1 12345|GET'],
    ['LOCAL', version2(0x20, 0x00, []), 'itself|'],
    ['LOCAL with addresses', version2(0x20, 0x11, IPV4), 'itself|'],
    ['an unspecified family', version2(0x21, 0x00, []), 'itself|'],
    ['a UNIX socket', version2(0x21, 0x31, new Array(216).fill(0)), 'itself|'],
    ['too few bytes for IPv4', version2(0x21, 0x11, IPV4.slice(0, 11)), 'refused'],
    ['too few bytes for IPv6', version2(0x21, 0x21, IPV6.slice(0, 35)), 'refused'],
    ['another version', version2(0x11, 0x11, IPV4), 'refused'],
    ['an unknown command', version2(0x22, 0x11, IPV4), 'refused'],
    ['more than anybody needs', version2(0x21, 0x11, IPV4, 60_000), 'refused'],
    ['half a signature', version2(0x21, 0x11, IPV4).subarray(0, 7), 'incomplete'],
    ['half a head', version2(0x21, 0x11, IPV4).subarray(0, 15), 'incomplete'],
    ['half an address', version2(0x21, 0x11, IPV4).subarray(0, 20), 'incomplete'],
    ['a broken signature', Buffer.from('\r\n\r\n\0\r\nQUIX'), 'refused'],
  ] as const) {
    it(`version 2: reads ${what} as ${expected}`, () => {
      assert.equal(say(bytes), expected)
    })
  }

  it('says `incomplete` of every beginning of a valid header, and of nothing longer', () => {
    for (const whole of [Buffer.from('PROXY TCP6 2001:db8::1 ::1 12345 80\r\n'), version2(0x21, 0x21, IPV6)]) {
      for (let length = 0; length < whole.length; length++) assert.equal(say(whole.subarray(0, length)), 'incomplete')
      assert.equal(say(whole), '2001:db8::1 12345|')
    }
  })
})

/** A line that never ends rightly is refused once it is longer than any may be. */
function untilLong(line: string): string {
  return say(Buffer.from(line + 'x'.repeat(107)))
}
