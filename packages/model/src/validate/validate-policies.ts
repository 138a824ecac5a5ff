/** Owns the checks of policy uses, each by itself: names, options, conditions. */
import { findClosest, suggestName } from '../closest.ts'
import { describeIssues } from '../file/describe-issues.ts'
import { findFormat, isExpressionSource, isWriteOnly } from '../file/walk-schema.ts'
import { type Finding, NOWHERE, type Path, toPathText } from '../finding.ts'
import type { PolicyUse } from '../gateway-model.ts'
import { SUBSTITUTION_IN_EXPRESSION } from '../source/substitute.ts'
import { type CatalogueEntry, findNestedLists, PLAN_SLOT } from './catalogue.ts'
import { checkApp } from './validate-app-refs.ts'
import { placeUses, warnOfDisorder } from './validate-order.ts'
import { checkPlan } from './validate-plan-refs.ts'
import type { Validation } from './validation.ts'

/** Checks one list by itself. Uses that are switched off are checked too, since somebody will switch them on. */
export function validateUses(validation: Validation, uses: readonly PolicyUse[], path: Path): void {
  for (const [index, use] of uses.entries()) validateUse(validation, use, [...path, index])
  warnOfDisorder(validation, placeUses(uses, path))
}

function validateUse(validation: Validation, use: PolicyUse, path: Path): void {
  const { checkExpression } = validation.options
  const fault = use.when === undefined ? undefined : checkExpression?.(use.when, 'condition')
  if (fault !== undefined) {
    validation.fault([...path, 'when'], {
      code: 'invalid-expression',
      message: `The condition of "${use.policy}" cannot run: ${fault}.`,
    })
  }
  const entry = validation.entries.get(use.policy)
  if (entry === undefined) {
    const isSlip = findClosest(use.policy, validation.entries.keys()) !== undefined
    if (validation.options.isCatalogueIncomplete === true && !isSlip) return
    validation.fault([...path, 'policy'], {
      code: 'unknown-policy',
      message: `There is no policy "${use.policy}".`,
      suggestion:
        suggestName(use.policy, [...validation.entries.keys()], 'Policies') ??
        'Name the module that defines it in `extensions`.',
    })
    return
  }
  const optionsPath = [...path, 'options']
  for (const nested of findNestedLists(entry.lists, use.options)) {
    for (const [index, inner] of nested.uses.entries()) {
      const at = [...optionsPath, ...nested.path, index]
      validateUse(validation, inner, at)
      if (inner.policy === PLAN_SLOT.name) refuseNestedSlot(validation, use, at)
      else if (inner.enabled !== false) checkPhase(validation, { outer: entry, inner, path: at })
    }
  }
  const findings = checkOptions(validation, use, (inner) => [...optionsPath, ...inner])
  // Options that stand beside `policy` are a fault already, and missing for that reason.
  const isMisplaced = validation.hasLostKeys(path)
  const own = findings.filter(({ code }) => !isMisplaced || code !== 'missing')
  validation.add(own.map((finding) => ({ ...finding, message: `${use.policy}: ${finding.message}` })))
  checkNamed(validation, use, { schema: entry.options, optionsPath })
  warnOfWrittenSecrets(validation, use, optionsPath)
}

/** Whoever writes elsewhere has no files of this machine read. */
function refuseForeignFile(validation: Validation, path: Path): void {
  const { sources, foreignFiles } = validation.options
  if (sources === undefined || foreignFiles?.has(sources.find(path).file) !== true) return
  validation.fault(path, {
    code: 'foreign-file',
    message: 'What comes from elsewhere names no files of this machine.',
  })
}

/** Plans, apps and files that options name. */
function checkNamed(
  validation: Validation,
  { options }: PolicyUse,
  { schema, optionsPath }: { readonly schema: Schema; readonly optionsPath: Path },
): void {
  const isNamed = (part: Schema, at: Path): boolean => findFormat(part, at) !== undefined
  for (const { text, path: inner } of listTexts(schema, options, isNamed)) {
    const path = [...optionsPath, ...inner]
    const format = findFormat(schema, inner)
    if (format === 'plan-id') checkPlan(validation, text, path)
    if (format === 'file-path') refuseForeignFile(validation, path)
    if (format === 'app-id' || format === 'any-app-id') checkApp(validation, text, { path, isAny: format !== 'app-id' })
  }
}

