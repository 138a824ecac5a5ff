/** That no secret is in anything that is written or told: rows, the files of the store, backups, logs, the audit log, webhooks, lists. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { Identity } from '../http/identity.ts'
import { backUpStore } from '../store/copy/copy-store.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import { NOBODY, toBrowser, toTotpCode } from '../testing/account-stage.ts'
import { AdminStage, type Told } from '../testing/admin-stage.ts'
import { openSetUp } from '../users/set-up.ts'
import { PublicAddresses } from '../webhooks/public-addresses.ts'
import { WebhookSender } from '../webhooks/webhook-sender.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-written-'))
const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends) await end()
  rmSync(folder, { recursive: true })
})

/** Everything that was to be kept secret, by what it is. */
class Secrets {
  readonly #values = new Map<string, string>()

  mark(what: string, value: string): string {
    assert.ok(value.length >= 12, `${what} is too short to be looked for`)
    this.#values.set(value, what)
    return value
  }

  /** In itself, or in what anybody turns back into it. */
  assertNoneIn(where: string, bytes: Buffer | string): void {
    const text = Buffer.from(bytes).toString('latin1')
    for (const [value, what] of this.#values) {
      const raw = Buffer.from(value)
      const forms = [value, raw.toString('base64').replace(/=+$/, ''), raw.toString('hex'), encodeURIComponent(value)]
      // The last letters of base64 depend on what follows.
      for (const form of forms) assert.ok(!text.includes(form.slice(0, form.length - 2)), `${what} stands in ${where}`)
    }
  }

  get size(): number {
    return this.#values.size
  }
}

class Scene {
  readonly secrets = new Secrets()
  readonly logged: string[] = []
  readonly delivered: string[] = []
  readonly file: string
  readonly store: SqliteStore
  readonly stage: AdminStage
  #key = 0

  private constructor(store: SqliteStore, file: string) {
    this.store = store
    this.file = file
    const identity = new Identity(store, () => this.stage.nowMs)
    this.stage = new AdminStage(store, {
      log: this.log,
      identify: (db, credentials) => identity.identify(db, credentials),
    })
  }

  static async open(): Promise<Scene> {
    const file = join(folder, 'control.db')
    return new Scene(await SqliteStore.open({ file, onFault: assert.fail }), file)
  }

  readonly log = {
    info: (...said: unknown[]) => void this.logged.push(JSON.stringify(said)),
    warn: (...said: unknown[]) => void this.logged.push(JSON.stringify(said)),
    error: (...said: unknown[]) => void this.logged.push(JSON.stringify(said)),
  }

  /** Each with a key of its own, so that what is kept for repeats is looked through as well. */
  async ask(line: string, told: Told, status: number) {
    const headers = { ...told.headers, 'idempotency-key': `key-${this.#key++}-12345` }
    const answer = await this.stage.ask(line, { ...told, headers })
    assert.equal(answer.statusCode, status, `${line}: ${answer.body}`)
    return answer
  }
}

/** An account with all that one can log in with, and mistakes. Gives the browser of its owner. */
async function driveAccounts({ stage, store, secrets, ask }: Bound): Promise<Told> {
  const password = secrets.mark('a password', 'marked horse battery staple')
  const setUp = await store.write((change) => openSetUp({ ...change, by: 'system', nowMs: stage.nowMs }))
  const secret = secrets.mark('the secret of the set-up', setUp ?? '')
  const ann = { email: 'ann@example.com', name: 'Ann' }
  const browser = toBrowser(await ask('POST /set-up', { ...NOBODY, body: { ...ann, password, secret } }, 201))
  markBrowser(secrets, browser)
  const wrong = secrets.mark('a wrong password', 'marked wrong password')
  await ask('POST /login', { ...NOBODY, body: { email: ann.email, password: wrong } }, 401)
  const weak = `${secrets.mark('an e-mail address as password', 'marked.person@example.com')}`
  await ask('PUT /me/password', { ...browser, body: { new: weak.slice(0, 5) } }, 400)
  const totp = (await ask('POST /me/totp', browser, 200)).json()
  secrets.mark('the secret of codes', totp.secret)
  secrets.mark('a challenge', totp.challenge)
  await ask('PUT /me/totp', { ...browser, body: { challenge: totp.challenge, code: 'wrong' } }, 422)
  const again = (await ask('POST /me/totp', browser, 200)).json()
  secrets.mark('the secret of codes', again.secret)
  const body = { challenge: again.challenge, code: toTotpCode(again.secret, stage.nowMs) }
  const { recoveryCodes } = (await ask('PUT /me/totp', { ...browser, body }, 200)).json()
  for (const each of recoveryCodes) secrets.mark('a code on paper', each)
  const half = (await ask('POST /login', { ...NOBODY, body: { email: ann.email, password } }, 200)).json()
  secrets.mark('half a login', half.challenge)
  const second = { factor: 'recovery-code', challenge: half.challenge, code: recoveryCodes[0] }
  markBrowser(secrets, toBrowser(await ask('POST /login/second', { ...NOBODY, body: second }, 200)))
  return browser
}

