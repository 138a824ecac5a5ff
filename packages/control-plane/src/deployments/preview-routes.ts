/** Owns the routes of previews: a revision that nobody gets but who brings its token, until it ends. */
import { randomBytes } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { z } from 'zod'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineChange, type Route } from '../http/route.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import { DEPLOYING_SHAPE, defineDeploying } from './define-deploying.ts'
import { listLiveReleases } from './deployment.ts'
import { findPlace, getDeployment, PLACE_PATH, placeDemand, placeParams } from './deployment-place.ts'
import { deploy, findDeployment } from './deployment-store.ts'
import { toPreviewEnd } from './said-release.ts'

const TOKEN_BYTES = 32

export const PREVIEW_ROUTES: readonly Route[] = [
  defineDeploying({
    name: 'startPreview',
    verb: 'preview',
    summary:
      'Lets a revision be called here by who brings its token as `Gatewright-Preview`, and by nobody else. The token is shown once; for a revision that has one already, it is another.',
    body: z.strictObject({
      ...DEPLOYING_SHAPE,
      revision: z.int().min(1).optional().meta({ description: 'The draft as it is now, where none is said.' }),
      expires: z.iso
        .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
        .optional()
        .meta({ description: 'In a week if absent; within 90 days.' }),
    }),
    isSecret: true,
    async wish(doing, { api, ref }, { body }) {
      const live = listLiveReleases(await findDeployment(doing.db, ref))
      // Who brings no token has to get something: a file has no API that only previews answer for.
      if (live.length === 0)
        throw new AdminProblem('conflict', 'Nothing is live here beside which it could be tried: publish first.')
      const expires = toPreviewEnd(body.expires, doing.nowMs)
      const revision = body.revision ?? (await makeRevision(doing, api, body.message)).revision.number
      if (live.some((release) => release.revision === revision))
        throw new AdminProblem('conflict', `Revision ${revision} is live here: it needs no preview.`)
      const token = `gwv_${randomBytes(TOKEN_BYTES).toString('base64url')}`
      const hash = `sha256:${toTextHash(token)}`
      return {
        releases: [...live, { revision, preview: { hash, expires } }],
        why: 'preview',
        shown: { token, revision, expires },
      }
    },
  }),
  defineChange({
    name: 'endPreview',
    method: 'DELETE',
    path: `${PLACE_PATH}/preview`,
    summary: 'Ends previews at once. It waits for nobody: what is live stays as it is.',
    tag: 'deployments',
    access: placeDemand('api:publish'),
    watches: 'itself',
    params: placeParams,
    query: z.strictObject({
      revision: z.coerce.number().int().min(1).optional().meta({ description: 'Only that of this revision.' }),
    }),
    async change(_, doing, { params, query: { revision }, ifMatch: version }) {
      const place = await findPlace(doing.db, params)
      const { releases } = await getDeployment(doing.db, place)
      const rest = releases.filter(
        ({ preview, revision: of }) => preview === undefined || (revision !== undefined && of !== revision),
      )
      if (rest.length === releases.length) throw new AdminProblem('not-found', 'There is no such preview here.')
      const made = await deploy(doing, place.ref, { releases: rest, why: 'end-preview', version })
      const { uid, kind, team, id } = place.api
      const details = { id, environment: place.environment.id, before: releases, after: made.releases }
      return { body: undefined, notes: [{ action: made.why, kind, target: uid, team, details }] }
    },
  }),
]
