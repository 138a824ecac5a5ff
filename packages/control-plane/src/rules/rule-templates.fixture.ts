/** Owns rules to begin with: each holds as it stands, and is meant to be changed. docs/how-to/rules-for-apis.md shows them. */
import type { Rule } from './rule.ts'

export const RULE_TEMPLATES: readonly Rule[] = [
  {
    id: 'required-policy',
    body: {
      title: 'Every route has a limit',
      each: 'route',
      expression: 'route.policies.exists(use, use.policy == "rate-limit" && use.when == "")',
      message: 'Add `rate-limit` to the policies of the API or of the route, without `when`.',
    },
  },
  {
    id: 'naming-pattern',
    body: {
      title: 'Ids are lower case words with hyphens',
      expression: 'api.id.matches("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")',
      message: 'Call it by lower case words with hyphens between them, such as `order-status`.',
    },
  },
  {
    id: 'owner-set',
    body: {
      title: 'Every API has an owner',
      expression: 'owner != ""',
      message: 'Say in `owner` which team answers for it.',
    },
  },
  {
    id: 'no-anonymous-write',
    body: {
      title: 'Nobody unknown changes anything',
      each: 'route',
      expression:
        'route.methods.all(method, method in ["GET", "HEAD", "OPTIONS"]) || route.policies.exists(use, use.phase == "authenticate" && use.when == "" && !use.anonymous)',
      message: 'Add a policy that authenticates callers, such as `jwt`, to the API or the route, or take only GET.',
    },
  },
  {
    id: 'https-upstreams',
    body: {
      title: 'Upstreams are called over TLS',
      expression:
        'api.upstreams.all(upstream, (environment.id == "" || upstream.targets.size() > 0) && upstream.targets.all(target, target.startsWith("https://")))',
      message: 'Give the upstream targets that begin with https://.',
    },
  },
  {
    id: 'has-document',
    body: {
      title: 'Every API is described',
      expression: 'api.openapi.exists && operations.size() > 0',
      message: 'Add an OpenAPI document with its operations.',
      severity: 'warning',
    },
  },
]
