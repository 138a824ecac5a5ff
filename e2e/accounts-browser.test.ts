/** Owns the proof of accounts in a real browser: Chromium, and a gateway with its control plane as users start it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TOTP } from 'otpauth'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { startChromium } from './harness/chromium.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, getPath, toSkip } from './harness/peers.ts'

const chromium = await findPeer('chromium')
const PASSWORD = 'correct horse battery'
const EMAIL = 'ann@example.com'

describe('an account in Chromium', { skip: toSkip(chromium) }, () => {
  let gateway: RunningGateway
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let origin: string
  let data: string
  let link: string
  let totpKey: string
  let codes: string[]
  /** What the pages said to the console, and what they asked of elsewhere. */
  const complaints: string[] = []

  before(async () => {
    const port = await findFreePort()
    data = await mkdtemp(join(tmpdir(), 'gatewright-accounts-'))
    gateway = await startGateway({
      yaml: 'gatewright: 1\n',
      threads: 1,
      args: ['--control-plane', '--control-port', String(port), '--data', data],
    })
    origin = `http://localhost:${port}`
    link = await until(
      () => /http:\/\/localhost:\d+\/set-up#[\w-]+/.exec(gateway.stderr)?.[0],
      'the link of the first account',
    )
    browser = await startChromium(getPath(chromium), { hosts: [] })
    context = await browser.newContext()
    page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).port !== String(port)) complaints.push(request.url())
    })
    page.on('console', (message) => {
      if (/Content Security Policy|TrustedHTML/i.test(message.text())) complaints.push(message.text())
    })
  })
  after(async () => {
    await browser?.close()
    await gateway?.stop()
    await rm(data, { recursive: true, force: true })
  })

  const message = () => page.textContent('#message')
  const shows = (text: string) => page.locator('main', { hasText: text }).waitFor()

  /** For somebody to look at, where a folder is named. */
  async function show(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
  }

  async function logOut(): Promise<void> {
    await page.click('#log-out')
    await page.waitForURL(`${origin}/login`)
  }

  async function givePassword(password = PASSWORD): Promise<void> {
    await page.fill('#email', EMAIL)
    await page.fill('#password', password)
    await page.keyboard.press('Enter')
  }

  it('is made with the link that the start has printed, whose secret leaves the address', async () => {
    await page.goto(link)
    await page.waitForURL(`${origin}/set-up`)
    await show('set-up')
    await page.fill('#email', EMAIL)
    await page.fill('#name', 'Ann')
    await page.fill('#password', 'passwordpassword')
    await page.keyboard.press('Enter')
    await page.locator('#message', { hasText: 'among the first that are tried' }).waitFor()
    await page.fill('#password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/`)
    await shows('You are logged in as Ann.')
    assert.ok(!gateway.stdout.includes(link.split('#')[1] ?? 'x'))
    await logOut()
  })

  it('is logged in to with the password, by keyboard alone', async () => {
    await show('login')
    await givePassword('wrong horse battery')
    await page.locator('#message', { hasText: 'is wrong' }).waitFor()
    await givePassword()
    await page.waitForURL(`${origin}/`)
    await shows('You are logged in as Ann.')
    await show('home')
  })

  it('makes a token for programs, which is shown once', async () => {
    await page.fill('#token-name', 'my laptop')
    await page.keyboard.press('Enter')
    const token = (await page.locator('#token-value:not(:empty)').textContent()) ?? ''
    await show('token')
    const answer = await fetch(`http://127.0.0.1:${new URL(origin).port}/api/v1/me`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.deepEqual([answer.status, ((await answer.json()) as { name: string }).name], [200, 'my laptop'])
    await page.reload()
    await shows('You are logged in as Ann.')
    assert.equal(await page.locator('#token-value').isVisible(), false)
  })

  it('gets an app for codes, whose code a login asks for from then on', async () => {
    await page.click('#add-totp')
    totpKey = (await page.locator('#totp-key:not(:empty)').textContent()) ?? ''
    const picture = await page.locator('#totp-picture').boundingBox()
    assert.ok(picture !== null && picture.width > 150 && picture.width === picture.height)
    const drawn = await page.locator('#totp-picture path').boundingBox()
    assert.ok(drawn !== null && drawn.width > 0.7 * picture.width && drawn.width < picture.width, 'with nothing around')
    await page.fill('#code', new TOTP({ secret: totpKey }).generate())
    await page.keyboard.press('Enter')
    await page.locator('#codes li').first().waitFor()
    codes = await page.locator('#codes li').allTextContents()
    assert.equal(codes.length, 10)
    await show('codes')
    await logOut()
    await givePassword()
    await page.locator('#second-code').waitFor()
    await show('second')
    await page.fill('#code', '000000')
    await page.keyboard.press('Enter')
    await page.locator('#message', { hasText: 'not right' }).waitFor()
    await page.fill('#code', new TOTP({ secret: totpKey }).generate({ timestamp: Date.now() + 30_000 }))
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/`)
    await shows('An app for codes')
  })

  it('gets a passkey, with which a login needs nothing else', async () => {
    const devices = await context.newCDPSession(page)
    await devices.send('WebAuthn.enable')
    await devices.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await page.click('#add-passkey')
    await shows('Passkey “')
    await logOut()
    await page.click('#passkey')
    await page.waitForURL(`${origin}/`)
    await shows('You are logged in as Ann.')
    await logOut()
    await givePassword()
    await page.click('#second-passkey')
    await page.waitForURL(`${origin}/`)
  })

  it('is got into with a code on paper where all else is lost', async () => {
    await shows('10 recovery codes are left')
    await logOut()
    await givePassword()
    await page.fill('#code', (codes[0] ?? '').toUpperCase())
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/`)
    await shows('9 recovery codes are left')
  })

  it('changes its password, and is logged out', async () => {
    await page.fill('#old', PASSWORD)
    await page.fill('#new', 'seven green kettles')
    await page.keyboard.press('Enter')
    await page.locator('#message', { hasText: 'The password is changed' }).waitFor()
    await logOut()
    await page.goto(`${origin}/`)
    await shows('Nobody is logged in here.')
    assert.equal(await message(), '')
  })

  it('is of pages that ask nothing of elsewhere, look right in the dark, and complain of nothing', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.goto(`${origin}/login`)
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    assert.equal(ground, 'rgb(22, 25, 29)')
    await show('login-dark')
    for (const id of ['email', 'password']) assert.equal(await page.locator(`label[for=${id}]`).count(), 1)
    const { headers } = await fetch(`http://127.0.0.1:${new URL(origin).port}/login`)
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'self'; base-uri 'none'/)
    assert.deepEqual(complaints, [])
  })
})
