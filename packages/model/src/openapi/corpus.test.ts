import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readOpenApi } from './read-openapi.ts'

/** Published definitions, kept beside the repository; not part of it. */
const corpus = fileURLToPath(new URL('../../../../../shared/corpus', import.meta.url))

function listDefinitions(): string[] {
  return (readdirSync(corpus, { recursive: true }) as string[])
    .filter((name) => /\.(?:ya?ml|json)$/.test(name) && statSync(join(corpus, name)).isFile())
    .map((name) => join(corpus, name))
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

describe('the corpus of published definitions', { skip: existsSync(corpus) ? false : `no corpus at ${corpus}` }, () => {
  it('is read without throwing, and every OpenAPI document in it has operations or a reason', () => {
    let documents = 0
    let operations = 0
    for (const path of listDefinitions()) {
      const { definition, findings } = readOpenApi(path, readText)
      if (definition === undefined) {
        assert.ok(
          findings.some(({ severity }) => severity === 'fault'),
          path,
        )
        continue
      }
      documents++
      operations += definition.operations.length
      assert.doesNotThrow(() => JSON.parse(definition.content), path)
      assert.ok(
        findings.every(({ message, at }) => message !== '' && at.file !== ''),
        path,
      )
    }
    assert.ok(documents >= 80, `only ${documents} documents`)
    assert.ok(operations >= 300, `only ${operations} operations`)
  })
})
