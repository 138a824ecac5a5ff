/** Proves that a document cannot promise what is not there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findCitationFaults, findCommandFaults, findPathFaults } from './document-faults.ts'

const tree = new Set(['README.md', 'docs', 'docs/glossary.md', 'packages', 'packages/model', 'packages/model/src'])
const exists = (path: string) => tree.has(path)

describe('findPathFaults', () => {
  it('follows links from the folder of their document', () => {
    const text =
      '[words](glossary.md#exchange) [home](../README.md) [gone](lost.md) [out](https://example.com/a.md) [here](#x)'
    assert.deepEqual(findPathFaults({ file: 'docs/index.md', text, exists }), [
      'docs/index.md: links to lost.md, which does not exist',
    ])
  })

  it('takes a code span for a path when its first folder exists, at the root or beside the document', () => {
    const text = 'see `packages/model/src`, `packages/lost/`, `src`, `text/html`, `packages/<name>`, `npm test`'
    assert.deepEqual(findPathFaults({ file: 'README.md', text, exists }), [
      'README.md: names `packages/lost/`, which does not exist',
    ])
    assert.deepEqual(findPathFaults({ file: 'packages/model/README.md', text: '`src/lost.ts`', exists }), [
      'packages/model/README.md: names `src/lost.ts`, which does not exist',
    ])
  })

  it('leaves examples in fences alone', () => {
    assert.deepEqual(findPathFaults({ file: 'README.md', text: '```yaml\n[a](b) `docs/x`\n```\n', exists }), [])
  })
})

describe('findCommandFaults', () => {
  const scripts = new Set(['test', 'check'])
  const commands = new Set(['start'])

  it('names scripts and commands that are not there, once each', () => {
    const text =
      '```sh\nnpm ci && npm start\nnpm test\nnpx gatewright start\ngatewright fly --high\n```\n`npm run lint` and `npm run lint`'
    assert.deepEqual(findCommandFaults({ file: 'README.md', text, scripts, commands }), [
      'README.md: `npm run start`: package.json has no such script',
      'README.md: `npm run lint`: package.json has no such script',
      'README.md: `gatewright fly`: packages/cli/src/commands has no such command',
    ])
  })
})

describe('findCitationFaults', () => {
  const paths = new Set([...tree, 'docs/adr', 'docs/adr/0007-node-test.md'])

  it('names documents that a source cites and that are not there', () => {
    const text =
      '// docs/adr/0007, docs/adr/0007-node-test.md, docs/glossary.md#x, https://example.com/docs/x; docs/adr/0007-other.md, docs/adr/0008.'
    assert.deepEqual(findCitationFaults({ file: 'a.ts', text, paths }), [
      'a.ts: names docs/adr/0007-other.md, which does not exist',
      'a.ts: names docs/adr/0008, which does not exist',
    ])
  })
})
