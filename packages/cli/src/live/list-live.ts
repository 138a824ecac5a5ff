/** Owns reading what is live in an environment, all pages of it, by team and API. */
import type { Client, Operations } from '@gatewright/client'

export type LiveApi = Operations['listLiveApis']['answer']['items'][number]

/** @rejects ClientProblem */
export async function listLive(client: Client, environment: string): Promise<readonly LiveApi[]> {
  const all: LiveApi[] = []
  let after: string | undefined
  do {
    const query = { limit: 500, ...(after !== undefined && { after }) }
    const { items, next } = (await client.ask('listLiveApis', { params: { environment }, query })).body
    all.push(...items)
    after = next
  } while (after !== undefined)
  return all.toSorted((a, b) => (toKey(a) < toKey(b) ? -1 : 1))
}

function toKey({ team, api }: LiveApi): string {
  return `${team}/${api}`
}
