/** Proves what the guides in docs/ say: whole configurations validate, expressions are what they are said to be, numbers and names are those of the code. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { ADMIN_ROUTES, BUILT_IN_ROLES } from '../packages/control-plane/src/index.ts'
import { compileValue } from '../packages/expressions/src/index.ts'
import { loadConfiguration } from '../packages/gateway/src/index.ts'
import { toFindingText, toJsonSchema } from '../packages/model/src/index.ts'
import { CEL_NAMES, GatewayResponse, Problem, toCelScope } from '../packages/policies/src/index.ts'
import { runAll } from '../packages/policies/src/testing/index.ts'
import { toConfigurationPage } from './configuration-page.ts'
import { readTree } from './tree.ts'

const root = resolve(import.meta.dirname, '..')
const { documents } = await readTree(root)
const guide = (name: string): string => documents.get(`docs/${name}`) ?? assert.fail(`docs/${name} is missing`)
const source = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
/** The code spans of each row's first two cells. */
const rowsOf = (text: string) =>
  [...text.matchAll(/^\| `(.+?)` \| (.*?) \|/gm)].map(([, name = '', second = '']) => [name, second] as const)

describe('the guide of accounts', () => {
  const text = guide('how-to/accounts.md')

  it('shows what the admin API takes', () => {
    const shown = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json) as object)
    for (const each of shown) {
      const name = 'conditions' in each ? 'putFederation' : 'putIdentityProvider'
      const route = ADMIN_ROUTES.find((candidate) => candidate.name === name) ?? assert.fail(name)
      assert.deepEqual(route.body.safeParse(each).error, undefined)
    }
    assert.equal(shown.length, 3)
  })

  it('names routes that are there', () => {
    const known = new Set(ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`))
    const named = [...text.matchAll(/`((?:GET|PUT|POST|DELETE) \/[^`]+)`/g)].map(([, line = '']) =>
      line
        .replace(/identity-providers\/company/, 'identity-providers/{id}')
        .replace('federations/main/github', 'federations/{team}/{id}'),
    )
    assert.ok(named.length > 10)
    for (const line of named) assert.ok(known.has(line), line)
  })
})

describe('the roles in the guide of accounts', () => {
  it('are those that are built in, each with what it may', () => {
    const [owner, ...others] = BUILT_IN_ROLES
    const kinds = new Map<string, string[]>()
    for (const permission of owner?.permissions ?? []) {
      const [kind = '', verb = ''] = permission.split(':')
      kinds.set(kind, [...(kinds.get(kind) ?? []), verb])
    }
    const all = BUILT_IN_ROLES.map(({ id }) => `\`${id}\``)
    const rows = [...kinds].map(([kind, verbs]) => {
      const cells = others.map(({ permissions }) =>
        verbs.filter((verb) => permissions.some((each) => each === `${kind}:${verb}`)).join(', '),
      )
      return [`\`${kind}\``, verbs.join(', '), ...cells]
    })
    const table = [['', ...all], ['---', ...all.map(() => '---')], ...rows].map((row) => `| ${row.join(' | ')} |\n`)
    assert.ok(guide('how-to/accounts.md').includes(table.join('')), table.join(''))
  })
})

describe('the page of the configuration', () => {
  it('is what the schema says', () => {
    assert.equal(guide('configuration.md'), toConfigurationPage(toJsonSchema([])))
  })

  it('refuses a definition that no section shows', () => {
    assert.throws(() => toConfigurationPage({ $defs: { Novelty: {} } }), /Novelty/)
  })

  it('has a row for every key of the schema', () => {
    const keys = new Set<string>()
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      const { properties } = value as { properties?: object }
      for (const name of Object.keys(properties ?? {})) keys.add(name)
      Object.values(value).forEach(visit)
    }
    const { properties, $defs } = toJsonSchema([]) as { properties: object; $defs: object }
    visit({ properties, $defs: { ...$defs, Target: undefined, Expression: undefined } })
    const shown = new Set(rowsOf(guide('configuration.md')).map(([key]) => key.split('.').at(-1)))
    assert.deepEqual(
      [...keys].filter((key) => !shown.has(key)),
      [],
    )
  })
})

/** What readers put into their environment. */
const SECRETS = {
  OIDC_CLIENT_SECRET: 'a-secret-of-the-reader',
  LOGIN_COOKIE_SECRET: randomBytes(32).toString('hex'),
  IDENTITY_KEY: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
}

