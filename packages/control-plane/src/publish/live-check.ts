/** Owns the question whether gateways could run what would be live: asked within the change that makes it so, which is undone if not. */
import { checkPattern } from '@gatewright/expressions'
import { ConfigurationMemory, type Finding, resolve, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { CertificateCheck } from '../certificates/certificate-check.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Moment } from '../store/store.ts'
import { checkExpressionHere } from './check-expression-here.ts'
import type { LiveEnvironment } from './live-api.ts'
import type { EnvironmentState, PublicationReader } from './publication-reader.ts'

/** As findings name files. */
const FOLDER = 'published/'

export class LiveCheck {
  readonly #reader: PublicationReader
  readonly #memory = new ConfigurationMemory()
  readonly #certificates = new CertificateCheck()

  /** `reader`: that which follows what is kept. */
  constructor(reader: PublicationReader) {
    this.#reader = reader
  }

  /** `db`: within the change. @rejects AdminProblem that says all faults */
  async assertRuns(db: Moment): Promise<void> {
    const faults = (await this.#check(db)).filter(({ severity }) => severity === 'fault')
    if (faults.length === 0) return
    const said = faults.slice(0, MOST_FINDINGS)
    throw new AdminProblem('cannot-be-live', said[0]?.message ?? '', {
      extensions: {
        findings: said.map(({ code, message, suggestion, at }) => ({ code, message, suggestion, at: toPlaceText(at) })),
      },
    })
  }

  /** What these environments run, or else those that somebody protects. `db`: within the change, before and after it. */
  async watch(db: Moment, ids?: ReadonlySet<string>): Promise<ReadonlyMap<string, EnvironmentState>> {
    return await this.#reader.peekEnvironments(db, ids)
  }

  /** Environments with what is live in them. `db`: within the change. */
  async listLive(db: Moment): Promise<readonly LiveEnvironment[]> {
    return await this.#reader.peekLive(db)
  }

  /** Looks at what is live already, so that the first change holds the store up no longer than those after it. */
  async prepare(db: Moment): Promise<void> {
    await this.#check(db)
  }

  async #check(db: Moment): Promise<readonly Finding[]> {
    const { pieces, documents, secrets } = await this.#reader.peek(db)
    // As long as there is no environment, nothing is published.
    if (pieces.length === 0) return []
    const memory = this.#memory
    const files = pieces.map(({ name, text }) => ({ path: FOLDER + name, text, isForeign: true }))
    const { draft, findings, sources, apps } = resolve({
      files,
      env: () => undefined,
      readFile: (path) => documents.get(path.slice(FOLDER.length)),
      secret: (name) => secrets.get(name),
      memory,
    })
    const all = [
      ...findings,
      ...validate(draft, BUILT_IN_POLICIES, {
        sources,
        apps,
        checkExpression: checkExpressionHere,
        checkPattern,
        isCatalogueIncomplete: false,
        isWhole: false,
        nowMs: Date.now(),
        foreignFiles: new Set(files.map(({ path }) => path)),
        memory,
      }),
    ]
    all.push(...this.#certificates.check(draft, sources))
    // What is secret goes into no answer.
    return all.filter(({ code }) => !OF_LISTENERS.has(code)).map((finding) => sources.hideIn(finding))
  }
}

/** Which there are, gateways say themselves. */
const OF_LISTENERS: ReadonlySet<string> = new Set(['challenge-unreachable'])

/** `prod.orders: apis[0].upstream`: which API it is, and where in it. */
function toPlaceText({ file, path }: Finding['at']): string {
  const piece = file.slice(FOLDER.length).replace(/\.json$/, '')
  return [piece, path].filter((part) => part !== '').join(': ')
}

/** Of one fault that is everywhere, some are enough. */
const MOST_FINDINGS = 50
