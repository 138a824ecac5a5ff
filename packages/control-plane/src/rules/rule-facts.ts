/** Owns what rules see of an API: plain data in which nothing is ever missing, so that no expression fails for that reason. */
import { type GatewayModel, type OpenApiDefinition, type PolicyUse, type Route, readOpenApi } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import {
  type FormPlace,
  type PublishedForm,
  type ResolvedForm,
  resolveForm,
  resolveFormIn,
} from '../apis/published-form.ts'
import type { Described } from '../resources/resource.ts'

export interface PolicyFacts {
  readonly policy: string
  readonly id: string
  /** `authenticate`, `limit`…; `''` of a policy that is not built in. */
  readonly phase: string
  readonly options: unknown
  /** CEL; `''`: always. */
  readonly when: string
  /** Does it let callers pass who show nothing? */
  readonly anonymous: boolean
}

export interface RouteFacts {
  readonly id: string
  readonly title: string
  readonly owner: string
  readonly tags: readonly string[]
  /** `*` alone: every method. */
  readonly methods: readonly string[]
  readonly path: string
  /** Id of the operation that it is; `''` for a route of its own. */
  readonly operation: string
  readonly upstream: string
  /** All that run, in their order: of the environment, of the API, of the route. */
  readonly policies: readonly PolicyFacts[]
}

export interface OperationFacts {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
}

export interface RuleFacts {
  readonly api: {
    readonly team: string
    readonly id: string
    readonly title: string
    readonly description: string
    readonly version: string
    readonly owner: string
    readonly tags: readonly string[]
    /** Empty: every host. */
    readonly hosts: readonly string[]
    readonly basePath: string
    readonly upstream: string
    /** Those that it and its routes name. Without an environment, those with ids have no targets. */
    readonly upstreams: readonly { readonly id: string; readonly targets: readonly string[] }[]
    readonly policies: readonly PolicyFacts[]
    readonly routes: readonly RouteFacts[]
    readonly openapi: {
      readonly exists: boolean
      readonly format: string
      readonly title: string
      readonly version: string
    }
  }
  /** All texts are empty where the API goes nowhere yet. */
  readonly environment: {
    readonly id: string
    readonly title: string
    readonly owner: string
    readonly tags: readonly string[]
    readonly pathPrefix: string
  }
  readonly owner: string
  readonly tags: readonly string[]
  readonly operations: readonly OperationFacts[]
}

export interface RuleSubject extends PublishedForm, Pick<FormPlace, 'team' | 'id' | 'upstreams'> {
  /** Absent: it goes nowhere yet. */
  readonly environment?: FormPlace['environment']
}

/** What is switched off is left out. `undefined`: it cannot be read as a whole, so that no rule can be asked. */
export function toRuleFacts({ team, id, environment, upstreams = [], ...form }: RuleSubject): RuleFacts | undefined {
  const resolved =
    environment === undefined ? resolveForm(form) : resolveFormIn(form, { team, id, environment, upstreams })
  const definition = readDefinition(form)
  const hasDocument = (form.document ?? form.body.document) !== undefined
  const { api, model } = resolved
  if (api === undefined || (hasDocument && definition === undefined)) return undefined
  const described = toDescribed(api)
  const policies = toPolicies(api.policies)
  const enabled = (api.releases[0]?.routes ?? []).filter((route) => route.enabled !== false)
  const toName = (upstream: string | undefined): string => withoutPlace(upstream ?? '', environment?.id)
  const routes = enabled.map(
    (route): RouteFacts => toRoute(route, { policies, upstream: toName(route.upstream ?? api.upstream) }),
  )
  return {
    api: {
      team,
      id,
      ...described,
      version: api.version ?? '',
      hosts: api.hosts ?? [],
      basePath: api.basePath === '' ? '/' : api.basePath,
      upstream: toName(api.upstream),
      upstreams: toUpstreams(model, listUpstreams(resolved), toName),
      policies,
      routes,
      openapi: {
        exists: definition !== undefined,
        format: definition?.format ?? '',
        title: definition?.title ?? '',
        version: definition?.version ?? '',
      },
    },
    environment: toEnvironment(environment),
    owner: described.owner,
    tags: described.tags,
    operations: (definition?.operations ?? []).map(({ operationId = '', title = '', description = '', ...rest }) => {
      const { method, path, tags } = rest
      return { id: operationId, method, path, title, description, tags }
    }),
  }
}

function readDefinition({ document }: PublishedForm): OpenApiDefinition | undefined {
  if (document === undefined) return undefined
  return readOpenApi('document', (path) => (path === 'document' ? document : undefined)).definition
}

function toDescribed({ title = '', description = '', owner = '', tags = [] }: Described) {
  return { title, description, owner, tags }
}

const PHASES = new Map<string, string>(BUILT_IN_POLICIES.map(({ name, phase }) => [name, phase]))

function toPolicies(uses: readonly PolicyUse[]): PolicyFacts[] {
  return uses
    .filter(({ enabled }) => enabled !== false)
    .map(({ policy, id = '', options = {}, when = '' }) => {
      const anonymous = (options as { readonly anonymous?: unknown } | null)?.anonymous === true
      return { policy, id, phase: PHASES.get(policy) ?? '', options, when, anonymous }
    })
}

function toRoute(
  route: Route,
  { policies, upstream }: { readonly policies: readonly PolicyFacts[]; readonly upstream: string },
): RouteFacts {
  const { title, owner, tags } = toDescribed(route)
  const { id, methods = ['*'], path, operation = '' } = route
  return {
    id,
    title,
    owner,
    tags,
    methods,
    path,
    operation,
    upstream,
    policies: [...policies, ...toPolicies(route.policies)],
  }
}

function listUpstreams({ api }: ResolvedForm): string[] {
  const routes = api?.releases[0]?.routes ?? []
  const named = [api?.upstream, ...routes.map(({ upstream }) => upstream)].filter((name) => name !== undefined)
  return [...new Set<string>(named)]
}

function toUpstreams(model: GatewayModel, named: readonly string[], toName: (id: string) => string) {
  return named.map((id) => {
    const upstream = model.upstreams.find((candidate) => candidate.id === id)
    return {
      id: toName(id),
      targets: (upstream?.targets ?? [toUrl(id)]).flatMap((target) => (target ? [target.url] : [])),
    }
  })
}

/** A URL is its own target. */
function toUrl(id: string): { readonly url: string } | undefined {
  return /^https?:\/\//i.test(id) ? { url: id } : undefined
}

/** `prod.backend` → `backend`, as people write it. */
function withoutPlace(id: string, environment: string | undefined): string {
  const prefix = `${environment}.`
  return environment !== undefined && id.startsWith(prefix) ? id.slice(prefix.length) : id
}

function toEnvironment(environment: FormPlace['environment'] | undefined): RuleFacts['environment'] {
  const { title, owner, tags } = toDescribed(environment?.body ?? {})
  return { id: environment?.id ?? '', title, owner, tags, pathPrefix: environment?.body.pathPrefix ?? '' }
}