/** Files are kept, shown and sent. */
function warnOfWrittenSecrets(validation: Validation, { policy, options }: PolicyUse, optionsPath: Path): void {
  const { sources } = validation.options
  const schema = validation.entries.get(policy)?.options
  if (sources === undefined || schema === undefined) return
  for (const { path } of listTexts(schema, options, isWriteOnly)) {
    const at = [...optionsPath, ...path]
    if (sources.isSecret(at)) continue
    validation.warn(at, {
      code: 'secret-in-file',
      message: `${policy}: a secret stands in the file: everybody who reads the file can use it.`,
      suggestion: 'Write `${env:NAME}` or `${file:path}`.',
    })
  }
}

/** Whoever folds a list of routes puts plans in; what stands here would be passed, and `any-of` would take that for a caller it knows. */
function refuseNestedSlot(validation: Validation, { policy }: PolicyUse, path: Path): void {
  validation.fault(path, {
    code: 'nested-plan-slot',
    message: `The place of plans stands in the lists of routes, APIs and the gateway: in the options of "${policy}" it would run nothing.`,
    suggestion: `Move it behind "${policy}".`,
  })
}

/** Who tries several ways to recognise a caller takes what hands the request on for one that did. */
function checkPhase(
  validation: Validation,
  { outer, inner, path }: { readonly outer: CatalogueEntry; readonly inner: PolicyUse; readonly path: Path },
): void {
  const phase = validation.entries.get(inner.policy)?.phase
  if (outer.listsPhase === undefined || phase === undefined || phase === outer.listsPhase) return
  validation.fault(path, {
    code: 'recognises-nobody',
    message: `"${inner.policy}" recognises no caller: in "${outer.name}" it would let everybody pass.`,
    suggestion: `Move it behind "${outer.name}".`,
  })
}

/**
 * What a policy's schema says of options. `toPath`: where a part of them stands in the model. None where there is no such policy,
 * and where something was put into what runs: that is the fault then, and not what it says.
 */
export function checkOptions(
  validation: Validation,
  { policy, options }: PolicyUse,
  toPath: (inner: Path) => Path,
): Finding[] {
  const { sources } = validation.options
  const schema = validation.entries.get(policy)?.options
  if (schema === undefined) return []
  const run = sources?.hasPutIn === true ? listTexts(schema, options, isExpressionSource) : []
  const paths = run.map(({ path }) => toPath(path)).filter((path) => sources?.isSecret(path) === true)
  for (const path of paths) validation.fault(path, SUBSTITUTION_IN_EXPRESSION)
  const result = parseOptions(schema, options ?? {})
  if (result.success || paths.length > 0) return []
  return describeIssues(result.issues, {
    schema,
    value: options,
    at: (inner, point) => sources?.find(toPath(inner), point) ?? { ...NOWHERE, path: toPathText(toPath(inner)) },
    isPutIn: (inner) => sources?.isSecret(toPath(inner)) ?? false,
  })
}

type Schema = Parameters<typeof isExpressionSource>[0]

/** Texts of which the schema says what `isWanted` asks, each with its place. */
function listTexts(
  schema: Schema,
  value: unknown,
  isWanted: (schema: Schema, at: Path) => boolean,
): { readonly text: string; readonly path: Path }[] {
  const walk = (part: unknown, path: Path): { text: string; path: Path }[] => {
    if (typeof part === 'string') return isWanted(schema, path) ? [{ text: part, path }] : []
    if (typeof part !== 'object' || part === null) return []
    const isList = Array.isArray(part)
    return Object.entries(part).flatMap(([name, member]) => walk(member, [...path, isList ? Number(name) : name]))
  }
  return walk(value, [])
}

type Parsed = { success: true } | { success: false; issues: Parameters<typeof describeIssues>[0] }

/** An extension's schema is somebody else's code: it may throw, or want to be awaited. */
function parseOptions(
  schema: Parameters<typeof describeIssues>[1]['schema'] & { safeParse?: unknown },
  options: unknown,
): Parsed {
  try {
    const { safeParse } = schema as {
      safeParse(value: unknown): { success: boolean; error?: { issues: Parameters<typeof describeIssues>[0] } }
    }
    const result = safeParse(options)
    return result.success ? { success: true } : { success: false, issues: result.error?.issues ?? [] }
  } catch (error) {
    const message = `The schema of these options failed: ${error instanceof Error ? error.message : String(error)}`
    return { success: false, issues: [{ code: 'custom', path: [], message, input: options }] }
  }
}
