import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve } from '@gatewright/model'
import { definePolicy, z } from '@gatewright/policies'
import { listPolicyFiles } from '../snapshot/policy-files.ts'

const reader = definePolicy({
  name: 'reader',
  phase: 'protect',
  summary: 'Reads a file.',
  options: z.strictObject({ file: z.string() }),
  files: ({ file }) => [{ path: file, at: ['file'], check() {} }],
  create: () => (exchange, next) => next(exchange),
})
const holder = definePolicy({
  name: 'holder',
  phase: 'protect',
  summary: 'Holds others.',
  options: z.looseObject({}),
  lists: ['branches.*.policies'],
  create: () => (exchange, next) => next(exchange),
})

describe('files of policies in the options of others', () => {
  it('are read as well, each with the place where it is named', () => {
    const text = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: reader, options: { file: outer.bin } }
      - policy: holder
        options:
          branches:
            - policies: [{ policy: holder, options: { branches: [{ policies: [{ policy: reader, options: { file: inner.bin } }] }] } }]
`
    const files = [{ path: 'a.yaml', text }]
    const { draft } = resolve({ files, env: () => undefined, readFile: () => undefined })
    assert.deepEqual(
      listPolicyFiles(draft, [reader, holder]).map(({ path, place }) => [path, place.join('.')]),
      [
        ['outer.bin', 'apis.0.policies.0.options.file'],
        ['inner.bin', 'apis.0.policies.1.options.branches.0.policies.0.options.branches.0.policies.0.options.file'],
      ],
    )
  })
})
