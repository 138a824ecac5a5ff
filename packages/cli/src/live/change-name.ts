/** Owns what a change that waits is called: `prod/7` of an environment, `prod/main/orders/7` of what is live of an API there. */
import { UsageError } from '../command.ts'

export interface NamedChange {
  readonly environment: string
  readonly team: string
  /** Absent: it is about something else than what is live of an API. */
  readonly api?: string
  readonly number: number
}

export function toChangeName({ environment, team, api, number }: NamedChange): string {
  return api === undefined ? `${environment}/${number}` : `${environment}/${team}/${api}/${number}`
}

/** @throws UsageError */
export function parseChangeName(name: string): NamedChange {
  const parts = name.split('/')
  const [environment = '', team = '', api = ''] = parts
  const number = Number(parts.at(-1))
  const isWhole = parts.every((part) => part !== '') && Number.isSafeInteger(number) && number > 0
  if (isWhole && parts.length === 2) return { environment, team: '', number }
  if (isWhole && parts.length === 4) return { environment, team, api, number }
  throw new UsageError(`"${name}" is no change: it is called as \`changes list\` says it, prod/7 or prod/main/orders/7`)
}

/** How an answer says that it is not done. */
export function toWaitingText(change: NamedChange): string {
  const name = toChangeName(change)
  return `It waits until others have approved it: change ${name}. They say \`gatewright changes approve ${name}\`.`
}
