import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const folder = createFolder()
const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
const made = spawnSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'key.pem',
    '-out',
    'ca.pem',
    ...subject,
  ],
  { cwd: folder },
)

describe('a control plane whose CA is one of our own', { skip: made.status !== 0 }, () => {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const asked: unknown[] = []
  let url = ''
  const server = createServer({}, (request, answer) => {
    asked.push([request.method, request.url, request.headers.authorization])
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ actor: 'user:1', name: 'Olga', grants: [] }))
  })
  before(async () => {
    server.setSecureContext({ cert: read('ca.pem'), key: read('key.pem') })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `https://localhost:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  it('is spoken to where it is named, and not otherwise', async () => {
    const env = { XDG_CONFIG_HOME: createFolder() }
    const refused = await runCommand(['login', url], { env, cwd: folder, input: 'gwp_secret' })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /Name its CA with --ca\./)
    assert.deepEqual(asked, [], 'nothing is sent to whoever it is')
    const login = await runCommand(['login', url, '--name', 'own', '--ca', 'ca.pem'], {
      env,
      cwd: folder,
      input: 'gwp_secret',
    })
    assert.equal(login.code, 0, login.stderr)
    assert.deepEqual(asked, [['GET', '/api/v1/me', 'Bearer gwp_secret']])
    assert.match((await runCommand(['whoami'], { env, cwd: '/' })).stdout, /^Olga \(user:1\) at own/)
  })
})
