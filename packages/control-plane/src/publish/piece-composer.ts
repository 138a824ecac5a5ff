/** Owns what is live as many small files, one an API: whatever stayed is the same text, and is not even made again. */
import { type GatewrightFileInput, toTextHash } from '@gatewright/model'
import { PolicyLists } from '../policy-lists/policy-lists.ts'
import { composeCertificates } from './compose-certificates.ts'
import {
  type ComposedApi,
  composeApi,
  composeUpstreams,
  type Shared,
  sortUpstreams,
  toSharedUpstreams,
  UpstreamReferences,
} from './compose-file.ts'
import { composePlans } from './compose-plans.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import type { LiveMoment } from './live-reader.ts'
import type { LiveTerms } from './live-terms.ts'
import { PLANS } from './narrow-plans.ts'
import { compareIds, toSnapshotId } from './snapshot-id.ts'

/** A file of those that say together what `composeFile` says. */
export interface Piece {
  /** In the folder of all of them: `prod.shop.orders.json`; `prod.json`, `prod.~upstreams.json` and `prod.~certificates.json` for what the environment brings, shares, and shows. */
  readonly name: string
  readonly text: string
  /** Of its text. */
  readonly hash: string
  /** Names of the documents that it names. */
  readonly documents: readonly string[]
  /** Names of the secrets that it names, `<environment>/<name>`. */
  readonly secrets: readonly string[]
}

interface ApiPiece extends Pick<ComposedApi, 'used'> {
  /** Policy lists that stand in it, as they were. */
  readonly stamps: ReadonlyMap<string, string>
  readonly piece: Piece
}

/** Pieces of an environment, by what they were made of. */
interface Known {
  readonly upstreams: Piece
  readonly references: UpstreamReferences
  readonly apis: WeakMap<LiveApi, ApiPiece>
}

type KnownEnvironments = WeakMap<LiveEnvironment['body'], Map<string, Known>>

/** Behind its environment: no id of an API begins so. */
const SHARED = '~upstreams'
/** Behind the environment that shows them. */
const CERTIFICATES = '~certificates'
const ENDING = '.json'
const SECRET = /\$\{secret:([^{}]*)\}/g

/**
 * What is read again and has not changed has to be the same object: then so is its piece. Whether it is changes no text.
 */
export class PieceComposer {
  /** By the list of shared upstreams: which there are is what references mean. */
  readonly #known = new WeakMap<LiveTerms['upstreams'], KnownEnvironments>()

  /** Environments, certificates, what environments share, APIs, plans. */
  compose({ environments, terms }: Pick<LiveMoment, 'environments' | 'terms'>): Piece[] {
    const known = getOr(this.#known, terms.upstreams, (): KnownEnvironments => new WeakMap())
    const shared = toSharedUpstreams(terms)
    const lists = new PolicyLists(terms.policyLists)
    const sorted = environments.toSorted((a, b) => compareIds(a.id, b.id))
    const parts = sorted.map((environment) => {
      const { upstreams, references, apis } = toKnown(known, environment, shared)
      const made = environment.apis.map((api) => {
        const former = apis.get(api)
        if (former !== undefined && isAsBefore(former, lists)) return former
        const piece = toApiPiece(environment, api, { references, lists })
        apis.set(api, piece)
        return piece
      })
      const used = sortUpstreams(made.flatMap((each) => each.used))
      return {
        // Each environment has its own: with them go its secrets, and not to nodes of others.
        upstreams: [upstreams, ...(used.length === 0 ? [] : [toShared(environment.id, used)])],
        apis: made.sort((a, b) => compareIds(toId(a.piece), toId(b.piece))),
      }
    })
    const plans = composePlans(sorted, terms)
    return [
      ...parts.flatMap(({ upstreams }) => upstreams),
      ...sorted.flatMap(({ id }) => toCertificatesPiece(id, composeCertificates(id, terms))),
      ...parts.flatMap(({ apis }) => apis.map(({ piece }) => piece)),
      ...(plans.length === 0 ? [] : [toPiece(PLANS, { gatewright: 1, plans })]),
    ]
  }
}

function toShared(environment: string, upstreams: ComposedApi['used']): Piece {
  return toPiece(`${environment}.${SHARED}`, { gatewright: 1, upstreams: [...upstreams] })
}

function toKnown(
  known: KnownEnvironments,
  environment: LiveEnvironment,
  shared: ReturnType<typeof toSharedUpstreams>,
): Known {
  const byId = getOr(known, environment.body, () => new Map<string, Known>())
  return getOr(byId, environment.id, () => ({
    upstreams: toPiece(environment.id, { gatewright: 1, upstreams: composeUpstreams(environment) }),
    references: new UpstreamReferences(environment, shared),
    apis: new WeakMap(),
  }))
}

function isAsBefore({ stamps }: ApiPiece, lists: PolicyLists): boolean {
  return [...stamps].every(([key, stamp]) => lists.stampOf(key) === stamp)
}

function toApiPiece(environment: LiveEnvironment, live: LiveApi, shared: Shared): ApiPiece {
  const { api, used, named } = composeApi(environment, live, shared)
  const stamps = new Map([...named].map((key) => [key, shared.lists.stampOf(key)]))
  return { piece: toPiece(toSnapshotId(environment.id, live), { gatewright: 1, apis: [api] }), used, stamps }
}

function toPiece(id: string, file: GatewrightFileInput): Piece {
  const text = JSON.stringify(file)
  const secrets = [...new Set([...text.matchAll(SECRET)].map(([, name = '']) => name.trim()))]
  return { name: `${id}${ENDING}`, text, hash: toTextHash(text), documents: listDocuments(file), secrets }
}

/** None where there are none. */
function toCertificatesPiece(environment: string, certificates: ReturnType<typeof composeCertificates>): Piece[] {
  if (certificates.length === 0) return []
  return [toPiece(`${environment}.${CERTIFICATES}`, { gatewright: 1, certificates })]
}

/** Another one where a secret has another value under the same name. */
export function toStamp({ hash, secrets: names }: Piece, secrets: ReadonlyMap<string, string>): string {
  return names.length === 0 ? hash : toTextHash(JSON.stringify([hash, names.map((name) => secrets.get(name) ?? null)]))
}

function toId({ name }: Piece): string {
  return name.slice(0, -ENDING.length)
}

function listDocuments({ apis = [] }: GatewrightFileInput): string[] {
  const named = apis.flatMap(({ openapi, releases = [] }) => [openapi, ...releases.map((release) => release.openapi)])
  return [...new Set(named.filter((name) => name !== undefined))]
}

function getOr<Key, Value>(
  known: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}