function markBrowser(secrets: Secrets, { headers = {} }: Told): void {
  secrets.mark('a session', String(headers.cookie).split('=')[1] ?? '')
  secrets.mark('a token against forgery', headers['x-csrf-token'] ?? '')
}

/** What others get: links, tokens, keys. */
async function driveGiving({ secrets, ask }: Bound, browser: Told): Promise<void> {
  const facts = { email: 'ben@example.com', name: 'Ben', grants: [{ role: 'viewer', team: 'main' }] }
  const { user, link } = (await ask('POST /users', { ...browser, body: facts }, 201)).json()
  const secret = secrets.mark('the secret of a link', link.url.split('#')[1])
  const password = secrets.mark('the password of another', 'marked seven green kettles')
  await ask('POST /invitation', { ...NOBODY, body: { secret, password } }, 200)
  const reset = (await ask(`POST /users/${user.uid}/reset`, { ...browser, body: {} }, 200)).json()
  secrets.mark('the secret of a reset', reset.link.url.split('#')[1])
  const own = (await ask('POST /me/tokens', { ...browser, body: { name: 'own' } }, 201)).json().value
  await ask('GET /me', { as: secrets.mark('a personal token', own) }, 200)
  const grants = [{ role: 'viewer', team: 'main' }]
  const team = (await ask('POST /tokens/main', { ...browser, body: { name: 'team', grants } }, 201)).json()
  secrets.mark('a token of a team', team.value)
  await ask('GET /me', { as: secrets.mark('a token that is none', `${own}x`) }, 401)
  await ask('PUT /node-groups/edge', { ...browser, body: {} }, 201)
  const node = await ask('POST /node-groups/edge/tokens', { ...browser, body: { name: 'n' } }, 201)
  secrets.mark('a token of nodes', node.json().value)
  const jwt = secrets.mark('a token of a platform', 'bWFya2Vk.bWFya2VkIHRva2Vu.bWFya2Vk')
  await ask('POST /federate', { ...NOBODY, body: { team: 'main', federation: 'none', token: jwt } }, 401)
  await ask('PUT /apps/main/phone', { ...browser, body: {} }, 201)
  const issued = (await ask('POST /apps/main/phone/keys', { ...browser, body: {} }, 201)).json()
  secrets.mark('a key', issued.value)
  const rotated = await ask(`POST /apps/main/phone/keys/${issued.uid}/rotate`, { ...browser, body: {} }, 201)
  secrets.mark('a key in place of another', rotated.json().value)
  const value = secrets.mark('a key from elsewhere', 'bWFya2VkLWtleS10aGF0LWlzLWxvbmc-8f31')
  await ask('POST /apps/main/phone/keys/bring', { ...browser, body: { keys: [{ value }] } }, 201)
  await ask('POST /apps/main/phone/keys/bring', { ...browser, body: { keys: [{ value }] } }, 409)
}

