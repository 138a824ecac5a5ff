/** Owns the proof that the walk through a control plane in the README works as it is written: from an OpenAPI document to callers, and back. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { RunningControlPlane } from './harness/control-plane.ts'

const root = resolve(import.meta.dirname, '..')
const TITLE = '## Publish through a control plane\n'

describe('the walk through a control plane in the README', () => {
  let folder: string
  let blocks: readonly string[]
  let control: RunningControlPlane

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-walk-'))
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    const [section = ''] = readme.slice(readme.indexOf(TITLE) + TITLE.length).split(/^## /m)
    blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
    assert.match(blocks[0] ?? '', /^export PATH=/)
    // On ports that are free, and with the account that its link leads to.
    assert.match(blocks[1] ?? '', /^gatewright start --control-plane --data \S+\n$/)
    control = await RunningControlPlane.start({ yaml: 'gatewright: 1\n' })
  })
  after(async () => {
    await control?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('runs as it is written', { timeout: 240_000 }, async () => {
    const ports: Readonly<Record<string, number>> = {
      9081: Number(new URL(control.url).port),
      9001: await findFreePort(),
      8080: control.gateway.port,
    }
    const walk = blocks
      .slice(2)
      .join('')
      .replace('#…', `#${control.setUpSecret}`)
      // Nobody is there to be asked; the password comes from stdin.
      .replace('gatewright login "$LINK"', '$& --email owner@example.com --full-name Owner')
      .replaceAll(/(?<=127\.0\.0\.1:|localhost:|listen\()\d{4}(?=[\s/,])/g, (port) => String(ports[port]))
    // What is started in the background ends with the terminal.
    const { code, stdout, stderr } = await run(`trap 'kill %1' EXIT\n${blocks[0]}cd '${folder}'\n${walk}`)
    assert.equal(code, 0, `${stdout}\n${stderr}`)
    assert.match(stdout, /^the service got \/orders\/7$/m)
    assert.match(stdout, /^orders is live in prod: revision 1 \(90 %\), revision 2 \(10 %\) /m)
    assert.match(stdout, /^orders is live in prod: revision 1 \(version 3\)$/m)
    assert.match(stdout, /^deprecated since [-\d]+; then \/prod\/v2\/orders$/m)
    assert.match(
      stdout,
      /^main\/orders +\S+ +- +prod +deprecated since .*\nmain\/orders-2 +v2 +family orders +prod +published /m,
    )
    for (const action of ['rollback', 'canary', 'promote', 'publish', 'issue', 'create'])
      assert.match(stdout, new RegExp(`^\\d+ +\\S+Z +token "[^"]+" of Owner +${action} +\\w+ +\\S+(?: |$)`, 'm'))
  })

  /** What is typed into the second terminal; stdin is what somebody would type. */
  async function run(
    script: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const shell = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], {
      cwd: root,
      env: {
        ...process.env,
        XDG_CONFIG_HOME: join(folder, 'config'),
        GATEWRIGHT_SERVER: '',
        GATEWRIGHT_TOKEN: '',
      },
    })
    let stdout = ''
    let stderr = ''
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    shell.stdin.end('seven grey herons over the weir')
    const [code] = (await once(shell, 'close')) as [number]
    return { code, stdout, stderr }
  }
})
