/** Owns serving the few pages that the control plane has of its own: setting up, logging in, and how one logs in. They call the admin API, and nothing else. */
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'

const HTML = 'text/html; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'

/** Path → file, beside this one in source and in built packages alike. */
const PAGES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['home.html', HTML],
  '/set-up': ['set-up.html', HTML],
  '/login': ['login.html', HTML],
  '/login/callback': ['callback.html', HTML],
  '/invite': ['invite.html', HTML],
  '/pages/pages.css': ['pages.css', 'text/css; charset=utf-8'],
  '/pages/icon.svg': ['icon.svg', 'image/svg+xml'],
  '/pages/ask.js': ['ask.js', SCRIPT],
  '/pages/home.js': ['home.js', SCRIPT],
  '/pages/set-up.js': ['set-up.js', SCRIPT],
  '/pages/login.js': ['login.js', SCRIPT],
  '/pages/callback.js': ['callback.js', SCRIPT],
  '/pages/invite.js': ['invite.js', SCRIPT],
}

/** Nothing from elsewhere, nothing within the page, and no page around it. */
const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'"

export function servePages(app: FastifyInstance): void {
  for (const [path, [file, type]] of Object.entries(PAGES)) {
    const bytes = readFileSync(new URL(`./files/${file}`, import.meta.url))
    app.get(path, (_, reply) => reply.header('content-security-policy', POLICY).type(type).send(bytes))
  }
}
