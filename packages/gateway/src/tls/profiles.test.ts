import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls'
import type { TlsProfile } from '@gatewright/model/runtime'
import { type IssuedCertificate, TestAuthority } from '../certificates/test-authority.fixture.ts'
import { TLS_PROFILES } from './profiles.ts'

const PROFILES = Object.keys(TLS_PROFILES) as TlsProfile[]

/** What a client gets: version and cipher, or the code with which it is refused. */
async function shake(server: Server, options: ConnectionOptions): Promise<string> {
  const { port } = server.address() as AddressInfo
  const client: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  try {
    await once(client, 'secureConnect')
    return `${client.getProtocol()} ${client.getCipher().name}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    client.destroy()
  }
}

describe('TLS profiles', () => {
  let authority: TestAuthority
  const servers = new Map<string, Server>()

  before(async () => {
    authority = TestAuthority.create()
    for (const keyType of ['ecdsa', 'rsa'] as const) {
      const { certPem, keyPem }: IssuedCertificate = authority.issue({ keyType })
      for (const profile of PROFILES) {
        const server = createServer({ cert: certPem, key: keyPem, ...TLS_PROFILES[profile] })
        server.on('tlsClientError', () => {})
        server.listen(0, '127.0.0.1')
        await once(server, 'listening')
        servers.set(`${profile} ${keyType}`, server)
      }
    }
  })
  after(() => {
    for (const server of servers.values()) server.close()
    authority.remove()
  })

  // biome-ignore format: a table, one row a line
  const ROWS: readonly [TlsProfile, string, ConnectionOptions, RegExp][] = [
    ['modern', 'of today', {}, /^TLSv1\.3 TLS_/],
    ['modern', 'of TLS 1.2', { maxVersion: 'TLSv1.2' }, /PROTOCOL_VERSION/],
    ['intermediate', 'of today', {}, /^TLSv1\.3 TLS_/],
    ['intermediate', 'of TLS 1.2', { maxVersion: 'TLSv1.2' }, /^TLSv1\.2 ECDHE-\w+-(AES\d+-GCM|CHACHA20)/],
    ['intermediate', 'of TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, /PROTOCOL_VERSION/],
    ['intermediate', 'with CBC only', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA' }, /HANDSHAKE_FAILURE/],
    ['intermediate', 'without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }, /HANDSHAKE_FAILURE/],
    ['intermediate', 'that likes ChaCha20', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' }, /CHACHA20/],
    ['compatible', 'of today', {}, /^TLSv1\.3 TLS_/],
    ['compatible', 'with CBC only', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA' }, /^TLSv1\.2 ECDHE-\w+-AES128-SHA$/],
    ['compatible', 'that likes CBC better', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' }, /-GCM-/],
    ['compatible', 'of TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, /PROTOCOL_VERSION/],
    ['compatible', 'with 3DES only', { maxVersion: 'TLSv1.2', ciphers: 'DES-CBC3-SHA:AES128-SHA' }, /HANDSHAKE_FAILURE/],
  ]
  for (const [profile, client, options, expected] of ROWS) {
    it(`${profile}: a client ${client} gets ${expected.source}`, async () => {
      for (const keyType of ['ecdsa', 'rsa']) {
        const server = servers.get(`${profile} ${keyType}`)
        assert.match(await shake(server!, options), expected, keyType)
      }
    })
  }

  it('have no finite-field Diffie-Hellman, and no curve beyond those that clients have', async () => {
    for (const [name, server] of servers) {
      const old = await shake(server, { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' })
      assert.match(old, /PROTOCOL_VERSION|HANDSHAKE_FAILURE/, name)
      assert.match(await shake(server, { ecdhCurve: 'secp521r1' }), /HANDSHAKE_FAILURE/, name)
      for (const group of ['X25519MLKEM768', 'X25519', 'prime256v1', 'secp384r1']) {
        assert.match(await shake(server, { ecdhCurve: group }), /^TLSv1\.3/, `${name} ${group}`)
      }
    }
  })
})
