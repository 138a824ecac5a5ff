import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { ControlPlane } from '@gatewright/control-plane'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const quiet = { info() {}, warn() {}, error() {} }
const PASSWORD = 'seven grey herons over the weir'
const PERSON = ['--email', 'olga@example.com', '--full-name', 'Olga']

/** Nobody has an account at it. */
async function openControlPlane(): Promise<{ readonly url: string; readonly link: string }> {
  const folder = createFolder()
  const plane = await ControlPlane.open(
    { database: `${folder}/control.db`, secretKeyFile: `${folder}/secret.key`, host: '127.0.0.1', port: 0 },
    { log: quiet },
  )
  after(() => plane.close())
  const { port, setUpSecret = '' } = plane.address
  const url = `http://127.0.0.1:${port}`
  return { url, link: `${url}/set-up#${setUpSecret}` }
}

describe('login with the link of the first account', () => {
  it('asks who makes it, and logs in: the link is good once', async () => {
    const { link, url } = await openControlPlane()
    const env = { XDG_CONFIG_HOME: createFolder() }
    const typed = ['olga@example.com', ' Olga ', PASSWORD, PASSWORD]
    const { code, stdout, stderr } = await runCommand(['login', link, '--name', 'here'], { env, typed })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Logged in to here as token "gatewright on \S+" of Olga\. /)
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD))
    assert.match((await runCommand(['whoami'], { env })).stdout, /owner +in every team$/)
    const answer = await fetch(`${url}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'olga@example.com', password: PASSWORD }),
    })
    assert.equal(answer.status, 200, await answer.text())
    const again = await runCommand(['login', link], { env, typed })
    assert.deepEqual([again.code, /^This link is not open: set-up is done/.test(again.stderr)], [1, true], again.stderr)
  })

  it('takes everything from options and stdin or a file, where nobody is there to be asked', async () => {
    for (const how of [
      { args: [], input: `${PASSWORD}\n` },
      { args: ['--password-file', 'password'], input: '' },
    ]) {
      const { link } = await openControlPlane()
      const env = { XDG_CONFIG_HOME: createFolder() }
      const cwd = createFolder({ password: `${PASSWORD}\n` })
      const line = ['login', link, ...PERSON, ...how.args]
      const { code, stderr } = await runCommand(line, { env, cwd, input: how.input })
      assert.equal(code, 0, stderr)
    }
  })

  it('leaves the link as it is where something is missing or refused', async () => {
    const { link, url } = await openControlPlane()
    const env = { XDG_CONFIG_HOME: createFolder() }
    const complain = async (args: readonly string[], more: { input?: string; typed?: string[] } = {}) => {
      const { code, stderr } = await runCommand(['login', ...args], { env, ...more })
      return `${code} ${stderr}`
    }
    assert.match(await complain([link]), /^2 .*--email is missing, and nobody has typed it/)
    assert.match(await complain([link, ...PERSON]), /^2 .*no password came/)
    assert.match(await complain([link, ...PERSON], { typed: ['one', 'two'] }), /^2 .*not the same/)
    assert.match(await complain([link, ...PERSON], { input: 'short' }), /^1 A password has between 12/)
    assert.match(await complain([link, '--token-file', 'x']), /^2 .*--token-file has no use here/)
    assert.match(await complain([url, '--email', 'x']), /^2 .*--email is for the first account/)
    assert.match(await complain([`${url}/set-up`]), /^2 .*put it in quotes/)
    assert.match(await complain([`${url}/invite#abc`]), /^2 .*open it in a browser/)
    assert.match(await complain([link, ...PERSON], { input: PASSWORD }), /^0 /)
  })
})

describe('login where something else answers', () => {
  it('says what that is, and where the control plane may be', async () => {
    const env = { XDG_CONFIG_HOME: createFolder() }
    let answer: readonly [status: number, type: string, body: string] = [200, '', '']
    const server = createServer((_, response) => {
      const [status, type, body] = answer
      response.writeHead(status, { 'content-type': type }).end(body)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const problem = (code: string) => JSON.stringify({ type: `urn:gatewright:problem:${code}`, detail: 'No.' })
    const usual = /port of its own, .* http:\/\/127\.0\.0\.1:9081 if nothing else was said\.$/
    for (const [said, who, where] of [
      [[404, 'text/plain', 'Here are: /livez /readyz\n'], 'the status port of a gateway', usual],
      [
        [404, 'text/plain', 'Here are: /livez\nThe control plane: http://localhost:9090\n'],
        'the status port of a gateway',
        /^The control plane answers at http:\/\/localhost:9090$/m,
      ],
      [[404, 'application/problem+json', problem('route-not-found')], 'a gateway', usual],
      [[404, 'text/html', '<html>'], 'something else', usual],
      [[200, 'text/html', '<html>'], 'something else', usual],
      [[200, 'application/json', 'null'], 'something else', usual],
    ] as const) {
      answer = said
      const { code, stderr } = await runCommand(['login', url], { env, input: 'gwp_secret' })
      assert.equal(code, 1, stderr)
      assert.ok(stderr.startsWith(`${url} is no control plane: ${who} answers there.\n`), stderr)
      assert.match(stderr, where)
    }
    answer = [502, 'text/html', 'Bad gateway']
    assert.match((await runCommand(['login', url], { env, input: 'gwp_secret' })).stderr, /^Bad gateway/)
  })
})
