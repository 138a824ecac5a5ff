import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { hashWeakKeySync, parsePepper } from '@gatewright/policies'
import { CredentialsReader } from '../credentials/credentials-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { WeakKeyHashes } from './weak-key-hashes.ts'

const GIVEN = 'of an operator, drawn at random, and long'
const PEPPER = parsePepper(GIVEN) ?? Buffer.alloc(0)
const toHash = (key: string) => `argon2id:${hashWeakKeySync(key, PEPPER).toString('hex')}`
const STRONG = `kT5-${createHash('sha256').update('strong').digest('base64url')}`

it('the pepper is that of the variable, else the one of the gateway beside it, and none that is too short', () => {
  assert.equal(WeakKeyHashes.open(undefined, {}), undefined)
  const given = WeakKeyHashes.open(Buffer.alloc(32), { GATEWRIGHT_PEPPER: GIVEN })
  assert.equal(given?.id, new WeakKeyHashes(PEPPER).id)
  assert.notEqual(WeakKeyHashes.open(Buffer.alloc(32), {})?.id, given?.id)
  assert.throws(() => WeakKeyHashes.open(undefined, { GATEWRIGHT_PEPPER: 'short' }), /fewer than 32 characters/)
})

await describeOnStores('keys that could be guessed', (open) => {
  async function begin(weakKeys: WeakKeyHashes | undefined): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { weakKeys })
    await stage.ask('PUT /apps/main/acme', { body: {} })
    return stage
  }
  const bring = (stage: AdminStage, ...values: readonly string[]) =>
    stage.ask('POST /apps/main/acme/keys/bring', { body: { keys: values.map((value) => ({ value })) } })
  /** As gateways hear of them. */
  const listHashes = async (stage: AdminStage) =>
    await stage.services.store.read(async (db) => {
      const reading = await new CredentialsReader().read(db)
      assert.equal(reading.kind, 'whole')
      const hashes: string[] = []
      if (reading.kind === 'whole')
        for await (const apps of reading.pages) hashes.push(...apps.flatMap(({ keys }) => keys.map(({ hash }) => hash)))
      return hashes.toSorted()
    })

  it('are kept as gateways look them up, with nothing in the store that could be tried', async () => {
    const stage = await begin(new WeakKeyHashes(PEPPER))
    const brought = await bring(stage, 'hunter2', STRONG, 'open-sesame')
    assert.equal(brought.statusCode, 201, brought.body)
    assert.deepEqual(
      brought.json().items.map(({ hint }: { hint: string }) => hint !== ''),
      [false, true, false],
    )
    const plain = createHash('sha256').update(STRONG).digest('hex')
    assert.deepEqual(await listHashes(stage), [plain, toHash('hunter2'), toHash('open-sesame')].toSorted())
    const [{ uid }] = brought.json().items
    assert.equal((await bring(stage, 'hunter2')).statusCode, 409)
    const rotated = await stage.ask(`POST /apps/main/acme/keys/${uid}/rotate`, { body: { overlapMs: 60_000 } })
    assert.equal(rotated.statusCode, 201)
    assert.equal((await listHashes(stage)).length, 4, 'both count for a while')
    assert.deepEqual(stage.mistakes, [])
  })

  it('are imported with a warning for each', async () => {
    const stage = await begin(new WeakKeyHashes(PEPPER))
    const body = { format: 'plain', text: `hunter2 ann\n${STRONG} ben\npassword carl\n` }
    const answer = await stage.ask('POST /apps/main/import', { body })
    assert.equal(answer.statusCode, 201, answer.body)
    const { apps, findings } = answer.json()
    assert.deepEqual(
      apps.map(({ id, keys }: { id: string; keys: number }) => [id, keys]),
      [
        ['ann', 1],
        ['ben', 1],
        ['carl', 1],
      ],
    )
    assert.deepEqual(
      findings.map(({ severity, line }: { severity: string; line: number }) => [severity, line]),
      [
        ['warning', 1],
        ['warning', 3],
      ],
    )
    assert.deepEqual((await listHashes(stage)).filter((hash) => hash.startsWith('argon2id:')).length, 2)
  })

  it('are refused without a pepper: all of them are named, and how to mend it', async () => {
    const stage = await begin(undefined)
    const refused = await bring(stage, 'hunter2', STRONG, 'open-sesame')
    assert.equal(refused.statusCode, 400)
    assert.deepEqual(
      refused.json().errors.map(({ at }: { at: string }) => at),
      ['body/keys/0', 'body/keys/2'],
    )
    assert.match(refused.json().detail, /same GATEWRIGHT_PEPPER .* or give its app a new key/)
    const body = { format: 'plain', text: `hunter2 ann\n${STRONG} ben\n` }
    const imported = await stage.ask('POST /apps/main/import', { body })
    assert.equal(imported.statusCode, 400)
    assert.match(imported.json().findings[0].suggestion, /GATEWRIGHT_PEPPER/)
    const left = await stage.ask('POST /apps/main/import', { body: { ...body, leaveFaults: true } })
    assert.deepEqual(
      left.json().apps.map(({ id }: { id: string }) => id),
      ['ben'],
    )
    assert.ok(![refused, imported, left].some((answer) => answer.body.includes('hunter2')))
  })

  it('are taken a thousand at a time', async () => {
    const stage = await begin(new WeakKeyHashes(PEPPER))
    const refused = await bring(stage, ...Array.from({ length: 1001 }, (_, at) => `key-${at}`))
    assert.deepEqual([refused.statusCode, refused.json().errors.length], [400, 1])
    assert.match(refused.json().detail, /No more than 1000/)
  })
})
