/** Owns which revisions have to be made, and what has to be made live, for a folder's `live.yaml` to be true. */
import { isDeepStrictEqual } from 'node:util'
import { type ApiBody, ClientProblem } from '@gatewright/client'
import type { toAcknowledge } from '../live/acknowledging.ts'
import type { NamedChange } from '../live/change-name.ts'
import { toLifecycleText } from '../live/tell-lifecycle.ts'
import { isAllThere, listLive, toText } from './compare-releases.ts'
import { toDocumentPath, toKeepStep } from './documents.ts'
import { LIVE_FILE, type Live, toApiPlace, toBodyHash, toReleases, toRevisionPath } from './live-file.ts'
import { type ResourcePlanning, tryPut } from './plan-resources.ts'
import { isOver, listRevisionHashes, type ServerDeployment, type ServerRelease } from './server-state.ts'
import { assertDone, type Step, toNodeFaults } from './step.ts'

interface Planning extends ResourcePlanning {
  readonly message: string
  /** What is broken for callers, and may be. */
  readonly acknowledged: ReturnType<typeof toAcknowledge>
}

/** Revisions come before everything that is live: a number is theirs, or anybody's. */
export class LivePlan {
  readonly #planning: Planning
  readonly revisions: Step[] = []
  readonly releases: Step[] = []
  readonly takeOuts: Step[] = []
  readonly faults: string[] = []
  /** By API: number → hash, with those that will be made. */
  readonly #hashes = new Map<string, Map<number, string>>()

  private constructor(planning: Planning) {
    this.#planning = planning
  }

  /** @rejects ClientProblem */
  static async make(planning: Planning): Promise<LivePlan> {
    const plan = new LivePlan(planning)
    const live = Object.entries(planning.folder.live ?? {})
    for (const [environment, apis] of live) {
      for (const [api, wanted] of Object.entries(apis)) await plan.#add(environment, api, wanted)
      const there = planning.state.live.get(environment) ?? new Map<string, ServerDeployment>()
      for (const [api, deployment] of there) {
        if (!Object.hasOwn(apis, api)) plan.takeOuts.push(plan.#toTakeOut(environment, api, deployment))
      }
    }
    return plan
  }

  async #add(environment: string, api: string, wanted: Live): Promise<void> {
    const hashes = await this.#getHashes(api)
    const current = this.#planning.state.live.get(environment)?.get(api)
    if (wanted.releases === 'draft') {
      const [only, ...others] = listLive(current?.releases)
      const isLive = only !== undefined && others.length === 0 && hashes.get(only.revision) === this.#findDraftHash(api)
      if (!isLive || !isSameEnd(current, wanted))
        this.releases.push(this.#toPublish(environment, api, { current, wanted }))
      return
    }
    const releases: ServerRelease[] = []
    for (const { revision, ...rest } of toReleases(wanted)) {
      if (isOver(rest)) continue
      const number = this.#findNumber(api, revision, hashes)
      if (number === undefined) return
      releases.push({ revision: number, ...toWhole(rest, api) })
    }
    if (!isAllThere(releases, current?.releases) || !isSameEnd(current, wanted)) {
      this.releases.push(this.#toDeploy(environment, api, { current, releases, wanted }))
    }
  }

  async #getHashes(api: string): Promise<Map<number, string>> {
    const known = this.#hashes.get(api)
    if (known !== undefined) return known
    const isThere = this.#planning.state.resources.has(toApiPath(api))
    const hashes = new Map(isThere ? await listRevisionHashes(this.#planning.client, api) : [])
    this.#hashes.set(api, hashes)
    return hashes
  }

  #findDraft(api: string): unknown {
    const { folder, state } = this.#planning
    return (folder.resources.get(toApiPath(api)) ?? state.resources.get(toApiPath(api)))?.body
  }

  #findDraftHash(api: string): string | undefined {
    const draft = this.#findDraft(api)
    return draft === undefined ? undefined : toBodyHash(draft)
  }

  /** The number that it has there, or will have; undefined: nobody knows what it says. */
  #findNumber(api: string, revision: number | 'draft', hashes: Map<number, string>): number | undefined {
    const path = revision === 'draft' ? toApiPath(api) : toRevisionPath(api, revision)
    const body = revision === 'draft' ? this.#findDraft(api) : this.#planning.folder.revisions.get(path)
    if (body === undefined) {
      if (revision !== 'draft' && hashes.has(revision)) return revision
      this.faults.push(`${LIVE_FILE} names revision ${revision} of ${api}, and there is no ${path}`)
      return undefined
    }
    const hash = toBodyHash(body)
    if (revision !== 'draft' && (hashes.get(revision) ?? hash) === hash) {
      if (!hashes.has(revision)) this.#revise({ api, number: revision, body, path })
      hashes.set(revision, hash)
      return revision
    }
    // The number is another's there: what counts is what it says.
    const same = [...hashes].find(([, each]) => each === hash)?.[0]
    if (same !== undefined) return same
    const number = Math.max(0, ...hashes.keys()) + 1
    this.#revise({ api, number, body, path })
    hashes.set(number, hash)
    return number
  }

