/** Owns the checks of APIs: hosts, base paths, predicates, error shapes, releases, and two that say the same. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Api } from '../gateway-model.ts'
import { findLiteralFault } from '../path-template.ts'
import { PROBLEMS } from '../problems.ts'
import { findFieldNameFault, findFieldValueFault, findHostFault } from './names.ts'
import { validateAppReleases } from './validate-app-releases.ts'
import { validateUses } from './validate-policies.ts'
import { toPredicatesKey, validatePredicates } from './validate-predicates.ts'
import { validatePreviews } from './validate-previews.ts'
import { isServed, validateRoutes } from './validate-routes.ts'
import { checkUpstream, toUpstreamFacts, type UpstreamFact } from './validate-upstream-refs.ts'
import type { Validation } from './validation.ts'

export function validateApis(validation: Validation): void {
  const { apis, plans, policies } = validation.model
  const around = JSON.stringify([plans.map(({ id }) => id), policies])
  for (const [index, api] of apis.entries()) {
    const facts = toUpstreamFacts(validation, api)
    validation.checkOnce(api, validation.toContext(around, ...facts), () =>
      validateApi(validation, api, { path: ['apis', index], facts }),
    )
    // They ask which apps there are, and what time it is: neither is a part of what is remembered.
    validateAppReleases(validation, api, ['apis', index])
    validatePreviews(validation, api, ['apis', index])
  }
  findEqualApis(validation)
}

function validateApi(
  validation: Validation,
  api: Api,
  { path, facts }: { readonly path: Path; readonly facts: readonly UpstreamFact[] },
): void {
  checkHosts(validation, api, path)
  checkBasePath(validation, api, path)
  validatePredicates(validation, api.match, [...path, 'match'])
  checkErrors(validation, api, path)
  checkReleases(validation, api, path)
  validateUses(validation, api.policies, [...path, 'policies'])
  if (api.upstream !== undefined)
    checkUpstream(validation, api.upstream, { path: [...path, 'upstream'], isLive: isServed(api) })
  validateRoutes(validation, api, { apiPath: path, facts })
}

function checkHosts(validation: Validation, { hosts = [] }: Api, path: Path): void {
  for (const [index, host] of hosts.entries()) {
    const found = findHostFault(host)
    if (found !== undefined) {
      validation.fault([...path, 'hosts', index], {
        code: 'invalid-host',
        message: found.fault,
        suggestion: found.suggestion,
      })
    } else if (hosts.indexOf(host) < index) {
      validation.warn([...path, 'hosts', index], {
        code: 'duplicate-host',
        message: `The host "${host}" stands in this list twice.`,
      })
    }
  }
}

function checkBasePath(validation: Validation, { basePath }: Api, path: Path): void {
  if (basePath === '') return
  const at = [...path, 'basePath']
  if (!basePath.startsWith('/')) {
    validation.fault(at, {
      code: 'invalid-base-path',
      message: `The base path "${basePath}" does not begin with "/".`,
      suggestion: `Write "/${basePath}".`,
    })
    return
  }
  for (const segment of basePath.slice(1).split('/')) {
    const fault = /[{}]/.test(segment)
      ? 'A base path is literal: {names} belong into routes.'
      : findLiteralFault(segment)
    if (fault === undefined) continue
    validation.fault(at, { code: 'invalid-base-path', message: fault })
    return
  }
}

function checkErrors(validation: Validation, { errors }: Api, path: Path): void {
  const known = [...Object.keys(PROBLEMS), '4xx', '5xx', 'default']
  for (const [code, shape] of Object.entries(errors)) {
    const at = [...path, 'errors', code]
    if (!known.includes(code)) {
      const message = `There is no problem "${code}".`
      validation.fault(at, { code: 'unknown-problem', message, suggestion: suggestName(code, known, 'Problems') })
    }
    for (const [name, value] of Object.entries(shape.headers ?? {})) {
      const message = findFieldNameFault(name) ?? (typeof value === 'string' ? findFieldValueFault(value) : undefined)
      if (message !== undefined) validation.fault([...at, 'headers', name], { code: 'invalid-header', message })
      checkExpressionAt(validation, value, [...at, 'headers', name])
    }
    if (shape.body !== undefined) checkExpressionAt(validation, shape.body, [...at, 'body'])
  }
}

function checkExpressionAt(
  validation: Validation,
  expression: string | { readonly [language: string]: string },
  path: Path,
): void {
  const sources = typeof expression === 'string' ? [['template', expression] as const] : Object.entries(expression)
  for (const [language, source] of sources) {
    const fault = validation.options.checkExpression?.(source, language, 'problem')
    const at = language === 'template' ? path : [...path, language]
    if (fault !== undefined)
      validation.fault(at, { code: 'invalid-expression', message: `This expression cannot run: ${fault}.` })
  }
}

function checkReleases(validation: Validation, { id, releases, releaseKey }: Api, path: Path): void {
  const keyFault = releaseKey === undefined ? undefined : checkOfRelease(validation, releaseKey, 'cel')
  if (keyFault !== undefined) {
    validation.fault([...path, 'releaseKey'], {
      code: 'invalid-expression',
      message: `The key of the releases of "${id}" cannot run: ${keyFault}.`,
    })
  }
  const shared = releases.filter(
    ({ share, when, apps, preview }) =>
      when === undefined && preview === undefined && (share !== undefined || apps === undefined),
  )
  const sum = shared.reduce((total, release) => total + (release.share ?? 100), 0)
  if (sum !== 100) {
    validation.fault([...path, 'releases'], {
      code: 'shares',
      message: `The shares of the releases of "${id}" are ${sum} together, not 100.`,
      suggestion: 'Every request needs a release: let the shares of those without a condition sum to 100.',
    })
  }
  for (const [index, { revision, when }] of releases.entries()) {
    const first = releases.findIndex((other) => other.revision === revision)
    if (first < index) {
      const place = validation.placeText([...path, 'releases', first])
      validation.fault([...path, 'releases', index, 'revision'], {
        code: 'duplicate-id',
        message: `The revision "${revision}" has a release of this API already (${place}).`,
        suggestion: 'Join the two, or name the other revision.',
      })
    }
    const fault = when === undefined ? undefined : checkOfRelease(validation, when, 'condition')
    if (fault === undefined) continue
    validation.fault([...path, 'releases', index, 'when'], {
      code: 'invalid-expression',
      message: `The condition of this release cannot run: ${fault}.`,
    })
  }
}

function checkOfRelease({ options }: Validation, source: string, language: 'cel' | 'condition'): string | undefined {
  return options.checkExpression?.(source, language, 'release')
}

/** Nothing would say which of the two answers. */
function findEqualApis(validation: Validation): void {
  const { apis } = validation.model
  const seen = new Map<string, number[]>()
  for (const [index, api] of apis.entries()) {
    if (api.enabled === false) continue
    const match = toPredicatesKey(api.match)
    for (const host of api.hosts ?? EVERY_HOST) {
      const key = `${host} ${api.basePath.toLowerCase()} ${match}`
      const group = seen.get(key)
      if (group === undefined) {
        seen.set(key, [index])
        continue
      }
      const other = group.find((at) => isEqual(apis[at], api))
      group.push(index)
      if (other === undefined) continue
      const place = validation.placeText(['apis', other])
      validation.fault(['apis', index], {
        code: 'equal-apis',
        message: `"${api.id}" and "${apis[other]?.id}" (${place}) answer to the same requests: ${host === '' ? 'every host' : `host "${host}"`}, base path "${api.basePath || '/'}".`,
        suggestion: 'Give one of them another base path, host or `match`, or join them.',
      })
      break
    }
  }
}

const EVERY_HOST = [''] as const

/** Of two that have a host, their predicates and a base path but for its case in common. */
function isEqual(a: Api | undefined, b: Api): boolean {
  return a !== undefined && a !== b && (a.basePath === b.basePath || !a.caseSensitive || !b.caseSensitive)
}
