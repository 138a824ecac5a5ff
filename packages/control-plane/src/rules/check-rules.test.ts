import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkRules, compileRule, type RuleFinding } from './check-rules.ts'
import { type Rule, type RuleBody, ruleBodySchema } from './rule.ts'
import { type RuleSubject, toRuleFacts } from './rule-facts.ts'
import { RULE_TEMPLATES } from './rule-templates.fixture.ts'

const DOCUMENT = `openapi: 3.1.0
info: { title: Orders, version: "2" }
paths:
  /orders: { get: { operationId: list, summary: All, tags: [read] }, post: { operationId: make } }
`
const PROD = {
  id: 'prod',
  body: {
    owner: 'platform',
    pathPrefix: '/prod',
    upstreams: [{ id: 'backend', targets: ['https://b.example.com'] }],
    policies: [{ policy: 'jwt', options: { issuers: [] } }],
  },
}
const ORDERS: RuleSubject = {
  team: 'shop',
  id: 'orders',
  body: {
    owner: 'orders-team',
    tags: ['public'],
    basePath: '/o',
    upstream: 'backend',
    policies: [
      { policy: 'rate-limit', options: { limit: 5 } },
      { policy: 'cors', enabled: false },
    ],
    routes: [{ operation: 'make', policies: [{ policy: 'key-auth', options: { anonymous: true } }] }],
  },
  document: DOCUMENT,
  environment: PROD,
}

function toRule(expression: string, more: Partial<RuleBody> = {}): Rule {
  return { id: 'r', body: { expression, message: 'Mend it.', ...more } }
}

function check(rule: Rule | readonly Rule[], subject: RuleSubject = ORDERS): RuleFinding[] {
  return checkRules([rule].flat() as Rule[], toRuleFacts(subject))
}

describe('what rules see', () => {
  const cases = [
    'api.team == "shop" && api.id == "orders"',
    'api.title == "Orders" && api.version == "2" && api.description == ""',
    'owner == "orders-team" && api.owner == owner && tags == ["public"]',
    'api.basePath == "/prod/o" && api.hosts == []',
    'environment.id == "prod" && environment.owner == "platform" && environment.pathPrefix == "/prod"',
    'api.upstream == "backend" && api.upstreams == [{"id": "backend", "targets": ["https://b.example.com"]}]',
    'api.policies.map(use, use.policy) == ["jwt", "rate-limit"]',
    'api.policies[1].options.limit == 5 && api.policies[1].phase == "limit"',
    'api.routes.map(route, route.id) == ["list", "make"] && api.routes[0].methods == ["GET"]',
    'api.routes[1].policies.map(use, use.policy) == ["jwt", "rate-limit", "key-auth"]',
    'api.routes[1].policies[2].anonymous && api.routes[1].upstream == "backend"',
    'operations.map(each, each.id) == ["list", "make"] && operations[0].tags == ["read"]',
    'api.openapi.exists && api.openapi.format == "3.1"',
  ]
  for (const expression of cases) it(expression, () => assert.deepEqual(check(toRule(expression)), []))

  it('has nothing missing where nothing is said', () => {
    const empty: RuleSubject = { team: 'main', id: 'a', body: {} }
    const expression =
      'api.title + api.owner + owner + api.version + api.upstream + environment.id + environment.pathPrefix == "" && api.routes.all(route, route.methods == ["*"] && route.operation == "" && route.title == "") && !api.openapi.exists && operations == [] && api.upstreams == []'
    assert.deepEqual(check(toRule(expression), empty), [])
  })

  it('leaves out what is switched off, and the targets of upstreams that are not known yet', () => {
    const { environment: _, ...draft } = ORDERS
    const body = { ...ORDERS.body, routes: [{ operation: 'make', enabled: false }] }
    const expression =
      'api.routes.map(route, route.id) == ["list"] && api.upstreams == [{"id": "backend", "targets": []}]'
    assert.deepEqual(check(toRule(expression), { ...draft, body }), [])
  })

  it('is nothing where the API or its document cannot be read', () => {
    assert.equal(toRuleFacts({ ...ORDERS, document: 'none' }), undefined)
    assert.equal(toRuleFacts({ ...ORDERS, body: { basePath: 5 } as never }), undefined)
    assert.equal(toRuleFacts({ team: 'main', id: 'a', body: { document: 'ab'.repeat(32) } }), undefined)
  })
})

