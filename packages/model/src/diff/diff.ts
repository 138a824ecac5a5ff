/** Owns what a change of a model adds, removes and alters, said in words. */
import type { Api, App, CertificateSource, GatewayModel, Plan, Route, User } from '../gateway-model.ts'
import { toCanonicalJson, toTextHash } from '../hash.ts'
import type { Sources } from '../resolve/sources.ts'
import type { Catalogue } from '../validate/catalogue.ts'
import { fillDefaults } from './default-options.ts'
import { diffPolicies } from './diff-policies.ts'
import { type Change, diffValues } from './diff-values.ts'
import { HiddenMarks } from './hidden.ts'

/** A model, and the apps that travel beside it. */
export interface Diffable {
  readonly model: GatewayModel
  readonly apps?: readonly App[]
  /** With it, secrets are known, and stand in no change; and so is what options are by default: giving one for the first time changes it, and adds nothing. */
  readonly catalogue?: Catalogue
  /** With it, what came from outside of the files stands in no change. */
  readonly sources?: Sources
}

/** From `before` to `after`: nothing where they say the same. Resources are compared by id, so their order is no change. */
export function diff(before: GatewayModel | Diffable, after: GatewayModel | Diffable): Change[] {
  const marks = new HiddenMarks()
  const [old, now] = [before, after].map((side) => ('model' in side ? side : { model: side })) as [Diffable, Diffable]
  const changes = diffShown(withDefaults(old, marks), withDefaults(now, marks))
  const sources = [old, now].flatMap((side) => side.sources ?? [])
  const hide = (said: string): string => sources.reduce((shown, each) => each.hide(shown), said)
  // Names of users and the like stand in what is said, and in no part that has marks.
  return changes.map((change) => ({ ...change, subject: hide(change.subject), text: hide(change.text) }))
}

function diffShown(a: Diffable, b: Diffable): Change[] {
  return [
    ...diffGateway(a.model, b.model),
    ...diffById('listener', a.model.listeners, b.model.listeners),
    ...diffById('certificate', a.model.certificates, b.model.certificates),
    ...diffById('upstream', a.model.upstreams, b.model.upstreams),
    ...diffPolicies('gateway', a.model.policies, b.model.policies),
    ...diffResources('api', [a.model.apis, b.model.apis], diffApi),
    ...diffResources('plan', [a.model.plans, b.model.plans], diffPlan),
    ...diffResources('app', [a.apps ?? [], b.apps ?? []], diffApp),
  ]
}

/** One line a change, as `gatewright diff` prints it. */
export function toDiffText(changes: readonly Change[]): string {
  return changes.map((change) => `${change.subject}: ${change.text}`).join('\n')
}

function withDefaults({ model, apps, catalogue, sources }: Diffable, marks: HiddenMarks): Diffable {
  const filled = catalogue === undefined ? model : fillDefaults(model, catalogue, marks)
  const full = { ...filled, certificates: filled.certificates.map((each) => hideKey(each, marks)) }
  const shown = sources === undefined ? full : marks.hidePutIn(full, sources)
  const shownApps = apps?.map((app, index) => (sources === undefined ? app : hideInApp(app, index, { marks, sources })))
  return { model: shown, ...(shownApps === undefined ? {} : { apps: shownApps }) }
}

/** Also one that stands in the file itself. */
function hideKey(certificate: CertificateSource, marks: HiddenMarks): CertificateSource {
  const { from } = certificate
  return from.kind === 'pem' ? { ...certificate, from: { ...from, key: marks.hide(from.key) as never } } : certificate
}

/** Keys and users are told by what says nothing of a secret already. */
function hideInApp(
  { keys, users, ...rest }: App,
  index: number,
  { marks, sources }: { readonly marks: HiddenMarks; readonly sources: Sources },
): App {
  return { ...marks.hidePutIn(rest, sources, ['apps', index]), keys, ...(users !== undefined && { users }) }
}

function diffGateway(before: GatewayModel, after: GatewayModel): Change[] {
  const pick = ({ variables, extensions, accessLog, problemBase, egress }: GatewayModel) => ({
    variables,
    extensions,
    accessLog: accessLog.to,
    problemBase,
    egress,
  })
  return diffValues('gateway', pick(before), pick(after))
}

interface Identified {
  readonly id: string
}

function diffById(kind: string, before: readonly Identified[], after: readonly Identified[]): Change[] {
  return diffResources(kind, [before, after], diffValues)
}

type Compare<Resource> = (subject: string, before: Resource, after: Resource) => Change[]

function diffResources<Resource extends Identified>(
  kind: string,
  [before, after]: readonly [readonly Resource[], readonly Resource[]],
  compare: Compare<Resource>,
): Change[] {
  const old = new Map(before.map((resource) => [resource.id, resource]))
  const now = new Map(after.map((resource) => [resource.id, resource]))
  const changes: Change[] = []
  for (const id of old.keys()) {
    if (!now.has(id)) changes.push({ kind: 'removed', subject: `${kind} ${id}`, text: 'removed' })
  }
  for (const [id, resource] of now) {
    const earlier = old.get(id)
    if (earlier === undefined) changes.push({ kind: 'added', subject: `${kind} ${id}`, text: 'added' })
    else if (earlier !== resource) changes.push(...compare(`${kind} ${id}`, earlier, resource))
  }
  return changes
}

