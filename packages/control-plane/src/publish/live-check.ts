/** Owns the question whether gateways could run what would be live: asked within the change that makes it so, which is undone if not. */
import { checkExpression, checkPattern } from '@gatewright/expressions'
import { ConfigurationMemory, type Finding, resolve, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES, CEL_VOCABULARIES } from '@gatewright/policies'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Moment } from '../store/store.ts'
import { LiveReader } from './live-reader.ts'
import { readPublication } from './read-publication.ts'

/** As findings name it. */
const FILE = 'published.json'

export class LiveCheck {
  readonly #reader = new LiveReader()
  readonly #memory = new ConfigurationMemory()

  /** `api`: uid of the one whose revision may be undone with the change. @rejects AdminProblem that says all faults */
  async assertRuns(db: Moment, api?: string): Promise<readonly Finding[]> {
    try {
      const findings = await this.#check(db)
      const faults = findings.filter(({ severity }) => severity === 'fault')
      if (faults.length === 0) return findings
      const said = faults.slice(0, MOST_FINDINGS)
      throw new AdminProblem('cannot-be-live', said[0]?.message ?? '', {
        extensions: {
          findings: said.map(({ code, message, suggestion, at }) => ({ code, message, suggestion, at: at.path })),
        },
      })
    } finally {
      if (api !== undefined) this.#reader.forget(api)
    }
  }

  async #check(db: Moment): Promise<readonly Finding[]> {
    const { file, documents } = await readPublication(db, this.#reader)
    const memory = this.#memory
    const { draft, findings, sources, apps } = resolve({
      files: [{ path: FILE, text: JSON.stringify(file), isForeign: true }],
      env: () => undefined,
      readFile: (path) => documents.get(path),
      memory,
    })
    return [
      ...findings,
      ...validate(draft, BUILT_IN_POLICIES, {
        sources,
        apps,
        checkExpression: (source, language, side = 'request') =>
          checkExpression(source, language, CEL_VOCABULARIES[side]),
        checkPattern,
        isCatalogueIncomplete: false,
        isWhole: false,
        nowMs: Date.now(),
        foreignFiles: new Set([FILE]),
        memory,
      }),
    ]
  }
}

/** Of one fault that is everywhere, some are enough. */
const MOST_FINDINGS = 50
