/** Owns the comparison of what two documents ask callers to show: whoever got in before gets in now. */
import { isMap } from './contract-document.ts'
import { type ContractChange, type ContractPair, inAfter } from './contract-pair.ts'
import type { SecurityAlternative } from './read-contract.ts'

/** Each way that was enough has to be enough still: one that asks for no more than it shows. */
export function compareSecurity(pair: ContractPair): ContractChange[] {
  const { before, after } = pair
  if (after.security.length === 0) return []
  const ways = before.security.length === 0 ? [NOTHING] : before.security
  const lost = ways.flatMap((way) => {
    if (after.security.some((now) => isEnough(way, now))) return []
    return [toLoss(pair, way)]
  })
  return [...lost, ...compareSchemes(pair)]
}

const NOTHING: SecurityAlternative = new Map()

function isEnough(shown: SecurityAlternative, asked: SecurityAlternative): boolean {
  return [...asked].every(([scheme, scopes]) => {
    const known = shown.get(scheme)
    return known !== undefined && scopes.every((scope) => known.includes(scope))
  })
}

function toLoss({ before, after }: ContractPair, way: SecurityAlternative): ContractChange {
  const sides = { before: before.security.map(toText), after: after.security.map(toText) }
  const place = after.securityPointer
  if (way.size === 0) {
    const message = `Calls need ${sides.after.join(' or ')} now.`
    return { ...inAfter('security-required', place, message), ...sides }
  }
  const same = after.security.find((now) => [...now.keys()].every((scheme) => way.has(scheme)))
  if (same !== undefined) {
    const added = [...same].flatMap(([scheme, scopes]) => scopes.filter((scope) => !way.get(scheme)?.includes(scope)))
    const message = `Calls with ${toText(way)} need the scopes ${added.join(', ')} now.`
    return { ...inAfter('security-scope-added', place, message), ...sides }
  }
  const message = `Calls with ${toText(way)} are not enough any more.`
  return { ...inAfter('security-alternative-removed', place, message), ...sides }
}

function toText(way: SecurityAlternative): string {
  if (way.size === 0) return 'nothing'
  return [...way]
    .map(([scheme, scopes]) => (scopes.length === 0 ? scheme : `${scheme} (${scopes.join(', ')})`))
    .join(' + ')
}

/** The same name for another way to show something. */
function compareSchemes({ before, after, documents }: ContractPair): ContractChange[] {
  const names = new Set(before.security.flatMap((way) => [...way.keys()]))
  const used = [...names].filter((name) => after.security.some((way) => way.has(name)))
  return used.flatMap((name) => {
    const [was, is] = [documents.before, documents.after].map((document) => {
      const path = document.isSwagger ? ['securityDefinitions', name] : ['components', 'securitySchemes', name]
      return document.member(document.root, ...path)
    })
    if (was === undefined || is === undefined || !isMap(was.value) || !isMap(is.value)) return []
    const [old, now] = [toSchemeText(was.value), toSchemeText(is.value)]
    if (old === now) return []
    const message = `"${name}" is shown in another way: ${old} → ${now}.`
    return [{ ...inAfter('security-scheme-changed', is.pointer, message), before: old, after: now }]
  })
}

/** Swagger 2.0 calls `basic` what is `http, basic` since. */
function toSchemeText({ type, in: place, name, scheme }: Record<string, unknown>): string {
  if (type === 'basic') return 'http basic'
  const shown =
    type === 'apiKey' ? [type, place, place === 'header' ? String(name).toLowerCase() : name] : [type, scheme]
  return shown
    .filter((part) => typeof part === 'string')
    .join(' ')
    .replace(/^http \w+$/i, (text) => text.toLowerCase())
}
