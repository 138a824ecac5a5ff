/** Owns reading an image from the lines of a backup, and the judgement whether they are all there and as they were. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CopyFault } from './copy-fault.ts'
import { isTableName, type TableName } from './kept-tables.ts'
import type { ImageHead, Page, Row, StoreImage } from './store-image.ts'

const headSchema = z.object({ gatewright: z.literal('backup'), format: z.int() })
const imageHeadSchema = z.object({
  createdAtMs: z.int(),
  sequence: z.int().nonnegative(),
  uid: z.string(),
  migrations: z.array(z.string()),
})
const tableSchema = z.object({ table: z.string(), columns: z.array(z.string().regex(/^[a-z_]+$/)).min(1) })
const rowSchema = z.array(z.union([z.string(), z.number(), z.null()]))
const endSchema = z.object({ end: z.object({ rows: z.record(z.string(), z.int()), sha256: z.string() }) })

export const FORMAT = 1
const ROWS_AT_ONCE = 200
/** Characters: rows may be of megabytes. */
const MOST_AT_ONCE = 4_000_000

export interface ImageLines extends StoreImage {
  readonly head: ImageHead & { readonly createdAtMs: number }
  close(): Promise<void>
}

interface Collecting {
  readonly table: TableName
  readonly columns: readonly string[]
  rows: Row[]
  length: number
}

export class LineReader implements ImageLines {
  readonly head: ImageLines['head']
  readonly #lines: AsyncGenerator<string>
  readonly #file: string
  readonly #sha256 = createHash('sha256')
  readonly #counts = new Map<string, number>()

  private constructor(lines: AsyncGenerator<string>, file: string, first: string) {
    this.#lines = lines
    this.#file = file
    this.#note(first)
    this.head = this.#toHead(first)
  }

  /** @rejects CopyFault `foreign`, `newer`, `torn` */
  static async open(lines: AsyncGenerator<string>, file: string): Promise<LineReader> {
    const { value } = await lines.next()
    return new LineReader(lines, file, value ?? '')
  }

  /** Who reads no further lets go of the file. */
  async close(): Promise<void> {
    await this.#lines.return(undefined)
  }

  get pages(): AsyncIterable<Page> {
    return this.#read()
  }

  async *#read(): AsyncGenerator<Page> {
    let now: Collecting | undefined
    let isWhole = false
    for await (const line of this.#lines) {
      if (isWhole) throw this.#torn('something stands behind its end')
      const value = this.#parse(line)
      if (Array.isArray(value)) {
        if (now === undefined) throw this.#torn('a row stands before its table')
        this.#collect(now, value)
        now.length += line.length
        if (now.rows.length >= ROWS_AT_ONCE || now.length >= MOST_AT_ONCE) yield take(now)
      } else {
        if (now !== undefined && now.rows.length > 0) yield take(now)
        const end = endSchema.safeParse(value)
        if (end.success) this.#judge(end.data.end)
        isWhole = end.success
        if (!isWhole) now = this.#begin(value)
      }
      if (!isWhole) this.#note(line)
    }
    if (!isWhole) throw this.#torn('its end is missing')
  }

  #collect(now: Collecting, value: unknown): void {
    const { data } = rowSchema.safeParse(value)
    if (data?.length !== now.columns.length) throw this.#torn(`a row of the table ${now.table} is none`)
    now.rows.push(Object.fromEntries(now.columns.map((column, index) => [column, data[index] ?? null])))
    this.#counts.set(now.table, (this.#counts.get(now.table) ?? 0) + 1)
  }

  #begin(value: unknown): Collecting {
    const { data } = tableSchema.safeParse(value)
    if (!isTableName(data?.table) || this.#counts.has(data.table)) {
      throw this.#torn(`a line is neither table nor row: ${JSON.stringify(value).slice(0, 80)}`)
    }
    return { table: data.table, columns: data.columns, rows: [], length: 0 }
  }

  #judge({ rows, sha256 }: z.infer<typeof endSchema>['end']): void {
    for (const table of new Set([...Object.keys(rows), ...this.#counts.keys()])) {
      const [told = 0, came = 0] = [rows[table], this.#counts.get(table)]
      if (told !== came) throw this.#torn(`${table} was to have ${told} rows, and has ${came}`)
    }
    if (this.#sha256.digest('hex') !== sha256) throw this.#torn('its checksum is another one')
  }

  #note(line: string): void {
    this.#sha256.update(`${line}\n`)
  }

  #toHead(first: string): ImageLines['head'] {
    const kind = headSchema.safeParse(this.#parse(first))
    if (!kind.success) {
      throw new CopyFault('foreign', `${this.#file} is no backup of Gatewright: gatewright backup makes them`)
    }
    if (kind.data.format !== FORMAT) {
      throw new CopyFault(
        'newer',
        `${this.#file} has format ${kind.data.format}, and this version of Gatewright reads format ${FORMAT}: restore it with the version that made it`,
      )
    }
    const head = imageHeadSchema.safeParse(this.#parse(first))
    if (!head.success) throw this.#torn('its first line is not whole')
    return head.data
  }

  #parse(line: string): unknown {
    try {
      return JSON.parse(line)
    } catch {
      throw this.#torn('a line is no JSON')
    }
  }

  #torn(why: string): CopyFault {
    return new CopyFault('torn', `${this.#file} is not whole: ${why}. Nothing was restored; take another backup`)
  }
}

function take(now: Collecting): Page {
  const { table, rows } = now
  now.rows = []
  now.length = 0
  return { table, rows }
}