describe('whole configurations in documents', () => {
  for (const [file, text] of documents) {
    const wholes = [...text.matchAll(/^```yaml\n((?:#.*\n)*gatewright: 1\n[\s\S]*?)^```$/gm)]
    for (const [index, [, yaml = '']] of wholes.entries()) {
      it(`${file} #${index + 1} has no fault`, async () => {
        const config = { path: join(root, 'packages/cli/examples/own-policy/gatewright.yaml'), text: yaml }
        const env = { PORT: '8080', REGION: 'eu', ORDERS_URL: 'http://127.0.0.1:9001', ...SECRETS }
        const { findings } = await loadConfiguration({ config, env })
        // Certificates and keys are the reader's own.
        const faults = findings.filter(({ severity, code }) => severity === 'fault' && code !== 'pem-unreadable')
        assert.deepEqual(faults.map(toFindingText), [])
      })
    }
  }
})

describe('the page of expressions', () => {
  const exchange = runAll([], { route: { operation: 'putOrder', tags: ['shop'], template: '/orders/{id}' } }).open(
    {
      method: 'PUT',
      target: '/orders/7?page=2',
      scheme: 'https',
      headers: { 'X-Beta': 'yes' },
      parameters: { id: '7' },
    },
    {
      caller: {
        id: 'acme',
        app: 'acme',
        plan: 'free',
        credential: { kind: 'key', id: '0' },
        claims: {},
        scopes: [],
        groups: [],
      },
      certificate: {
        subject: { CN: ['billing'] },
        issuer: { CN: ['Root'] },
        subjectText: 'CN=billing',
        issuerText: 'CN=Root',
        serial: '0a',
        fingerprint: 'ab',
        notBeforeMs: 0,
        notAfterMs: 0,
        dnsNames: [],
        uris: [],
        emails: [],
        der: Buffer.alloc(0),
        chainDer: [],
      },
    },
  )
  const response = GatewayResponse.ofProblem(new Problem('rate-limited'))
  const scope = toCelScope(exchange, { variables: { region: 'eu' }, response })
  const evaluate = (expression: string | { cel: string }) => compileValue(expression, { names: CEL_NAMES })(scope)
  const text = guide('expressions.md')
  const [names = '', examples = ''] = text.split('## Examples')
  const rows = rowsOf(names)

  it('has every name that CEL may start with', () => {
    const starts = new Set(rows.map(([name]) => name.split('.')[0]))
    assert.deepEqual([...starts].sort(), [...CEL_NAMES].sort())
  })

  it('has every member of what CEL sees', async () => {
    const scopes = await source('packages/policies/src/scopes/cel-scope.ts')
    for (const [facts, owner] of [
      ['RequestFacts', 'request'],
      ['ResponseFacts', 'response'],
      ['CertificateFacts', 'client.certificate'],
    ] as const) {
      const body = scopes.split(`class ${facts} {`)[1]?.split('\n}\n')[0] ?? ''
      const members = [...body.matchAll(/^ {2}get (\w+)\(/gm)].map(([, member]) => `${owner}.${member}`)
      assert.ok(members.length > 0)
      assert.deepEqual(
        members.filter((member) => !rows.some(([name]) => name === member)),
        [],
      )
    }
  })

  for (const [name, type] of rows) {
    it(`${name} is a ${type}`, () => {
      const kind = type.split(' ')[0] ?? ''
      const native = kind === 'map' || kind === 'list' ? `size(${name}) >= 0` : `type(${name}) == ${kind}`
      const cel = ['caller', 'response', 'error', 'client.certificate'].includes(name) ? `${name} != null` : native
      assert.equal(evaluate({ cel }), true)
    })
  }

  for (const [cel, said] of rowsOf(examples.split('| text |')[0] ?? '')) {
    it(`${cel} is ${said}`, () =>
      assert.equal(
        JSON.stringify(evaluate({ cel }), (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
        said.slice(1, -1),
      ))
  }

  for (const [template, said] of rowsOf(examples.split('| text |')[1]?.split('\n\n')[0] ?? '')) {
    it(`${template} becomes ${said}`, () => assert.equal(evaluate(template), said.slice(1, -1)))
  }

  it('has the bounds of the code', async () => {
    const limits = await source('packages/expressions/src/native/limits.ts')
    const bounds = [
      ...limits.matchAll(
        /const MAX_(?:SOURCE_CHARS|BRACKET_DEPTH|TREE_DEPTH|LOOP_DEPTH|STEPS|RESULT_CHARS|TEMPLATE_\w+|PATTERN_CHARS|PATTERN_INSTRUCTIONS) = ([\d_]+)/g,
      ),
    ]
    const said = [...(text.split('## Bounds')[1] ?? '').matchAll(/\| (\d+) \|$/gm)].map(([, number]) => number)
    assert.deepEqual(said.sort(), bounds.map(([, number = '']) => number.replaceAll('_', '')).sort())
  })
})

describe('the guides', () => {
  it('ask the admin API by one and the same snippet, which stands before its first use', () => {
    const [snippet = ''] = /^```sh\nask\(\) .*?^```$/ms.exec(guide('how-to/publish.md')) ?? []
    assert.match(snippet, /\$TOKEN/)
    for (const [path, text] of documents) {
      assert.ok(!text.includes('$API'), `${path}: $API is defined nowhere`)
      const first = text.search(/\bask '?\/[a-z]/)
      if (first === -1) continue
      assert.ok(text.slice(0, first).includes(snippet), `${path}: the snippet is not before the first \`ask\``)
    }
  })

  it('have every metric, and no other', async () => {
    const code = await source('packages/gateway/src/observe/metrics.ts')
    const names = [...code.matchAll(/'((?:gatewright|process)_\w+)'/g)].map(([, name = '']) => name)
    const said = rowsOf(guide('how-to/logs-metrics-health.md')).map(([name]) => name)
    assert.deepEqual(said.filter((name) => /^(?:gatewright|process)_/.test(name)).sort(), [...new Set(names)].sort())
  })

  it('have every field of an access record', async () => {
    const code = await source('packages/gateway/src/observe/access-log.ts')
    const fields = [...code.matchAll(/[{,]"(\w+)":/g)].map(([, field]) => field)
    const section = guide('how-to/logs-metrics-health.md').split('## Metrics')[0] ?? ''
    const said = new Set([...section.matchAll(/`(\w+)`/g)].map(([, word]) => word))
    assert.ok(fields.length > 10)
    assert.deepEqual(
      fields.filter((field) => !said.has(field)),
      [],
    )
  })

  it('have every reason why a signature is refused, and no other', async () => {
    const folders = ['hmac-auth', 'message-signatures', 'webhook-signature']
    const files = folders.flatMap((folder) => globSync(`packages/policies/src/${folder}/*.ts`, { cwd: root }))
    const codes = await Promise.all(files.filter((file) => !file.endsWith('.test.ts')).map(source))
    const apps = await source('packages/policies/src/callers/find-app-plan.ts')
    const reasons = [
      ...codes.join('').matchAll(/(?:SignatureFault|wrongSignature)\(\s*'([a-z-]+)'/g),
      ...apps.matchAll(/throw refuse\('([a-z-]+)'/g),
    ].map(([, reason]) => reason)
    const section = guide('how-to/signatures.md').split('## What refusals mean')[1] ?? ''
    const said = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) => cell.match(/[a-z-]+/g) ?? [])
    assert.deepEqual(said.toSorted(), [...new Set(reasons)].toSorted())
  })

  it('have every reason why nobody could be asked', async () => {
    const asking = '{authorization-servers,calls,external-auth,jwt,oauth2-introspection,oidc-login,opa,tokens}'
    const patterns = [
      `packages/policies/src/${asking}/*.ts`,
      'packages/gateway/src/{calls,egress,state/shared-values}/*.ts',
    ]
    const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))
    const codes = await Promise.all(files.filter((file) => !/\.(?:test|fixture)\.ts$/.test(file)).map(source))
    const made = /(?:toSenseless|CallFault|toAnswered|toUnavailable)\((?:\{ reason: |[^'`()]*\? )?['`]([\w-]+)/g
    const reasons = [...codes.join('').matchAll(made)].map(([, reason = '']) => reason)
    assert.ok(reasons.includes('client-refused') && reasons.includes('metadata-without-') && reasons.length > 30)
    const page = guide('problems/verifier-unavailable.md')
    assert.deepEqual(
      reasons.filter((reason) => !page.includes(`\`${reason}`)),
      [],
    )
  })

  it('say the defaults that the schema has', () => {
    const [listener = '', upstream = ''] = guide('how-to/time-outs-and-limits.md').split('## Of an upstream')
    const page = guide('configuration.md')
    const listeners = page.split('## Listeners')[1]?.split('## Upstreams')[0] ?? ''
    const upstreams = page.split('## Upstreams')[1]?.split('## APIs')[0] ?? ''
    for (const [said, code, prefix] of [
      [listener, listeners, 'limits.'],
      [upstream, upstreams, ''],
    ] as const) {
      for (const [key, value] of rowsOf(said)) {
        assert.match(code, new RegExp(`^\\| \`${prefix}${key}\` \\|[^|]*\\| \`${value}\` \\|`, 'm'), key)
      }
    }
  })
})
