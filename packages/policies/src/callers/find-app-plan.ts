/** Owns on which plan an app calls now, whichever credential names it, and which apps may not call. */
import type { Credentials } from '../services.ts'

/** For the record. */
export type AppFault = 'unknown-app' | 'disabled-app'

interface NamedApp {
  readonly app: string
  /** The id of the API that is called: an app may have a plan of its own for it. */
  readonly api: string
  /** What becomes of an app that the configuration does not have. Refused, unless a token or an answer from outside names it. */
  readonly unknownApps?: 'refuse' | 'allow'
}

/** Undefined: it has none. @throws what `refuse` makes of an app that may not call */
export function findAppPlan(
  credentials: Pick<Credentials, 'findApp'>,
  { app, api, unknownApps = 'refuse' }: NamedApp,
  refuse: (fault: AppFault) => unknown,
): string | undefined {
  const facts = credentials.findApp(app, api)
  if (facts === undefined) {
    if (unknownApps === 'refuse') throw refuse('unknown-app')
    return undefined
  }
  if (!facts.isEnabled) throw refuse('disabled-app')
  return facts.plan
}
