/** Owns a browser's part in tests of logins: it keeps cookies, and sends them. */
import type { PolicyRun, TestAnswer, TestRequest } from '../testing/index.ts'

export const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }

export class TestBrowser {
  readonly cookies = new Map<string, string>()
  readonly #run: PolicyRun
  readonly #scheme: 'http' | 'https'
  readonly #host: string

  constructor(
    run: PolicyRun,
    { scheme = 'https', host = 'app.example.com' }: Pick<TestRequest, 'scheme' | 'host'> = {},
  ) {
    this.#run = run
    this.#scheme = scheme
    this.#host = host
  }

  /** Loads a page, unless `headers` say something else. */
  async load(
    target: string,
    { headers = PAGE, method = 'GET' }: { headers?: Readonly<Record<string, string>>; method?: string } = {},
  ): Promise<TestAnswer> {
    const answer = await this.#run.with({
      target,
      method,
      scheme: this.#scheme,
      host: this.#host,
      headers: { ...headers, ...(this.cookies.size > 0 && { Cookie: this.cookieField }) },
    })
    this.keep(answer)
    return answer
  }

  get cookieField(): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  }

  /** RFC 6265 §5.3, as far as these answers need it. */
  keep({ headers }: TestAnswer): void {
    for (const line of headers.getAll('set-cookie')) {
      const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
      if (/max-age=0(?:;|$)/i.test(rest)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }
}

/** Where an answer sends the browser. */
export function locationOf({ headers }: TestAnswer): string {
  return headers.get('location') ?? ''
}
