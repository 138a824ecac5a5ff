/** Owns what tests of a login begin with: the policy, a provider, a clock, and somebody who is logged in. */
import type { z } from 'zod'
import { FakeClock, type PolicyRun, type PolicyRunSetup, run } from '../testing/index.ts'
import { CLIENT_ID, FakeProvider, ISSUER } from './fake-provider.fixture.ts'
import { oidcLogin } from './oidc-login.ts'
import { locationOf, TestBrowser } from './test-browser.fixture.ts'

export const SECRET = 'a-secret-of-tests-that-is-long-enough'
export const CALLBACK = '/.gatewright/login/callback'
export const COOKIE = '__Host-gatewright-session'

type Options = Partial<z.input<typeof oidcLogin.options>>

export interface LoginStage {
  readonly clock: FakeClock
  readonly provider: FakeProvider
  readonly run: PolicyRun
  readonly browser: TestBrowser
}

export function stageLogin(options: Options = {}, setup: PolicyRunSetup = {}): LoginStage {
  const clock = setup.clock ?? new FakeClock()
  const provider = new FakeProvider(clock)
  const made = run(
    oidcLogin,
    { issuer: ISSUER, clientId: CLIENT_ID, cookie: { secrets: [SECRET] }, ...options },
    { http: provider.http, ...setup, clock },
  )
  return { clock, provider, run: made, browser: new TestBrowser(made) }
}

/** Loads a page, logs in at the provider and comes back; returns what the way back was answered with. */
export async function logIn({ browser, provider }: Pick<LoginStage, 'browser' | 'provider'>, target = '/') {
  const location = locationOf(await browser.load(target))
  return await browser.load(CALLBACK + provider.approve(location))
}
