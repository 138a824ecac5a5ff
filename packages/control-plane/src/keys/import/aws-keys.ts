/**
 * Owns reading the file of API keys that Amazon API Gateway imports: columns in any order, their names in any case.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html
 */
import type { SourceFile } from '@gatewright/model'
import { ImportedKeys, type KeyImport } from './imported-keys.ts'
import { type CsvRow, parseCsv } from './parse-csv.ts'

/** Those that are read. */
const COLUMNS = ['name', 'key', 'enabled', 'usageplanids']

export function readAwsKeys({ path, text }: SourceFile, takesWeak = false): KeyImport {
  const imported = new ImportedKeys(path, takesWeak)
  const [head, ...rows] = parseCsv(text.replace(/^\uFEFF/, ''))
  const names = (head?.cells ?? []).map((name) => name.trim().toLowerCase())
  const columns = new Map(names.map((name, at) => [name, at]))
  const twice = COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined) {
    const message = `Two columns are called "${twice}", and only one of them can be taken.`
    imported.report({ code: 'twice-a-column', message, suggestion: 'Take the other one out.' }, { line: 1 })
    return imported.end()
  }
  if (!columns.has('key') || !columns.has('name')) {
    const message = 'The first line names the columns, and "name" and "key" are among them.'
    imported.report({ code: 'no-columns', message, suggestion: 'Write `name,key` as the first line.' }, { line: 1 })
    return imported.end()
  }
  const cellOf = ({ cells }: CsvRow, name: string): string => cells[columns.get(name) ?? -1] ?? ''
  // The same key may stand there twice: there, the last one overwrites those before.
  const last = new Map(rows.map((row) => [cellOf(row, 'key'), row.line]))
  for (const row of rows) {
    const { line } = row
    const value = cellOf(row, 'key')
    const newest = last.get(value)
    if (value !== '' && newest !== line) {
      const message = `This key stands in line ${newest} again, and what is said there counts.`
      imported.report({ severity: 'warning', code: 'duplicate-key', message }, { line })
    } else if (cellOf(row, 'enabled').toLowerCase() === 'false') {
      const message = 'This key is switched off, so it is not taken.'
      imported.report({ severity: 'warning', code: 'disabled-key', message }, { line })
    } else {
      const name = cellOf(row, 'name')
      imported.take({ app: name, key: { value } }, { line })
      if (cellOf(row, 'usageplanids') !== '') reportPlans(imported, line)
    }
  }
  return imported.end()
}

/** Not which: where a comma is missing, another column stands there, and that may be the key. */
function reportPlans(imported: ImportedKeys, line: number): void {
  const message = 'What its usage plans allow is not taken along.'
  const suggestion = 'Subscribe the app to a product on a plan.'
  imported.report({ severity: 'warning', code: 'plan-left', message, suggestion }, { line })
}
