/** Owns asking rules about an API: each is true, or a finding; what cannot be asked is a fault, and never passed. */
import {
  type Condition,
  compileCondition,
  ExpressionError,
  ExpressionSyntaxError,
  type Vocabulary,
} from '@gatewright/expressions'
import { type Finding, type Path, toPathText } from '@gatewright/model'
import type { Rule, RuleBody } from './rule.ts'
import type { RuleFacts } from './rule-facts.ts'

export interface RuleFinding extends Finding {
  /** Its id. */
  readonly rule: string
  readonly code: 'rule-broken' | 'rule-failed' | 'rule-invalid' | 'rule-not-checked'
}

export interface RuleBudget {
  /** For all rules together; each expression has bounds of its own besides. */
  readonly budgetMs?: number
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

/** A person waits for it. */
const BUDGET_MS = 5_000
/** More of one rule are counted: whoever mends the first ones sees the others. */
const FINDINGS_MAX = 20

/** The fields that each name has; see `RuleFacts`. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  api: [
    'team',
    'id',
    'title',
    'description',
    'version',
    'owner',
    'tags',
    'hosts',
    'basePath',
    'upstream',
    'upstreams',
    'policies',
    'routes',
    'openapi',
  ],
  environment: ['id', 'title', 'owner', 'tags', 'pathPrefix'],
  route: ['id', 'title', 'owner', 'tags', 'methods', 'path', 'operation', 'upstream', 'policies'],
  operation: ['id', 'method', 'path', 'title', 'description', 'tags'],
}
const NAMES = ['api', 'environment', 'owner', 'tags', 'operations']
const TEXTS = [
  'owner',
  'api.title',
  'api.owner',
  'api.id',
  'environment.id',
  'route.id',
  'route.path',
  'operation.id',
  'operation.title',
]

function toVocabulary(each: RuleBody['each']): Vocabulary {
  const names = each === undefined || each === 'api' ? NAMES : [...NAMES, each]
  return { names, members: MEMBERS, types: Object.fromEntries(TEXTS.map((path) => [path, 'string'])) }
}

export type CompiledRule = { readonly isTrue: Condition } | { readonly finding: RuleFinding }

export function compileRule(rule: Rule): CompiledRule {
  try {
    return { isTrue: compileCondition(rule.body.expression, toVocabulary(rule.body.each)) }
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error
    const message = `The expression of the rule ${toName(rule)} cannot be read: ${error.message}.`
    return { finding: toFinding(rule, 'rule-invalid', { message, path: ['expression'] }) }
  }
}

/** Those that speak of this API. Without facts, none of them can be asked, and each says so. */
export function checkRules(
  rules: readonly Rule[],
  facts: RuleFacts | undefined,
  budget: RuleBudget = {},
): RuleFinding[] {
  const { budgetMs = BUDGET_MS, now = () => performance.now() } = budget
  const endMs = now() + budgetMs
  const isSpent = (): boolean => now() > endMs
  return rules.filter((rule) => isAsked(rule, facts)).flatMap((rule) => checkRule(rule, facts, isSpent))
}

function isAsked({ body }: Rule, facts: RuleFacts | undefined): boolean {
  const { enabled, where = {} } = body
  if (enabled === false) return false
  if (facts === undefined) return true
  const { api, environment, tags } = facts
  return (
    where.teams?.includes(api.team) !== false &&
    where.environments?.includes(environment.id) !== false &&
    where.tags?.some((tag) => tags.includes(tag)) !== false
  )
}

interface Asked {
  readonly scope: object
  readonly path: Path
}

function checkRule(rule: Rule, facts: RuleFacts | undefined, isSpent: () => boolean): RuleFinding[] {
  if (facts === undefined) {
    return [
      toFinding(rule, 'rule-not-checked', {
        message: `The rule ${toName(rule)} cannot be asked: the API cannot be read.`,
      }),
    ]
  }
  const compiled = compileRule(rule)
  if ('finding' in compiled) return [compiled.finding]
  const findings: RuleFinding[] = []
  let more = 0
  for (const asked of listAsked(rule, facts)) {
    if (isSpent()) {
      const message = `The rule ${toName(rule)} could not be asked to its end: the rules take too long.`
      return [
        ...findings,
        toFinding(rule, 'rule-not-checked', {
          message,
          suggestion: 'Ask `each` route or operation instead of looping over all of them.',
        }),
      ]
    }
    const finding = ask(rule, compiled.isTrue, asked)
    if (finding !== undefined && findings.length < FINDINGS_MAX) findings.push(finding)
    else if (finding !== undefined) more++
  }
  if (more === 0) return findings
  return [
    ...findings,
    toFinding(rule, 'rule-broken', { message: `The rule ${toName(rule)} is broken in ${more} more places.` }),
  ]
}

function listAsked({ body }: Rule, facts: RuleFacts): Asked[] {
  switch (body.each) {
    case 'route':
      return facts.api.routes.map((route) => ({ scope: { ...facts, route }, path: ['routes', route.id] }))
    case 'operation':
      return facts.operations.map((operation) => {
        return { scope: { ...facts, operation }, path: ['paths', operation.path, operation.method.toLowerCase()] }
      })
    default:
      return [{ scope: facts, path: [] }]
  }
}

function ask(rule: Rule, isTrue: Condition, { scope, path }: Asked): RuleFinding | undefined {
  try {
    if (isTrue(scope)) return undefined
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const message = `The rule ${toName(rule)} cannot be asked: ${error.message}.`
    return toFinding(rule, 'rule-failed', {
      message,
      path,
      suggestion: 'Ask first whether a field is there: has(use.options.limit).',
    })
  }
  return toFinding(rule, 'rule-broken', {
    message: `The rule ${toName(rule)} is broken.`,
    path,
    suggestion: rule.body.message,
  })
}

/** The severity is the rule's where it is broken; whatever kept it from being asked is a fault. */
function toFinding(
  rule: Rule,
  code: RuleFinding['code'],
  { message, suggestion, path = [] }: { readonly message: string; readonly suggestion?: string; readonly path?: Path },
): RuleFinding {
  const severity = code === 'rule-broken' ? (rule.body.severity ?? 'fault') : 'fault'
  const at = { file: '', line: 0, column: 0, path: toPathText(path) }
  return { rule: rule.id, severity, code, message, ...(suggestion !== undefined && { suggestion }), at }
}

function toName({ id, body }: Rule): string {
  return `"${body.title ?? id}"`
}
