/** Owns reading what is live in an environment, all pages of it, by team and API. */
import type { Client, Operations } from '@gatewright/client'
import { listAll } from '../servers/list-all.ts'

export type LiveApi = Operations['listLiveApis']['answer']['items'][number]

/** @rejects ClientProblem */
export async function listLive(client: Client, environment: string): Promise<readonly LiveApi[]> {
  const all = await listAll((query) => client.ask('listLiveApis', { params: { environment }, query }))
  return all.toSorted((a, b) => (toKey(a) < toKey(b) ? -1 : 1))
}

function toKey({ team, api }: LiveApi): string {
  return `${team}/${api}`
}
