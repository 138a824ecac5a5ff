/** Owns the proof of logins in a real browser: Chromium, a certified provider, a gateway with TLS, and pages that attack. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { WebSocketServer } from 'ws'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { startChromium } from './harness/chromium.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { CLIENT, RunningProvider } from './harness/openid-provider.ts'
import { findPeer, getPath, toSkip } from './harness/peers.ts'
import { CertificateFolder } from './harness/tls-stage.ts'

const HOST = 'app.test'
/** Of the same site, and not the same host: what stands there must set no session here. */
const SIBLING = 'evil.app.test'
const CALLBACK = '/.gatewright/login/callback'
const END = '/.gatewright/login/end'
const COOKIE = '__Host-gatewright-session'

const chromium = await findPeer('chromium')

interface Asked {
  readonly method: string
  readonly path: string
  readonly user: string | undefined
}

/** What stands behind the gateway: pages that say who loads them, and a WebSocket that says who opened it. */
class TestApp {
  readonly asked: Asked[] = []
  readonly #server: Server
  readonly #sockets: WebSocketServer

  private constructor() {
    this.#server = createServer((request, response) => {
      const { method = '', url: path = '', headers } = request
      const user = headers['x-user-id'] as string | undefined
      this.asked.push({ method, path, user })
      if (path === '/open/toss')
        response.setHeader('Set-Cookie', [
          `${COOKIE}=1.tossed; Domain=${HOST}; Path=/; Secure`,
          `${COOKIE}=1.tossed; Path=/open; Secure`,
        ])
      // Whoever shows people what is theirs says that it is not to be kept.
      response.setHeader('Cache-Control', 'no-store')
      response.setHeader('Content-Type', 'text/html')
      response.end(`<!doctype html><title>${path}</title><p id="user">${user ?? 'nobody'}</p>`)
    })
    this.#sockets = new WebSocketServer({ server: this.#server })
    this.#sockets.on('connection', (socket, { headers, url: path = '' }) => {
      this.asked.push({ method: 'WebSocket', path, user: headers['x-user-id'] as string | undefined })
      socket.on('message', (data) => socket.send(`${headers['x-user-id']}: ${data}`))
    })
  }

  static async start(): Promise<TestApp> {
    const app = new TestApp()
    app.#server.listen(0, '127.0.0.1')
    await once(app.#server, 'listening')
    return app
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** Another site, with a page that sends whoever loads it to the app, by a form or a link. */
async function startOtherSite(): Promise<Server> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const method = searchParams.get('method') ?? 'GET'
    response.setHeader('Content-Type', 'text/html')
    response.end(
      `<!doctype html><form method="${method}" action="${searchParams.get('to')}"><input name="amount" value="9"><button id="go">go</button></form>`,
    )
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return server
}

const toYaml = ({
  app,
  provider,
  folder,
}: {
  app: TestApp
  provider: RunningProvider
  folder: string
}) => `gatewright: 1
listeners: [{ id: web, host: 127.0.0.1, port: 8443, tls: { certificates: [main] } }]
certificates: [{ id: main, folder: ${folder} }]
apis:
  - id: shop
    basePath: /
    upstream: ${app.url}
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
              scopes: [openid, email]
              cookie: { secrets: ["\${env:COOKIE_SECRET}"] }
              logoutPath: /logout
              backChannelLogoutPath: ${END}
              postLogoutRedirect: /open/bye
              toUpstream: { id: X-User-Id }
`

describe('a login in Chromium', { skip: toSkip(chromium) }, () => {
  let certificates: CertificateFolder
  let app: TestApp
  let provider: RunningProvider
  let gateway: RunningGateway
  let browser: Browser
  let otherSite: Server
  let origin: string

  before(async () => {
    const path = getPath(chromium)
    const port = await findFreePort()
    origin = `https://${HOST}:${port}`
    certificates = new CertificateFolder()
    const certificate = certificates.issue({ names: [HOST, SIBLING] })
    certificates.show('main', certificate)
    app = await TestApp.start()
    otherSite = await startOtherSite()
    provider = await RunningProvider.start({
      origins: [origin],
      callback: CALLBACK,
      afterLogout: '/open/bye',
      accessTokenSeconds: 600,
      backChannel: { uri: origin + END, ca: certificates.authority.certPem },
    })
    gateway = await startGateway({
      port,
      threads: 2,
      yaml: toYaml({ app, provider, folder: certificates.path }),
      env: { CLIENT_SECRET: CLIENT.secret, COOKIE_SECRET: 'a-secret-for-cookies-of-this-very-test' },
    })
    browser = await startChromium(path, { hosts: [HOST, SIBLING], certificate })
  })
  after(async () => {
    await browser?.close()
    await gateway?.stop()
    await provider?.stop()
    app?.close()
    otherSite?.close()
    certificates?.remove()
  })

  /** A browser of somebody else: no cookies yet. */
  async function withBrowser(use: (context: BrowserContext) => Promise<void>): Promise<void> {
    const context = await browser.newContext()
    try {
      await use(context)
    } finally {
      await context.close()
    }
  }

  /** What somebody does at the provider: says a name, and agrees, where that was not done before. */
  async function passProvider(page: Page, { name = 'ada', agrees = true } = {}): Promise<void> {
    await page.fill('input[name=login]', name)
    await page.fill('input[name=password]', 'any')
    await page.click('button[type=submit]')
    if (agrees) await page.click('button[type=submit]:not(form:has(input[name=login]) *)')
    await page.waitForURL(`${origin}/**`)
  }

  async function logIn(context: BrowserContext, path = '/home'): Promise<Page> {
    const page = await context.newPage()
    await page.goto(origin + path)
    assert.ok(page.url().startsWith(provider.issuer), page.url())
    await passProvider(page)
    return page
  }

  const userOn = (page: Page) => page.textContent('#user')
  const isPage = ({ path }: Asked) => path !== '/favicon.ico'
  const isAtProvider = (page: Page) => page.url().startsWith(provider.issuer)
  const toOtherSite = (method: string, path: string) =>
    `http://localhost:${(otherSite.address() as AddressInfo).port}/?${new URLSearchParams({ method, to: origin + path })}`

  /** As a script of the page sees it. */
  const fetchFrom = (page: Page, path: string) =>
    page.evaluate(async (url) => {
      const { status, redirected, headers } = await fetch(url)
      return { status, redirected, challenge: headers.get('www-authenticate') }
    }, path)

  it('leads to the provider, and back to a page that knows who is there', () =>
    withBrowser(async (context) => {
      const page = await logIn(context, '/orders?page=2')
      assert.equal(page.url(), `${origin}/orders?page=2`)
      assert.equal(await userOn(page), 'ada')
    }))

  it('keeps a cookie that no script and no other host sees, and nothing of the login', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      const cookies = await context.cookies(origin)
      const facts = cookies.map(({ value: _, ...rest }) => rest)
      assert.deepEqual(facts, [
        { name: COOKIE, domain: HOST, path: '/', expires: -1, httpOnly: true, secure: true, sameSite: 'Lax' },
      ])
      assert.equal(await page.evaluate('document.cookie'), '')
    }))

  it('is kept in several cookies where it is long, and taken away as a whole', () =>
    withBrowser(async (context) => {
      const page = await context.newPage()
      const name = 'a'.repeat(2500)
      await page.goto(`${origin}/home`)
      await passProvider(page, { name })
      assert.equal(await userOn(page), name)
      const cookies = await context.cookies(origin)
      assert.ok(cookies.length > 1 && cookies.every((cookie) => cookie.name.startsWith(COOKIE)))
      await page.goto(`${origin}/logout`)
      assert.deepEqual(await context.cookies(origin), [])
    }))

  it('is one for all tabs', () =>
    withBrowser(async (context) => {
      await logIn(context)
      const second = await context.newPage()
      await second.goto(`${origin}/second`)
      assert.deepEqual([second.url(), await userOn(second)], [`${origin}/second`, 'ada'])
    }))

  it('may begin in two tabs at once: each comes back to its own page', () =>
    withBrowser(async (context) => {
      const one = await context.newPage()
      const two = await context.newPage()
      await one.goto(`${origin}/one`)
      await two.goto(`${origin}/two`)
      await passProvider(two)
      await passProvider(one, { agrees: false })
      assert.deepEqual([one.url(), two.url()], [`${origin}/one`, `${origin}/two`])
      assert.deepEqual([await userOn(one), await userOn(two)], ['ada', 'ada'])
      assert.deepEqual(
        (await context.cookies(origin)).map(({ name }) => name),
        [COOKIE],
      )
    }))

  it('ends by a logout, and the button back shows nothing any more', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      await page.goto(`${origin}/logout`)
      assert.ok(isAtProvider(page))
      assert.deepEqual(await context.cookies(origin), [])
      await page.click('button[name=logout]')
      await page.waitForURL(`${origin}/open/bye*`)
      await page.evaluate('history.go(-2)')
      await page.waitForURL(`${provider.issuer}/**`)
      assert.equal(await page.locator('#user').count(), 0)
    }))

  it('is none for scripts: they hear 401, and are not led away', () =>
    withBrowser(async (context) => {
      const page = await context.newPage()
      await page.goto(`${origin}/open/page`)
      assert.deepEqual(await fetchFrom(page, '/api'), {
        status: 401,
        redirected: false,
        challenge: `Cookie cookie-name="${COOKIE}"`,
      })
    }))

  it('is of no use to other sites: their forms and WebSockets come without it, their links cannot log out', () =>
    withBrowser(async (context) => {
      await logIn(context)
      const page = await context.newPage()
      const follow = async (method: string, path: string): Promise<number | undefined> => {
        await page.goto(toOtherSite(method, path))
        const [answer] = await Promise.all([
          page.waitForResponse((each) => each.url().startsWith(origin)),
          page.click('#go'),
        ])
        return answer.status()
      }
      const before = app.asked.length
      assert.equal(await follow('POST', '/transfer'), 401)
      assert.equal(await follow('GET', '/logout'), 403)
      assert.equal(await follow('POST', '/logout'), 403)
      await page.goto(toOtherSite('GET', '/'))
      assert.equal(await openSocket(page), 'closed')
      assert.deepEqual(app.asked.slice(before).filter(isPage), [])
      // A link that people click on is another thing: it loads the page as they know it.
      assert.equal(await follow('GET', '/linked'), 200)
      assert.equal(await userOn(page), 'ada')
    }))

  it('cannot be given to somebody by a host beside this one (session fixation)', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      const sibling = await context.newPage()
      await sibling.goto(origin.replace(HOST, SIBLING).concat('/open/toss'))
      assert.equal(await userOn(sibling), 'nobody')
      assert.equal((await context.cookies()).filter(({ value }) => value.includes('tossed')).length, 0)
      await page.reload()
      assert.equal(await userOn(page), 'ada')
    }))

  /** A WebSocket of the page, which notes its end. */
  async function openSocket(page: Page): Promise<string> {
    return await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url)
          socket.onopen = () => socket.send('hello')
          socket.onmessage = ({ data }) => resolve(String(data))
          socket.onclose = () => {
            Object.assign(globalThis, { isClosed: true })
            resolve('closed')
          }
        }),
      origin.replace('https:', 'wss:').concat('/live'),
    )
  }

  const untilClosed = (page: Page) =>
    until(async () => (await page.evaluate('globalThis.isClosed')) === true || undefined, 'the end of the WebSocket')

  it('opens WebSockets of its pages, which end with a logout in another tab', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      assert.equal(await openSocket(page), 'ada: hello')
      const second = await context.newPage()
      await second.goto(`${origin}/logout`)
      await untilClosed(page)
      assert.equal(await openSocket(page), 'closed')
    }))

  it('ends when the provider says so: pages, scripts and WebSockets of the browser, and nobody else’s', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      await openSocket(page)
      await withBrowser(async (others) => {
        const theirs = await logIn(others)
        const atProvider = await context.newPage()
        await atProvider.goto(`${provider.issuer}/session/end`)
        const before = provider.toldLogouts.length
        await atProvider.click('button[name=logout]')
        await until(() => provider.toldLogouts[before], 'the provider to tell of the logout')
        assert.equal(provider.toldLogouts[before], 'success')
        // The browser knows nothing of it yet.
        assert.deepEqual(
          (await context.cookies(origin)).map(({ name }) => name),
          [COOKIE],
        )
        // Connections of a browser are few, and threads are two: each of them has heard.
        for (let i = 0; i < 4; i++) assert.equal((await fetchFrom(page, '/api')).status, 401)
        await untilClosed(page)
        await page.reload()
        assert.ok(isAtProvider(page))
        assert.equal((await fetchFrom(theirs, '/api')).status, 200)
      })
    }))

  it('can be begun anew right after the provider ended it', () =>
    withBrowser(async (context) => {
      const page = await logIn(context)
      await page.goto(`${provider.issuer}/session/end`)
      const before = provider.toldLogouts.length
      await page.click('button[name=logout]')
      await until(() => provider.toldLogouts[before], 'the provider to tell of the logout')
      await page.goto(`${origin}/again`)
      await passProvider(page, { name: 'bob' })
      assert.deepEqual([page.url(), await userOn(page)], [`${origin}/again`, 'bob'])
    }))
})
