/** Owns how a caller becomes known: what one credential says, beside what others before it said. */
import type { Caller, Exchange } from '../exchange.ts'

/** The newest credential says who calls; what it does not say stays as an earlier one said it. Returns who calls now. */
export function recognise(exchange: Exchange, caller: Caller): Caller {
  exchange.caller = exchange.caller === undefined ? caller : merge(caller, exchange.caller)
  return exchange.caller
}

function merge(caller: Caller, earlier: Caller): Caller {
  const { id, credential } = caller
  return {
    id,
    credential,
    otherCredentials: [...(earlier.otherCredentials ?? []), earlier.credential],
    app: caller.app ?? earlier.app,
    // A plan is an app's: that of another app says nothing.
    plan: caller.plan ?? (caller.app === undefined || caller.app === earlier.app ? earlier.plan : undefined),
    ...pickNewest('claims', caller, earlier),
    ...pickNewest('scopes', caller, earlier),
    ...pickNewest('groups', caller, earlier),
  }
}

function pickNewest<Member extends 'claims' | 'scopes' | 'groups'>(
  member: Member,
  caller: Caller,
  earlier: Caller,
): Partial<Pick<Caller, Member>> {
  const value = caller[member] ?? earlier[member]
  return value === undefined ? {} : ({ [member]: value } as Pick<Caller, Member>)
}
