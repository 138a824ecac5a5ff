/** Owns the proof of logins: a real provider, a real gateway, and a browser that somebody uses. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { CLIENT, RunningProvider } from './harness/openid-provider.ts'
import { listenAsWitness, parseTestimony, type RawUpstream, type Testimony } from './harness/raw-upstream.ts'
import { WebBrowser, type WebPage } from './harness/web-browser.ts'

const CALLBACK = '/.gatewright/login/callback'
const END = '/.gatewright/login/end'
const COOKIE = 'gatewright-session'

function testimonyOf({ headers }: WebPage): Testimony {
  return parseTestimony(String(headers['x-saw'] ?? assert.fail('the upstream was not asked')))
}

function fieldOf(page: WebPage, name: string): string | undefined {
  return testimonyOf(page).fields.find(([each]) => each.toLowerCase() === name)?.[1]
}

describe('a login with a browser', () => {
  let upstream: RawUpstream
  let provider: RunningProvider
  let gateway: RunningGateway
  let origin: string

  const toYaml = (more = '') => `gatewright: 1
listeners: [{ id: web, host: 127.0.0.1, port: 8080 }]
apis:
  - id: shop
    basePath: /
    upstream: ${upstream.url}
    routes:
      - { id: open, path: "/open/{rest+}" }
      - id: pages
        path: "/{rest+}"
        policies:
          - policy: oidc-login
            options:
              issuer: ${provider.issuer}
              clientId: ${CLIENT.id}
              clientSecret: "\${env:CLIENT_SECRET}"
              scopes: [openid, email, offline_access]
              authorizationParameters: { prompt: consent }
              claims: userinfo
              cookie: { secrets: ["\${env:COOKIE_SECRET}"] }
              logoutPath: /logout
              postLogoutRedirect: /open/bye
              forwardAccessToken: true
              backChannelLogoutPath: ${END}
${more}              toUpstream: { id: X-User-Id, claims: { email: X-User-Email } }
`

  before(async () => {
    const port = await findFreePort()
    origin = `http://127.0.0.1:${port}`
    upstream = await listenAsWitness()
    provider = await RunningProvider.start({
      origins: [origin, `https://127.0.0.1:${port}`],
      callback: CALLBACK,
      afterLogout: '/open/bye',
      accessTokenSeconds: 2,
      backChannel: { uri: origin + END },
    })
    gateway = await startGateway({
      port,
      threads: 2,
      env: { CLIENT_SECRET: CLIENT.secret, COOKIE_SECRET: 'a-secret-for-cookies-of-this-very-test' },
      yaml: toYaml(),
    })
  })
  after(async () => {
    await gateway?.stop()
    await provider?.stop()
    await upstream?.close()
  })

  /** Says who it is on the provider's pages, and agrees. */
  async function logIn(browser: WebBrowser, path: string, name = 'ada'): Promise<WebPage> {
    const login = await browser.visit(origin + path)
    assert.ok(login.url.startsWith(provider.issuer), `${login.status} at ${login.url}: ${login.body}`)
    return await browser.submit(await browser.submit(login, { login: name, password: 'any' }))
  }

  it('leads to the provider and back to the page that was wanted', async () => {
    const browser = new WebBrowser()
    const page = await logIn(browser, '/orders/5?page=2')
    assert.deepEqual([page.status, page.url], [200, `${origin}/orders/5?page=2`])
    assert.equal(testimonyOf(page).target, '/orders/5?page=2')
    assert.equal(fieldOf(page, 'x-user-id'), 'ada')
    assert.equal(fieldOf(page, 'x-user-email'), 'ada@example.com')
    assert.match(fieldOf(page, 'authorization') ?? '', /^Bearer [\w-]+$/)
    assert.equal(fieldOf(page, 'cookie'), undefined)
    assert.deepEqual([...browser.cookiesOf(origin).keys()], [COOKIE])
  })

  it('shows the provider an S256 challenge, and keeps the login in a cookie of its own', async () => {
    const { headers } = await new WebBrowser().visit(`${origin}/x`, { redirects: 0 })
    const { searchParams } = new URL(headers.location ?? '')
    assert.equal(searchParams.get('code_challenge_method'), 'S256')
    assert.match(headers['set-cookie']?.[0] ?? '', /; HttpOnly; SameSite=Lax; Max-Age=900$/)
  })

  it('refreshes tokens that the provider takes once, for many requests on two threads', async () => {
    const browser = new WebBrowser()
    await logIn(browser, '/x')
    const first = browser.cookiesOf(origin).get(COOKIE)?.value
    const before = provider.grants.get('refresh_token') ?? 0
    const tokens = new Set<string | undefined>()
    await until(async () => {
      const pages = await Promise.all(Array.from({ length: 8 }, () => browser.visit(`${origin}/x`)))
      for (const page of pages) tokens.add(fieldOf(page, 'authorization'))
      return browser.cookiesOf(origin).get(COOKIE)?.value !== first || undefined
    }, 'a refreshed session')
    tokens.add(fieldOf(await browser.visit(`${origin}/x`), 'authorization'))
    assert.equal(provider.grants.get('refresh_token'), before + 1)
    assert.equal(tokens.size, 2)
  })

  it('lets two tabs log in at once', async () => {
    const browser = new WebBrowser()
    const one = await browser.visit(`${origin}/one`, { redirects: 0 })
    const two = await browser.visit(`${origin}/two`, { redirects: 0 })
    const login = await browser.visit(two.headers.location ?? '')
    const second = await browser.submit(await browser.submit(login, { login: 'ada', password: 'any' }))
    assert.deepEqual([second.status, second.url], [200, `${origin}/two`])
    const first = await browser.submit(await browser.visit(one.headers.location ?? ''))
    assert.deepEqual([first.status, first.url], [200, `${origin}/one`])
  })

  it('logs out here and at the provider, and the old cookie opens nothing', async () => {
    const browser = new WebBrowser()
    await logIn(browser, '/x')
    const kept = browser.cookiesOf(origin).get(COOKIE) ?? assert.fail('there is no session')
    const confirm = await browser.visit(`${origin}/logout`)
    assert.ok(confirm.url.startsWith(provider.issuer))
    assert.deepEqual([...browser.cookiesOf(origin).keys()], [])
    const bye = await browser.submit(confirm, { logout: 'yes' })
    assert.equal(new URL(bye.url).origin + new URL(bye.url).pathname, `${origin}/open/bye`)
    browser.cookiesOf(origin).set(COOKIE, kept)
    for (let i = 0; i < 4; i++) {
      const page = await browser.visit(`${origin}/x`, { headers: { 'Sec-Fetch-Mode': 'cors' } })
      assert.equal(page.status, 401)
    }
  })

  /** How a cookie is answered, by whichever thread takes the connection. */
  async function statusesOf(browser: WebBrowser): Promise<Set<number>> {
    const headers = { 'Sec-Fetch-Mode': 'cors' }
    const pages = await Promise.all(Array.from({ length: 12 }, () => browser.visit(`${origin}/x`, { headers })))
    return new Set(pages.map(({ status }) => status))
  }

  it('ends on all threads when the provider says so, and no reload brings it back', async () => {
    const browser = new WebBrowser()
    const other = new WebBrowser()
    await logIn(browser, '/x')
    await logIn(other, '/x')
    const kept = browser.cookiesOf(origin).get(COOKIE) ?? assert.fail('there is no session')
    assert.deepEqual(await statusesOf(browser), new Set([200]))
    await browser.submit(await browser.visit(`${provider.issuer}/session/end`), { logout: 'yes' })
    assert.equal(provider.toldLogouts.at(-1), 'success')
    assert.deepEqual(await statusesOf(browser), new Set([401]))
    const { version = 0 } = (await gateway.snapshot()) ?? {}
    await gateway.rewrite(toYaml('              sessionSeconds: 3600\n'))
    await until(async () => ((await gateway.snapshot())?.version ?? 0) > version || undefined, 'the reload')
    browser.cookiesOf(origin).set(COOKIE, kept)
    assert.deepEqual(await statusesOf(browser), new Set([401]))
    assert.deepEqual(await statusesOf(other), new Set([200]))
  })

  it('takes nothing that was changed, and leads to a new login', async () => {
    const browser = new WebBrowser()
    await logIn(browser, '/x')
    const cookies = browser.cookiesOf(origin)
    const { value, path } = cookies.get(COOKIE) ?? assert.fail('there is no session')
    cookies.set(COOKIE, { value: `${value.slice(0, -4)}AAAA`, path })
    const page = await browser.visit(`${origin}/x`, { redirects: 0 })
    assert.equal(page.status, 303)
    assert.equal(cookies.has(COOKIE), false)
  })

  it('answers scripts with 401 and a problem', async () => {
    const { status, headers, body } = await new WebBrowser().visit(`${origin}/api`, {
      headers: { 'Sec-Fetch-Mode': 'cors' },
    })
    assert.deepEqual([status, headers['www-authenticate']], [401, `Cookie cookie-name="${COOKIE}"`])
    assert.equal((JSON.parse(body) as { type: string }).type, 'urn:gatewright:problem:credential-missing')
  })

  it('says that somebody declined, with 403 and nothing of the provider’s text', async () => {
    const browser = new WebBrowser()
    const login = await browser.visit(`${origin}/x`)
    const abort = /href="([^"]*\/abort)"/.exec(login.body)?.[1] ?? assert.fail('there is no way to decline')
    const page = await browser.visit(new URL(abort, login.url).href)
    assert.equal(page.status, 403)
    assert.equal((JSON.parse(page.body) as { type: string }).type, 'urn:gatewright:problem:login-failed')
    assert.doesNotMatch(page.body, /End-User aborted/i)
    assert.equal(browser.cookiesOf(origin).size, 0)
  })

  it('never writes cookies, codes and tokens to its records', async () => {
    const browser = new WebBrowser()
    await logIn(browser, '/x')
    const value = browser.cookiesOf(origin).get(COOKIE)?.value ?? assert.fail('there is no session')
    const back = browser.trail.find((location) => location.startsWith(origin + CALLBACK)) ?? assert.fail('no way back')
    const { code, state } = Object.fromEntries(new URL(back).searchParams)
    // Records are written behind the answers: that of a later request says that these are written.
    const { headers } = await browser.visit(`${origin}/open/last`)
    await until(() => gateway.stdout.includes(String(headers['x-request-id'])) || undefined, 'the records')
    for (const secret of [value.slice(0, 40), code, state, CLIENT.secret]) {
      assert.ok(secret !== undefined && secret !== '')
      assert.ok(!(gateway.stdout + gateway.stderr).includes(secret), secret)
    }
  })
})

