/** Owns what the catalogue says of the place where a plan's policies run: it is written like a policy without options. */
import { z } from 'zod'
import { type CatalogueEntry, PLAN_SLOT } from './catalogue.ts'

/** Apart from `PLAN_SLOT`, which data threads load: they need no schema for it. */
export const PLAN_SLOT_ENTRY: CatalogueEntry = {
  ...PLAN_SLOT,
  summary: "The policies of the caller's plan run here, instead of right behind the last policy that authenticates.",
  options: z.strictObject({}),
}