function diffApi(subject: string, before: Api, after: Api): Change[] {
  const { policies: oldPolicies, releases: oldReleases, ...old } = before
  const { policies, releases, ...now } = after
  const release = (api: Api, revision: string) => api.releases.find((candidate) => candidate.revision === revision)
  return [
    ...diffValues(subject, old, now),
    ...diffPolicies(subject, oldPolicies, policies),
    ...diffReleases(subject, oldReleases, releases),
    ...releases.flatMap(({ revision, ...current }) => {
      const earlier = release(before, revision)
      if (earlier === undefined) return []
      const name = releases.length === 1 && oldReleases.length === 1 ? after.id : `${after.id}@${revision}`
      const { revision: _, routes: oldRoutes, policies: oldUses, ...oldRest } = earlier
      const { routes, policies: uses, ...rest } = current
      return [
        ...diffValues(subject, shortenToken(oldRest), shortenToken(rest)),
        ...diffPolicies(subject, oldUses, uses),
        ...diffResources('route', [withScope(name, oldRoutes), withScope(name, routes)], diffRoute),
      ]
    }),
  ]
}

/** Like keys: enough to tell that it is another one, and nothing to try. */
function shortenToken<Said extends Pick<Api['releases'][number], 'preview'>>(release: Said): Said {
  const { preview } = release
  return preview === undefined ? release : { ...release, preview: { ...preview, hash: preview.hash.slice(0, 12) } }
}

function diffReleases(subject: string, before: Api['releases'], after: Api['releases']): Change[] {
  const old = before.map((release) => release.revision)
  const now = after.map((release) => release.revision)
  return [
    ...old
      .filter((revision) => !now.includes(revision))
      .map((revision): Change => ({ kind: 'removed', subject, text: `removes release ${revision}` })),
    ...now
      .filter((revision) => !old.includes(revision))
      .map((revision): Change => ({ kind: 'added', subject, text: `adds release ${revision}` })),
  ]
}

/** A route is named with its API: `orders/ping`. */
function withScope(api: string, routes: readonly Route[]): (Omit<Route, 'id'> & Identified)[] {
  return routes.map((route) => ({ ...route, id: `${api}/${route.id}` }))
}

function diffRoute(subject: string, before: Omit<Route, 'id'>, after: Omit<Route, 'id'>): Change[] {
  const { policies: oldPolicies, ...old } = before
  const { policies, ...now } = after
  return [...diffValues(subject, old, now), ...diffPolicies(subject, oldPolicies, policies)]
}

function diffPlan(subject: string, before: Plan, after: Plan): Change[] {
  const { policies: oldPolicies, overrides: oldOverrides = {}, ...old } = before
  const { policies, overrides = {}, ...now } = after
  const apps = [...new Set([...Object.keys(oldOverrides), ...Object.keys(overrides)])]
  return [
    ...diffValues(subject, old, now),
    ...diffPolicies(subject, oldPolicies, policies),
    ...apps.flatMap((app) => diffValues(`${subject} for app ${app}`, oldOverrides[app] ?? {}, overrides[app] ?? {})),
  ]
}

/** Keys are named by the first letters of their hash: enough to find one, and nothing to try. Users have names. */
function diffApp(subject: string, before: App, after: App): Change[] {
  const { keys: oldKeys, users: oldUsers = [], ...old } = before
  const { keys, users = [], ...now } = after
  return [
    ...diffValues(subject, old, now),
    ...diffCredentials([oldKeys, keys], {
      subject,
      toId: ({ hash }) => hash,
      toName: (hash) => `key ${hash.slice(0, 12)}…`,
    }),
    ...diffCredentials([oldUsers.map(withoutHash), users.map(withoutHash)], {
      subject,
      toId: ({ name }) => name,
      toName: (name) => `user ${name}`,
    }),
  ]
}

/** That a password has changed is told, and nothing of its hash. */
function withoutHash({ passwordHash, ...rest }: User): Omit<User, 'passwordHash'> & { readonly password: string } {
  return { ...rest, password: `${toTextHash(passwordHash).slice(0, 12)}` }
}

interface Naming<Credential> {
  readonly subject: string
  readonly toId: (credential: Credential) => string
  readonly toName: (id: string) => string
}

function diffCredentials<Credential>(
  [before, after]: readonly [readonly Credential[], readonly Credential[]],
  { subject, toId, toName }: Naming<Credential>,
): Change[] {
  const old = new Map(before.map((credential) => [toId(credential), credential]))
  const now = new Map(after.map((credential) => [toId(credential), credential]))
  const removed = [...old.keys()]
    .filter((id) => !now.has(id))
    .map((id): Change => ({ kind: 'removed', subject, text: `removes ${toName(id)}` }))
  const changed = [...now].flatMap(([id, credential]): Change[] => {
    const earlier = old.get(id)
    if (earlier === undefined) return [{ kind: 'added', subject, text: `adds ${toName(id)}` }]
    const isSame = toCanonicalJson(earlier) === toCanonicalJson(credential)
    return isSame ? [] : diffValues(`${subject}, ${toName(id)}`, earlier as object, credential as object)
  })
  return [...removed, ...changed]
}
