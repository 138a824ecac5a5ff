/** Owns the checks of upstreams: targets, weights, what is hashed, which are unused. */
import type { Upstream } from '../gateway-model.ts'
import { findFieldNameFault, findFieldValueFault, findTargetFault, isAuthority, isToken } from './names.ts'
import { validateUpstreamTls } from './validate-tls.ts'
import type { Validation } from './validation.ts'

export function validateUpstreams(validation: Validation): void {
  const used = listUsedUpstreams(validation)
  const context = validation.toContext()
  for (const [index, upstream] of validation.model.upstreams.entries()) {
    validation.checkOnce(upstream, context, () => {
      checkTargets(validation, upstream, index)
      checkBalance(validation, upstream, index)
      checkHeaders(validation, upstream, index)
      validateUpstreamTls(validation, upstream, index)
    })
    if (!used.has(upstream.id) && upstream.enabled !== false && !validation.isMisspelt([], 'upstream')) {
      validation.warn(['upstreams', index], {
        code: 'unused-upstream',
        message: `Nothing is forwarded to the upstream "${upstream.id}".`,
        suggestion: 'Name it in `upstream:` of an API or a route, or remove it.',
      })
    }
  }
}

function listUsedUpstreams({ model }: Validation): Set<string | undefined> {
  const used = new Set<string | undefined>()
  for (const api of model.apis) {
    used.add(api.upstream)
    for (const release of api.releases) {
      used.add(release.upstream)
      for (const route of release.routes) used.add(route.upstream)
    }
  }
  return used
}

function checkTargets(validation: Validation, { targets }: Upstream, index: number): void {
  const seen = new Map<string, number>()
  for (const [position, target] of targets.entries()) {
    const path = ['upstreams', index, 'targets', position, 'url']
    const found = findTargetFault(target.url)
    if (found !== undefined)
      validation.fault(path, { code: 'invalid-target', message: found.fault, suggestion: found.suggestion })
    if (seen.has(target.url)) {
      validation.warn(path, {
        code: 'duplicate-target',
        message: `The target "${target.url}" stands in this list twice.`,
        suggestion: 'Give it a `weight` if it is to get more.',
      })
    }
    seen.set(target.url, position)
  }
  if (targets.every((target) => target.weight === 0)) {
    validation.fault(['upstreams', index, 'targets'], {
      code: 'no-weight',
      message: 'Every target has the weight 0: none would get a request.',
      suggestion: 'Give one of them a weight of at least 1, or write `enabled: false`.',
    })
  }
}

function checkBalance(validation: Validation, { balance }: Upstream, index: number): void {
  if (balance.kind !== 'hash') return
  const path = ['upstreams', index, 'balance', 'hash', 'name']
  const needsName = balance.on === 'header' || balance.on === 'cookie'
  if (needsName && balance.name === undefined) {
    validation.fault(path, {
      code: 'missing',
      message: `A hash on a ${balance.on} needs the \`name\` of that ${balance.on}.`,
      suggestion: `Write \`hash: { on: ${balance.on}, name: … }\`.`,
    })
  } else if (!needsName && balance.name !== undefined) {
    validation.warn(path, {
      code: 'unused-option',
      message: `A hash on the ${balance.on} has no name.`,
      suggestion: 'Remove `name`.',
    })
  } else if (balance.name !== undefined && !isToken(balance.name)) {
    validation.fault(path, { code: 'invalid-name', message: `"${balance.name}" is no name of a ${balance.on}.` })
  }
}

function checkHeaders(validation: Validation, { hostHeader, health }: Upstream, index: number): void {
  if (typeof hostHeader === 'object' && !isAuthority(hostHeader.value)) {
    validation.fault(['upstreams', index, 'hostHeader'], {
      code: 'invalid-host',
      message: `"${hostHeader.value}" is no value of a Host field.`,
      suggestion: 'Write `upstream`, `preserve`, or a host with or without a port.',
    })
  }
  for (const [name, value] of Object.entries(health.active?.headers ?? {})) {
    const message = findFieldNameFault(name) ?? findFieldValueFault(value)
    if (message !== undefined)
      validation.fault(['upstreams', index, 'health', 'active', 'headers', name], { code: 'invalid-header', message })
  }
}