describe('a rule', () => {
  it('that is not true is a finding which says what to do, as severe as the rule says', () => {
    assert.deepEqual(check(toRule('owner == ""', { title: 'No owners' })), [
      {
        rule: 'r',
        severity: 'fault',
        code: 'rule-broken',
        message: 'The rule "No owners" is broken.',
        suggestion: 'Mend it.',
        at: { file: '', line: 0, column: 0, path: '' },
      },
    ])
    assert.equal(check(toRule('false', { severity: 'warning' }))[0]?.severity, 'warning')
  })

  it('names the route or the operation that breaks it', () => {
    const pathsOf = (rule: Rule): string[] => check(rule).map(({ at }) => at.path)
    assert.deepEqual(pathsOf(toRule('route.id == "list"', { each: 'route' })), ['routes.make'])
    assert.deepEqual(pathsOf(toRule('operation.title != ""', { each: 'operation' })), ['paths["/orders"].post'])
  })

  it('is asked where it says so', () => {
    const isAsked = (where: RuleBody['where'], subject = ORDERS): boolean =>
      check(toRule('false', where === undefined ? {} : { where }), subject).length > 0
    const { environment: _, ...draft } = ORDERS
    assert.equal(isAsked(undefined), true)
    assert.equal(isAsked({ teams: ['shop'], environments: ['dev', 'prod'], tags: ['x', 'public'] }), true)
    assert.equal(isAsked({ teams: ['main'] }), false)
    assert.equal(isAsked({ environments: ['dev'] }), false)
    assert.equal(isAsked({ environments: ['prod'] }, draft), false)
    assert.equal(isAsked({ teams: ['shop'], tags: ['internal'] }), false)
    assert.deepEqual(check(toRule('false', { enabled: false })), [])
  })

  it('that does not compile is told when it is written, with the place', () => {
    for (const [expression, reason] of [
      ['ownr == ""', /did you mean "owner"/],
      ['api.titel == ""', /"api" has no "titel"/],
      ['route.id == ""', /there is no "route"/],
      ['owner ==', /missing or too much/],
      ['owner', /true or false/],
      ['api.tags', undefined],
    ] as const) {
      const compiled = compileRule(toRule(expression))
      if (reason === undefined) assert.ok('isTrue' in compiled)
      else assert.match('finding' in compiled ? compiled.finding.message : '', reason, expression)
    }
    const [finding] = check(toRule('nothing'))
    assert.deepEqual([finding?.code, finding?.severity, finding?.at.path], ['rule-invalid', 'fault', 'expression'])
  })

  it('that fails is a fault, and never passed', () => {
    for (const expression of [
      'api.policies[0].options.nothing == 1',
      'api.routes[99].id == ""',
      'api.tags',
      'api.policies.all(use, use.options.limit > 0)',
      '1 / api.tags.filter(tag, false).size() == 1',
    ]) {
      const [finding, ...others] = check(toRule(expression, { severity: 'warning' }))
      assert.deepEqual([finding?.code, finding?.severity, others], ['rule-failed', 'fault', []], expression)
    }
  })

  it('that loops too much is cut', () => {
    const many = '[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]'
    const [finding] = check(toRule(`${many}.all(a, ${many}.all(b, ${many}.all(c, a + b + c >= 0)))`))
    assert.equal(finding?.code, 'rule-failed')
    assert.match(finding?.message ?? '', /steps/)
  })

  it('that cannot be asked in time, or about something that cannot be read, is a fault', () => {
    let nowMs = 0
    const now = (): number => (nowMs += 10)
    const rule = toRule('true', { each: 'route', severity: 'warning' })
    const [late] = checkRules([rule], toRuleFacts(ORDERS), { budgetMs: 15, now })
    assert.deepEqual([late?.code, late?.severity], ['rule-not-checked', 'fault'])
    const [unread] = checkRules([rule], undefined)
    assert.deepEqual([unread?.code, unread?.severity], ['rule-not-checked', 'fault'])
  })

  it('that is broken everywhere is told some times, and counted', () => {
    const routes = Array.from({ length: 50 }, (_, index) => ({ path: `/${index}` }))
    const findings = check(toRule('false', { each: 'route' }), { team: 'main', id: 'a', body: { routes } })
    assert.equal(findings.length, 21)
    assert.match(findings.at(-1)?.message ?? '', /30 more/)
  })
})

describe('the rules to begin with', () => {
  const templates = new Map(RULE_TEMPLATES.map((rule) => [rule.id, rule]))
  const good: RuleSubject = { ...ORDERS, body: { ...ORDERS.body, policies: [{ policy: 'rate-limit' }] } }
  const bad: RuleSubject = {
    team: 'main',
    id: 'Orders_API',
    body: { upstream: 'http://b.example.com', routes: [{ path: '/a' }] },
  }

  for (const rule of RULE_TEMPLATES) {
    it(`${rule.id} is kept by one API, and broken by another`, () => {
      assert.equal(ruleBodySchema.safeParse(rule.body).success, true)
      assert.deepEqual(check(rule, good), [])
      assert.deepEqual(
        check(rule, bad).map(({ code, suggestion }) => [code, suggestion]),
        [['rule-broken', rule.body.message]],
      )
    })
  }

  it('take no condition and no anonymous caller for a guard', () => {
    const guard = templates.get('no-anonymous-write')
    assert.ok(guard)
    const toSubject = (use: object): RuleSubject => ({
      team: 'main',
      id: 'a',
      body: { policies: [{ policy: 'key-auth', ...use }], routes: [{ path: '/a', methods: ['POST'] }] },
    })
    assert.deepEqual(check(guard, toSubject({})), [])
    for (const use of [{ when: 'true' }, { options: { anonymous: true } }, { enabled: false }])
      assert.equal(check(guard, toSubject(use)).length, 1, JSON.stringify(use))
  })

  it('ask for upstreams that are there', () => {
    const https = templates.get('https-upstreams')
    assert.ok(https)
    const { environment: _, ...draft } = ORDERS
    assert.deepEqual(check(https, draft), [])
    assert.equal(check(https, { ...ORDERS, environment: { id: 'dev', body: {} } }).length, 1)
  })

  it('stand in their guide as they are', () => {
    const guide = readFileSync(new URL('../../../../docs/how-to/rules-for-apis.md', import.meta.url), 'utf8')
    for (const { id, body } of RULE_TEMPLATES) {
      assert.ok(guide.includes(`\`${id}\``), id)
      assert.ok(guide.includes(`\`\`\`cel\n${body.expression}\n\`\`\``), id)
    }
  })
})