describe('a login behind a proxy that speaks TLS', () => {
  it('sets cookies for this host and TLS only, where a trusted proxy says that browsers use it', async () => {
    const port = await findFreePort()
    const origin = `https://127.0.0.1:${port}`
    const provider = await RunningProvider.start({
      origins: [origin],
      callback: CALLBACK,
      afterLogout: '/',
      accessTokenSeconds: 60,
    })
    const yaml = `gatewright: 1
listeners: [{ id: web, host: 127.0.0.1, port: 8080, trustedProxies: [127.0.0.1] }]
apis:
  - id: shop
    policies:
      - policy: oidc-login
        options:
          issuer: ${provider.issuer}
          clientId: ${CLIENT.id}
          cookie: { secrets: [a-secret-for-cookies-of-this-very-test] }
      - { policy: respond, options: { status: 200 } }
`
    const gateway = await startGateway({ port, yaml }).catch(async (error: unknown) => {
      await provider.stop()
      throw error
    })
    try {
      const headers = { 'X-Forwarded-Proto': 'https' }
      const page = await new WebBrowser().visit(`http://127.0.0.1:${port}/x`, { headers, redirects: 0 })
      assert.match(
        page.headers['set-cookie']?.[0] ?? '',
        /^__Host-gatewright-session\.login\.[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure; /,
      )
      const redirectUri = new URL(page.headers.location ?? '').searchParams.get('redirect_uri')
      assert.equal(redirectUri, origin + CALLBACK)
    } finally {
      await gateway.stop()
      await provider.stop()
    }
  })
})