  #revise(made: {
    readonly api: string
    readonly number: number
    readonly body: unknown
    readonly path: string
  }): void {
    const { client, message, folder } = this.#planning
    const { api, number, body, path } = made
    const document = folder.documents.get(toDocumentPath(path))
    // Of a draft, it is kept with the API.
    if (document !== undefined && path !== toApiPath(api))
      this.revisions.push(toKeepStep(client, path, { api: { ...toApiPlace(api) }, document }))
    this.revisions.push({
      action: 'revise',
      subject: path,
      changes: [`${api} gets revision ${number}`],
      needs: [toDocumentPath(path)],
      async run() {
        const params = { ...toApiPlace(api), number }
        await client.ask('restoreRevision', { params, body: { body: body as ApiBody, message } })
        return []
      },
    })
  }

  /** Of the file that was applied: what somebody writes over it meanwhile is not published. */
  #toPublish(environment: string, api: string, { current, wanted }: Difference): Step {
    const { client, folder, message, acknowledged, versions, state } = this.#planning
    const path = toApiPath(api)
    const resource = folder.resources.get(path)
    const params = { ...toApiPlace(api), environment }
    // What is to be changed before cannot be tried as it will be.
    const isAsThere =
      resource?.text === state.resources.get(path)?.text &&
      folder.documents.get(toDocumentPath(path)) === state.documents.get(toDocumentPath(path))
    return {
      action: 'publish',
      subject: toSubject(environment, api),
      changes: [`${toText(current?.releases ?? [])} → draft`, ...toEndChanges(current, wanted)],
      needs: [path, toDocumentPath(path)],
      file: resource?.file,
      tryOut: async () => {
        const body = { message, ...acknowledged }
        if (isAsThere) await this.#judge(path, () => client.ask('publish', { params, body, isDryRun: true }))
        return []
      },
      run: async () => {
        const seen = versions.get(path) ?? state.resources.get(path)?.version
        const made = await client.ask('makeRevision', {
          params: toApiPlace(api),
          body: { message },
          ...(seen !== undefined && { ifMatch: seen }),
        })
        const { number: revision } = made.body
        const releases = [{ revision, share: 100 }]
        const body = { releases, ...toLifecycle(current, wanted), message, ...acknowledged }
        const answer = await this.#judge(path, () => client.ask('deploy', { params, body, ...toCondition(current) }))
        assertDone(answer, toChangePlace(environment, api))
        return toNodeFaults(answer.body, environment)
      },
    }
  }

  /** What gateways cannot run of a draft is told of its file, where it stands there. @rejects ClientProblem */
  async #judge<Answer>(path: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask()
    } catch (error) {
      const { client, folder, state } = this.#planning
      const resource = folder.resources.get(path)
      if (error instanceof ClientProblem && error.code === 'cannot-be-live' && resource !== undefined)
        await tryPut(client, { resource, former: state.documents.get(toDocumentPath(path)) })
      throw error
    }
  }

  #toDeploy(
    environment: string,
    api: string,
    { current, releases, wanted }: Difference & { readonly releases: readonly ServerRelease[] },
  ): Step {
    const { client, message, acknowledged } = this.#planning
    return {
      action: 'publish',
      subject: toSubject(environment, api),
      changes: [`${toText(current?.releases ?? [])} → ${toText(releases)}`, ...toEndChanges(current, wanted)],
      needs: this.revisions.filter(({ subject }) => isOf(subject, api)).map(({ subject }) => subject),
      async run() {
        const params = { ...toApiPlace(api), environment }
        const answer = await client.ask('deploy', {
          params,
          body: { releases, ...toLifecycle(current, wanted), message, ...acknowledged },
          ...toCondition(current),
        })
        assertDone(answer, toChangePlace(environment, api))
        return toNodeFaults(answer.body, environment)
      },
    }
  }

  #toTakeOut(environment: string, api: string, current: ServerDeployment): Step {
    const { client, message } = this.#planning
    return {
      action: 'take out',
      subject: toSubject(environment, api),
      changes: [`${toText(current.releases)} → (nothing)`],
      async run() {
        const params = { ...toApiPlace(api), environment }
        const answer = await client.ask('takeOut', { params, body: { message }, ...toCondition(current) })
        assertDone(answer, toChangePlace(environment, api))
        return toNodeFaults(answer.body, environment)
      },
    }
  }
}

/** With the teams of apps, as the control plane says them. */
function toWhole<Said extends Pick<ServerRelease, 'apps'>>({ apps, ...said }: Said, api: string) {
  const { team } = toApiPlace(api)
  return { ...said, ...(apps && { apps: apps.map((app) => (app.includes('/') ? app : `${team}/${app}`)) }) }
}

/** What is there, and what is to be. */
interface Difference {
  readonly current: ServerDeployment | undefined
  readonly wanted: Live
}

type Ending = Pick<Live, 'lifecycle'> | undefined

function isSameEnd(current: Ending, wanted: Ending): boolean {
  return isDeepStrictEqual(current?.lifecycle, wanted?.lifecycle)
}

/** Nothing where it stays. */
function toLifecycle(current: Ending, wanted: Live) {
  return isSameEnd(current, wanted) ? {} : { lifecycle: wanted.lifecycle ?? null }
}

/** A line, where that is another. */
function toEndChanges(current: Ending, wanted: Ending): readonly string[] {
  return isSameEnd(current, wanted) ? [] : [`${toEndText(current)} → ${toEndText(wanted)}`]
}

function toEndText(ending: Ending): string {
  return ending?.lifecycle === undefined ? '(no end)' : toLifecycleText(ending.lifecycle)
}

function toApiPath(api: string): string {
  return `apis/${api}.yaml`
}

/** Is it the file of a revision, or of the draft, of this API? */
function isOf(path: string, api: string): boolean {
  return path === toApiPath(api) || path.startsWith(`revisions/${api}/`)
}

function toSubject(environment: string, api: string): string {
  return `${LIVE_FILE}: ${environment}: ${api}`
}

/** Whose change it is where others have to approve it. */
function toChangePlace(environment: string, api: string): Omit<NamedChange, 'number'> {
  const { team, id } = toApiPlace(api)
  return { environment, team, api: id }
}

function toCondition(current: ServerDeployment | undefined): { readonly ifMatch?: number } {
  return current === undefined ? {} : { ifMatch: current.version }
}