/** What runs, and who is told of it. */
async function driveRunning({ secrets, ask }: Bound, browser: Told, hook: string): Promise<void> {
  const body = { url: hook, events: ['*'] }
  await ask('PUT /webhooks/main/all', { ...browser, body }, 201)
  const signing = (await ask('POST /webhooks/main/all/secret', browser, 201)).json().secret
  secrets.mark('the secret of a webhook', signing.replace('whsec_', ''))
  await ask('PUT /environments/dev', { ...browser, body: { pathPrefix: '/dev' } }, 201)
  const value = secrets.mark('a secret of an environment', 'marked secret of an environment')
  await ask('PUT /environments/dev/secrets/TOKEN', { ...browser, body: { value } }, 201)
  const policies = [{ policy: 'set-headers', options: { set: { 'x-token': '${secret:TOKEN}' } } }]
  const api = { basePath: '/orders', upstream: 'http://127.0.0.1:9001' }
  await ask('PUT /apis/main/orders', { ...browser, body: api }, 201)
  await ask('POST /environments/dev/apis/main/orders/publish', { ...browser, body: {} }, 200)
  await ask('PUT /apis/main/orders', { ...browser, body: { ...api, title: 'Two', policies } }, 200)
  const preview = await ask('POST /environments/dev/apis/main/orders/preview', { ...browser, body: {} }, 200)
  secrets.mark('the token of a preview', preview.json().preview?.token ?? preview.json().token)
  const provider = { issuer: 'http://127.0.0.1:1', clientId: 'gatewright' }
  await ask('PUT /identity-providers/company', { ...browser, body: provider }, 201)
  const client = secrets.mark('the secret of a provider', 'marked secret of a client')
  await ask('PUT /identity-providers/company/secret', { ...browser, body: { value: client } }, 204)
  await ask('POST /login/provider/company', NOBODY, 401)
  const query = `code=${secrets.mark('a code of a provider', 'marked-code-of-a-provider')}&state=x`
  await ask('POST /login/callback', { ...NOBODY, body: { challenge: 'x'.repeat(43), query } }, 401)
}

type Bound = Scene & { readonly ask: Scene['ask'] }

it('no secret is written or told anywhere', async () => {
  const scene = await Scene.open()
  const { stage, store, secrets, logged, delivered, file, log } = scene
  ends.push(() => store.close())
  const ask = scene.ask.bind(scene)
  const bound: Bound = Object.assign(scene, { ask })
  const listener = createServer(async (request, response) => {
    let text = JSON.stringify(request.headers)
    for await (const chunk of request) text += chunk
    delivered.push(text)
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  ends.push(() => listener.close())
  await once(listener, 'listening')
  const { secretKey } = stage.services
  assert.ok(secretKey)
  const addresses = new PublicAddresses(['127.0.0.1'])
  const sender = new WebhookSender({ store, secretKey, addresses, log, nowMs: () => stage.nowMs })
  ends.unshift(() => sender.close())

  const browser = await driveAccounts(bound)
  await driveRunning(bound, browser, `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`)
  await driveGiving(bound, browser)
  await sender.look()
  assert.ok(delivered.length > 5, String(delivered.length))
  assert.ok(secrets.size > 35, String(secrets.size))

  const texts = new Map<string, string>([
    ['the log', logged.join('\n')],
    ['what webhooks got', delivered.join('\n')],
  ])
  // All that anybody can ask for who may ask for everything.
  const values = { team: 'main', id: 'phone', environment: 'dev', group: 'edge', number: '1' } as Record<string, string>
  for (const { kind, path, name } of ADMIN_ROUTES) {
    // One's own token against forgery is told to oneself.
    if (kind !== 'reading' || name === 'getMe') continue
    for (const id of ['phone', 'orders', 'all', 'company', 'edge', 'dev']) {
      const asked = path.replaceAll(/\{(\w+)\}/g, (_, of: string) => (of === 'id' ? id : (values[of] ?? 'x')))
      texts.set(asked, (await stage.ask(`GET ${asked}`, browser)).body)
    }
  }
  await backUpStore(file, join(folder, 'backup'), stage.nowMs)
  for (const [where, text] of texts) secrets.assertNoneIn(where, text)
  for (const name of readdirSync(folder)) secrets.assertNoneIn(name, readFileSync(join(folder, name)))
  secrets.assertNoneIn('the backup', gunzipSync(readFileSync(join(folder, 'backup'))))
  assert.throws(() => secrets.assertNoneIn('a place', 'x marked horse battery staple'), /a password stands in a place/)
})
