/** Owns the proof that users and keys of every form are let in by a running gateway, follow its file, and outlive a restart without standing anywhere. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

/** phc-winner-argon2, src/test.c: "password"; crypt_blowfish 1.3, wrapper.c: "U*U". */
const ARGON2 = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'

const STRONG = 'a-strong-key-of-somewhere-else-8c1f'
const WEAK = 'hunter2'

const hashOf = (algorithm: string, key: string) => `${algorithm}:${createHash(algorithm).update(key).digest('hex')}`

const toYaml = (users: string): string => `gatewright: 1
apis:
  - id: a
    routes:
      - path: /user
        policies: [{ policy: basic-auth }, { policy: respond, options: { body: "\${caller.id} of \${caller.app}" } }]
      - path: /key
        policies: [{ policy: key-auth }, { policy: respond, options: { body: "\${caller.id}" } }]
apps:
  - id: shop
    users: [${users}]
  - id: elsewhere
    keys:
      - { hash: "${hashOf('sha512', STRONG)}" }
      - { hash: "${hashOf('sha384', `${STRONG}-384`)}" }
  - id: weak
    keys: [{ value: "\${env:WEAK}" }]
`

const USERS = `{ name: ann, passwordHash: "${ARGON2}" }, { name: ben, passwordHash: "${BCRYPT}" }`

describe('users and keys', () => {
  let gateway: RunningGateway
  let data: string
  const start = (yaml: string) => startGateway({ yaml, threads: 2, args: ['--data', data], env: { WEAK, STRONG } })

  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'gatewright-data-'))
    gateway = await start(toYaml(USERS))
  })
  after(async () => {
    await gateway?.stop()
    await rm(data, { recursive: true, force: true })
  })

  async function ask(path: string, headers: Record<string, string>): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers })
    const text = await answer.text()
    return answer.ok ? text : `${answer.status}`
  }
  const asUser = (pair: string) => ask('/user', { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
  const withKey = (key: string) => ask('/key', { 'X-Api-Key': key })

  it('are let in by argon2id, bcrypt, SHA-384, SHA-512 and the slow hash of a weak key', async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal(await asUser('ann:password'), 'ann of shop')
      assert.equal(await asUser('ben:U*U'), 'ben of shop')
      assert.equal(await withKey(STRONG), 'elsewhere')
      assert.equal(await withKey(`${STRONG}-384`), 'elsewhere')
      assert.equal(await withKey(WEAK), 'weak')
    }
  })

  it('are refused where a letter differs', async () => {
    for (const pair of ['ann:passwort', 'ben:U*V', 'eve:password', 'Ann:password'])
      assert.equal(await asUser(pair), '401')
    for (const key of [`${STRONG}x`, 'hunter3', '']) assert.equal(await withKey(key), '401')
  })

  it('follow the file: another password, and a user who is switched off', async () => {
    await gateway.rewrite(
      toYaml(`{ name: ann, passwordHash: "${BCRYPT}" }, { name: ben, passwordHash: "${BCRYPT}", enabled: false }`),
    )
    await until(async () => (await asUser('ann:U*U')) === 'ann of shop' || undefined, 'the new password to count')
    assert.equal(await asUser('ann:password'), '401')
    assert.equal(await asUser('ben:U*U'), '401')
    await gateway.rewrite(toYaml(USERS))
    await until(
      async () => (await asUser('ann:password')) === 'ann of shop' || undefined,
      'the old password to count again',
    )
    // What counts on the threads is kept a moment later, and told then.
    await until(() => gateway.stderr.includes('appsVersion=3') || undefined, 'the last good configuration to be kept')
  })

  it('outlive a restart with a faulty file, the weak key too: its hash is made with the same pepper', async () => {
    await gateway.stop()
    gateway = await start('gatewright: 1\napis: [{ id: }]\n')
    assert.match(gateway.stderr, /the last good one serves/)
    assert.equal(await asUser('ann:password'), 'ann of shop')
    assert.equal(await withKey(STRONG), 'elsewhere')
    assert.equal(await withKey(WEAK), 'weak')
  })

  it('stand nowhere: not in the data folder, not in records, not in the log', async () => {
    const names = await readdir(data, { recursive: true, withFileTypes: true })
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    assert.ok(files.some((file) => file.endsWith('last-good.json')) && files.some((file) => file.endsWith('pepper')))
    const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')))
    const plainWeak = createHash('sha256').update(WEAK).digest('hex')
    for (const text of [...texts, gateway.stdout, gateway.stderr]) {
      for (const secret of [WEAK, STRONG, 'U*U', ':password', plainWeak]) assert.ok(!text.includes(secret), secret)
    }
  })

  it('are not served with a pepper that is none: it is said at the start, and nothing is drawn anew', async () => {
    await gateway.stop()
    await writeFile(join(data, 'pepper'), 'x')
    await assert.rejects(start(toYaml(USERS)), /pepper is damaged/)
    assert.equal(await readFile(join(data, 'pepper'), 'utf8'), 'x')
  })
})
