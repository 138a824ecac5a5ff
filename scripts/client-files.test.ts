import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { CLIENT_FOLDER, makeClientFiles } from './client-files.ts'

const folder = join(resolve(import.meta.dirname, '..'), CLIENT_FOLDER)

describe('the client', () => {
  const made = makeClientFiles()

  it('has no files but those that are made', () =>
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => name.includes('.generated.'))
        .sort(),
      [...made.keys()].sort(),
    ))

  for (const [name, text] of made) {
    it(`is current in ${name}`, () =>
      assert.equal(readFileSync(join(folder, name), 'utf8'), text, 'run `npm run client`'))
  }
})
