/** Owns the configurations that several tests share. */
import { PATH_ROUTES } from '../../packages/gateway/src/http1/cases/paths.ts'
import { TABLE_LIMITS } from '../../packages/gateway/src/http1/cases/wire-case.ts'

const LIMITS = Object.entries(TABLE_LIMITS).map(([name, value]) => `${name}: ${value}`)

/** One API that forwards everything to `url`; `more` are further lines at the top level. */
export function forwardAll(url: string, more = ''): string {
  return `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
      - { id: root, path: / }
      - { id: rest, path: "/{rest+}" }
${more}`
}

/** What the wire tables are written for. */
export function forTables(url: string): string {
  const routes = Object.entries(PATH_ROUTES).map(([id, path]) => `      - { id: ${id}, path: "${path}" }`)
  return `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080, limits: { ${LIMITS.join(', ')} } }
accessLog: off
apis:
  - id: tables
    basePath: /
    upstream: ${url}
    routes:
${routes.join('\n')}
      - { id: small, path: "/small/{rest+}", bodyBytes: 16 }
`
}
