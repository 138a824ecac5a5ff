/** Owns the step from an app of a file to who calls: hashes alone, and the plan, the times and the switch that count. */
import type { App, AppId, Key, PlanChoice, PlanId } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { pickPresent } from './pick-present.ts'
import { type ResolveContext, reportFault } from './resolution.ts'

type FileApp = GatewrightFile['apps'][number]

/** `hashKey`: how a key that is given as itself is known from here on. */
export function toApp(app: FileApp, hashKey: (value: string) => string): App {
  return {
    id: app.id as AppId,
    ...pickPresent(app, 'title', 'description', 'tags', 'owner', 'enabled'),
    ...toPlanChoice(app),
    keys: app.keys.map((key) => ({ hash: toHash(key, hashKey), ...toValidity(key, app) })),
    ...(app.users.length > 0 && {
      users: app.users.map((user) => ({ ...pickPresent(user, 'name', 'passwordHash'), ...toValidity(user, app) })),
    }),
  }
}

/** A key may come from the surroundings, and never stands in a file: files are kept, shown and sent. */
export function checkKeyValues(context: ResolveContext): void {
  for (const [index, { keys }] of context.file.apps.entries()) {
    for (const [position, { value }] of keys.entries()) {
      const path = ['apps', index, 'keys', position, 'value']
      if (value === undefined || context.origins.isSubstituted(context.raw, path)) continue
      reportFault(context, path, {
        code: 'key-in-file',
        message: 'A key stands in the file: everybody who reads the file can use it.',
        suggestion:
          'Write `value: ${env:NAME}` or `value: ${file:path}`, or the hash that `gatewright key hash` prints.',
      })
    }
  }
}

function toHash({ hash, value }: FileApp['keys'][number], hashKey: (value: string) => string): string {
  // The schema lets exactly one of them through.
  return value === undefined ? (hash ?? '').replace(/^sha256:/, '') : hashKey(value)
}

function toPlanChoice({ plan, plans }: Pick<FileApp, 'plan' | 'plans'>): PlanChoice {
  return {
    ...(plan === undefined ? {} : { plan: plan as PlanId }),
    ...(plans === undefined ? {} : { plans: plans as NonNullable<PlanChoice['plans']> }),
  }
}

/** Whose a key or a user is, on which plan, and when. */
function toValidity(
  { plan, notBefore, expires, enabled }: Omit<FileApp['users'][number], 'name' | 'passwordHash'>,
  app: FileApp,
): Omit<Key, 'hash'> {
  return {
    app: app.id as AppId,
    ...(plan === undefined ? toPlanChoice(app) : { plan: plan as PlanId }),
    ...(notBefore === undefined ? {} : { notBefore: Date.parse(notBefore) }),
    ...(expires === undefined ? {} : { expires: Date.parse(expires) }),
    // What belongs to an app that is switched off is switched off.
    ...(app.enabled === false ? { enabled: false } : enabled === undefined ? {} : { enabled }),
  }
}
