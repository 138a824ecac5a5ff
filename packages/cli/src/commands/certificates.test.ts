import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()
const DAY_MS = 86_400_000
const toDay = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, '2026-01-31'.length)

/** Of itself, made by the real openssl. */
async function keep(id: string, days: number): Promise<void> {
  const folder = createFolder()
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const subject = ['-subj', `/CN=${id}`, '-addext', `subjectAltName=DNS:${id}.example`, '-days', String(days)]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', ...subject]
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const name = id.toUpperCase()
  const value = readFileSync(key, 'utf8')
  await stage.client.ask('putSecret', { params: { environment: 'prod', name }, body: { value } })
  const body = { environment: 'prod', cert: readFileSync(cert, 'utf8'), key: `\${secret:${name}}` }
  await stage.client.ask('putCertificate', { params: { id }, body })
}

describe('certificates, by a command', () => {
  before(async () => {
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
  })

  it('are listed with their ends, the next one first, and what has to be renewed is told', async () => {
    assert.equal((await stage.run('certificates')).stdout, 'There are none.')
    const order = { environment: 'prod', acme: { hosts: ['auto.example'] } }
    await stage.client.ask('putCertificate', { params: { id: 'auto' }, body: order })
    await keep('later', 90)
    await keep('soon', 10)
    const { stdout, stderr } = await stage.run('certificates')
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/))
    assert.deepEqual(
      lines.map(([id, environment, hosts]) => [id, environment, hosts]),
      [
        ['soon', 'prod', 'soon.example'],
        ['later', 'prod', 'later.example'],
        ['auto', 'prod', 'auto.example'],
      ],
    )
    assert.match(lines[0]?.[3] ?? '', /^until \S+Z$/)
    assert.equal(lines[2]?.[3], 'ordered by gateways')
    assert.match(stderr, /^soon: It ends in \d+ days: put a renewed one\.$/)
  })

  it('are those alone that end before a day', async () => {
    const json = JSON.parse((await stage.run(`certificates --expires-before ${toDay(30)} --json`)).stdout)
    assert.deepEqual(
      json.map(({ id }: { id: string }) => id),
      ['soon'],
    )
    assert.equal((await stage.run(`certificates --expires-before ${toDay(1)}`)).stdout, 'There are none.')
    const refused = await stage.run('certificates --expires-before soon')
    assert.deepEqual([refused.code, /"soon" is no time/.test(refused.stderr)], [2, true])
  })
})
