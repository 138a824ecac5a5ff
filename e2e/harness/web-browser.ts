/** Owns a browser without a screen: it keeps cookies, follows redirects and sends forms, as people make it. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { within } from './deadline.ts'

const MOST_REDIRECTS = 20

export interface WebPage {
  /** Where it ended after redirects. */
  readonly url: string
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Visit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  /** Of redirects, how many are followed; all, unless said. */
  readonly redirects?: number
}

interface Cookie {
  readonly value: string
  /** RFC 6265 §5.1.4. */
  readonly path: string
}

export class WebBrowser {
  /** By origin, and there by name. */
  readonly #cookies = new Map<string, Map<string, Cookie>>()
  /** What every redirect on the way said, in order. */
  readonly trail: string[] = []

  /** Of an origin: a test may read and change them. */
  cookiesOf(origin: string): Map<string, Cookie> {
    let cookies = this.#cookies.get(origin)
    if (cookies === undefined) {
      cookies = new Map()
      this.#cookies.set(origin, cookies)
    }
    return cookies
  }

  /** As somebody who types an address, or clicks. */
  async visit(url: string, { redirects = MOST_REDIRECTS, ...visit }: Visit = {}): Promise<WebPage> {
    const page = await this.#load(url, visit)
    const { location } = page.headers
    if (location === undefined || redirects === 0) return page
    this.trail.push(location)
    // RFC 9110 §15.4: what is sent with a form is not sent again.
    return await this.visit(new URL(location, url).href, { redirects: redirects - 1 })
  }

  /** Sends the page's form, with what is hidden in it. */
  async submit({ url, body }: WebPage, fields: Readonly<Record<string, string>> = {}): Promise<WebPage> {
    const action = /<form[^>]*\baction="([^"]*)"/.exec(body)?.[1]
    if (action === undefined) throw new Error(`there is no form in ${url}: ${body.slice(0, 400)}`)
    const hidden: Record<string, string> = {}
    for (const [input] of body.matchAll(/<input[^>]*type="hidden"[^>]*>/g))
      hidden[/\bname="([^"]*)"/.exec(input)?.[1] ?? ''] = /\bvalue="([^"]*)"/.exec(input)?.[1] ?? ''
    const target = new URL(action.replaceAll('&amp;', '&'), url).href
    return await this.visit(target, { method: 'POST', form: { ...hidden, ...fields } })
  }

  async #load(url: string, { method = 'GET', headers = {}, form }: Omit<Visit, 'redirects'>): Promise<WebPage> {
    const { origin, pathname } = new URL(url)
    const cookies = this.cookiesOf(origin)
    const sent = Array.from(cookies)
      .filter(([, { path }]) => path === '/' || pathname === path || pathname.startsWith(`${path}/`))
      .map(([name, { value }]) => `${name}=${value}`)
    const call = request(url, {
      method,
      agent: false,
      headers: {
        Accept: 'text/html',
        'Sec-Fetch-Mode': 'navigate',
        ...headers,
        ...(sent.length > 0 && { Cookie: sent.join('; ') }),
        ...(form !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
    })
    call.end(form === undefined ? undefined : new URLSearchParams(form).toString())
    const [answer] = (await within(once(call, 'response'), `an answer of ${url}`)) as [IncomingMessage]
    const body = await text(answer)
    for (const line of answer.headers['set-cookie'] ?? []) keep(cookies, line)
    return { url, status: answer.statusCode ?? 0, headers: answer.headers, body }
  }
}

/** RFC 6265 §5.3, as far as servers in tests need it. */
function keep(cookies: Map<string, Cookie>, line: string): void {
  const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
  const expires = /;\s*expires=([^;]+)/i.exec(rest)?.[1]
  const isGone = /;\s*max-age=0(?:;|$)/i.test(rest) || (expires !== undefined && Date.parse(expires) < Date.now())
  const path = /;\s*path=([^;]+)/i.exec(rest)?.[1] ?? '/'
  if (isGone) cookies.delete(name)
  else cookies.set(name, { value, path })
}
