/** Proves that the map of the code has no white spots, and nothing that is no more. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(`${root}/ARCHITECTURE.md`, 'utf8')

function listFolders(path: string): string[] {
  const entries = readdirSync(`${root}/${path}`, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

describe('ARCHITECTURE.md', () => {
  for (const path of ['packages/gateway/src', 'packages/control-plane/src']) {
    it(`says what each folder of ${path} owns`, () => {
      const missing = listFolders(path).filter((name) => !text.includes(`\`${name}\``))
      assert.deepEqual(missing, [], 'add them to the table of their package, with what they own')
    })
  }

  it('names no folder of the control plane that is not there', () => {
    const [, table = ''] = /^\| folder of `packages\/control-plane\/src` .*\n((?:\|.*\n)+)/m.exec(text) ?? []
    const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
    )
    assert.deepEqual(named.toSorted(), listFolders('packages/control-plane/src').toSorted())
  })
})
