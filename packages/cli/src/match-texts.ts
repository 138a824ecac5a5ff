/** Owns the words for what a route or an API asks of fields, query and cookies. */
import type { Match, Predicates } from '@gatewright/model'

const NOUNS = { headers: 'header', query: 'query', cookies: 'cookie' } as const

/** `header X-Beta`, `query v = "2"`, `no cookie session`: one each. */
export function toMatchTexts(predicates: Predicates | undefined): string[] {
  const { headers = [], query = [], cookies = [] } = predicates ?? {}
  return Object.entries({ headers, query, cookies }).flatMap(([source, matches]) =>
    matches.map((match) => toMatchText(`${NOUNS[source as keyof typeof NOUNS]} ${match.name}`, match)),
  )
}

function toMatchText(subject: string, { exact, prefix, pattern, present }: Match): string {
  if (exact !== undefined) return `${subject} = ${JSON.stringify(exact)}`
  if (prefix !== undefined) return `${subject} = ${JSON.stringify(prefix)}…`
  if (pattern !== undefined) return `${subject} ~ /${pattern}/`
  return present === false ? `no ${subject}` : subject
}
