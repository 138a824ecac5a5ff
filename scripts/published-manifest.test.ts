/** Proves that a published package.json leads to what was built, and to nothing else. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toPublishedManifest } from './published-manifest.ts'

const versions = new Map([['@gatewright/model', '1.2.3']])

describe('toPublishedManifest', () => {
  it('leads doors to built JavaScript and its declarations, and imports to built JavaScript', () => {
    const published = toPublishedManifest(
      {
        name: 'gatewright',
        version: '1.2.3',
        bin: { gatewright: 'bin/gatewright.js' },
        exports: { '.': './src/index.ts', './schema.json': './src/schema.json' },
        imports: { '#main': './src/main.ts' },
        dependencies: { '@gatewright/model': '1.2.3', yaml: '2.9.1' },
        devDependencies: { ws: '8.0.0' },
      },
      versions,
    )
    assert.deepEqual(published.exports, {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './schema.json': './dist/schema.json',
    })
    assert.deepEqual(published.imports, { '#main': './dist/main.js' })
    assert.deepEqual(published.bin, { gatewright: 'bin/gatewright.js' })
    assert.deepEqual(published.dependencies, { '@gatewright/model': '1.2.3', yaml: '2.9.1' })
    assert.equal(published.devDependencies, undefined)
  })

  it('refuses a sibling of another version than the one published beside it', () => {
    const manifest = { name: 'gatewright', version: '1.2.3', dependencies: { '@gatewright/model': '1.2.2' } }
    assert.throws(
      () => toPublishedManifest(manifest, versions),
      /asks for @gatewright\/model 1\.2\.2, and 1\.2\.3 is published/,
    )
  })
})
