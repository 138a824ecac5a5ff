/** Owns the proof of logins by a provider in a real browser: Chromium, a certified provider, and a gateway with its control plane. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { startChromium } from './harness/chromium.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { CLIENT, RunningProvider } from './harness/openid-provider.ts'
import { findPeer, getPath, toSkip } from './harness/peers.ts'

const chromium = await findPeer('chromium')
const ROOT = { email: 'root@example.com', name: 'Root', password: 'correct horse battery' }

describe('a login by a provider in Chromium', { skip: toSkip(chromium) }, () => {
  let gateway: RunningGateway
  let provider: RunningProvider
  let browser: Browser
  let origin: string
  let data: string
  let cookie: string
  let csrfToken: string
  let provided: object

  before(async () => {
    const port = await findFreePort()
    origin = `http://localhost:${port}`
    data = await mkdtemp(join(tmpdir(), 'gatewright-sso-'))
    provider = await RunningProvider.start({
      origins: [origin],
      callback: '/login/callback',
      afterLogout: '/',
      accessTokenSeconds: 600,
    })
    gateway = await startGateway({
      yaml: 'gatewright: 1\n',
      args: ['--control-plane', '--control-port', String(port), '--data', data],
    })
    const secret = await until(() => /set-up#([\w-]+)/.exec(gateway.stderr)?.[1], 'the link of the first account')
    const answer = await tell('POST', '/set-up', { ...ROOT, secret })
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    csrfToken = ((await answer.json()) as { csrfToken: string }).csrfToken
    provided = {
      title: 'Example',
      issuer: provider.issuer,
      clientId: CLIENT.id,
      groups: { admins: [{ role: 'owner', team: '*' }], guests: [{ role: 'viewer', team: 'main' }] },
    }
    assert.equal((await tell('PUT', '/identity-providers/example', provided)).status, 201)
    assert.equal((await tell('PUT', '/identity-providers/example/secret', { value: CLIENT.secret })).status, 204)
    browser = await startChromium(getPath(chromium), { hosts: [] })
  })
  after(async () => {
    await browser?.close()
    await gateway?.stop()
    await provider?.stop()
    await rm(data, { recursive: true, force: true })
  })

  /** As the first account. */
  async function tell(method: string, path: string, body?: object): Promise<Response> {
    return await fetch(`${origin.replace('localhost', '127.0.0.1')}/api/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(cookie !== undefined && { cookie, 'x-csrf-token': csrfToken }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** In a browser of their own. */
  async function withPage(use: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext()
    try {
      await use(await context.newPage())
    } finally {
      await context.close()
    }
  }

  async function logIn(page: Page, name: string, agrees = true): Promise<void> {
    await page.goto(`${origin}/login`)
    await page.click('#provider-example')
    await page.fill('input[name=login]', name)
    await page.fill('input[name=password]', 'any')
    await page.click('button[type=submit]')
    if (agrees) await page.click('button[type=submit]:not(form:has(input[name=login]) *)')
    await page.waitForURL(`${origin}/**`)
  }

  const shows = (page: Page, text: string) => page.locator('main', { hasText: text }).waitFor()
  const me = (page: Page) =>
    page.evaluate(
      async () => (await (await fetch('/api/v1/me')).json()) as { readonly actor: string; readonly grants: object[] },
    )

  it('makes an account at the first one, and finds it at the next', async () => {
    const actors: string[] = []
    for (let i = 0; i < 2; i++) {
      await withPage(async (page) => {
        await logIn(page, 'guest')
        await shows(page, 'You are logged in as guest.')
        const { actor, grants } = await me(page)
        assert.deepEqual(grants, [{ role: 'viewer', team: 'main' }])
        actors.push(actor)
      })
    }
    assert.equal(actors[0], actors[1])
  })

  it('gives what the groups may at that moment, and nothing to who is in none', async () => {
    const groups = { guests: [{ role: 'editor', team: 'main' }] }
    assert.equal((await tell('PUT', '/identity-providers/example', { ...provided, groups })).status, 200)
    await withPage(async (page) => {
      await logIn(page, 'guest')
      await shows(page, 'You are logged in as guest.')
      assert.deepEqual((await me(page)).grants, [{ role: 'editor', team: 'main' }])
    })
    await withPage(async (page) => {
      await logIn(page, 'nobody')
      await shows(page, 'you are in no group that may do anything here')
      await page.click('#again a')
      await page.waitForURL(`${origin}/login`)
    })
    await tell('PUT', '/identity-providers/example', { ...provided, groups: {} })
    await withPage(async (page) => {
      await logIn(page, 'guest')
      await shows(page, 'you are in no group that may do anything here')
    })
    const { items } = (await (await tell('GET', '/users?search=guest')).json()) as { items: { grants: object[] }[] }
    assert.deepEqual(items[0]?.grants, [])
    await tell('PUT', '/identity-providers/example', provided)
  })

  it('takes over no account by its e-mail address', () =>
    withPage(async (page) => {
      await tell('PUT', '/identity-providers/example', { ...provided, grants: [{ role: 'viewer', team: 'main' }] })
      await logIn(page, 'root')
      await shows(page, 'there is another account with your e-mail address')
    }))

  it('ends in the browser that began it, and once', () =>
    withPage(async (page) => {
      await page.goto(`${origin}/login/callback?code=stolen&state=any`)
      await shows(page, 'This login is too old, or is over')
      await page.goto(`${origin}/login`)
      await page.click('#provider-example')
      await page.waitForURL(`${provider.issuer}/**`)
      await page.goto(`${origin}/login/callback?code=stolen&state=any&iss=${encodeURIComponent(provider.issuer)}`)
      await shows(page, 'The provider did not log you in')
      await page.goto(`${origin}/login/callback?error=access_denied`)
      await shows(page, 'This login is too old, or is over')
    }))

  it('is the only way where that is said, but for an emergency', async () => {
    await tell('PUT', '/identity-providers/example', { ...provided, isEnforced: true })
    const link = async (email: string, isBreakGlass: boolean) => {
      const answer = await tell('POST', '/users', { email, name: 'Eve', grants: [], isBreakGlass })
      const { link: made } = (await answer.json()) as { link: { url: string } }
      const password = 'seven green kettles'
      await tell('POST', '/invitation', { secret: made.url.split('#')[1], password })
      return (await tell('POST', '/login', { email, password })).status
    }
    assert.deepEqual([await link('eve@example.com', false), await link('glass@example.com', true)], [401, 200])
  })
})
