/** Proves that the floors hold: a small tree with every kind of trespass planted, judged by the real rules. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

interface Violation {
  readonly rule: { readonly name: string }
  readonly from: string
  readonly to: string
}

/** A lawful tree: every package with a door, imports downward only. */
const LAWFUL: Readonly<Record<string, string>> = {
  'packages/model/src/index.ts': "export type { Route } from './route.ts'\nexport { parse } from './parse.ts'",
  'packages/model/src/route.ts': 'export interface Route { readonly id: string }',
  'packages/model/src/parse.ts': "import { parse as read } from 'yaml'\nexport const parse = read",
  'packages/model/src/runtime/index.ts':
    "export type * from '../route.ts'\nexport { toHash } from '../hash.ts'\nexport { phases } from '../validate/catalogue.ts'",
  'packages/model/src/hash.ts': "import { createHash } from 'node:crypto'\nexport const toHash = createHash",
  'packages/model/src/validate/catalogue.ts':
    "import type { YAMLError } from 'yaml'\nexport const phases: YAMLError[] = []",
  'packages/expressions/src/index.ts':
    "export type * from '@gatewright/model'\nexport { toHash } from '@gatewright/model/runtime'",
  'packages/policies/src/index.ts': "export { catalog } from './catalog.ts'",
  'packages/policies/src/catalog.ts': "import { cors } from './cors/cors.ts'\nexport const catalog = [cors]",
  'packages/policies/src/messages/body.ts': 'export const body = 1',
  'packages/policies/src/cors/cors.ts':
    "import { body } from '../messages/body.ts'\nimport { origin } from './origin.ts'\nexport const cors = [body, origin]",
  'packages/policies/src/cors/origin.ts': 'export const origin = 1',
  'packages/policies/src/retry/retry.ts':
    "import type { Route } from '@gatewright/model'\nexport const retry = (route: Route) => route",
  'packages/gateway/src/index.ts': "export { catalog } from '@gatewright/policies'\nexport * from './main.ts'",
  'packages/gateway/src/main.ts': "export { load } from './snapshot/load.ts'",
  'packages/gateway/src/snapshot/load.ts': "export { parse as load } from '@gatewright/model'",
  'packages/gateway/src/snapshot/load.test.ts': "import { load } from './load.ts'\nload('')",
  'packages/gateway/src/status/status.ts': "import type { load } from '../main.ts'\nexport type Load = typeof load",
  'packages/gateway/src/listen/listener.ts':
    "import { createServer } from 'node:net'\nexport const listener = createServer",
  'packages/cli/src/index.ts': "export { catalog } from '@gatewright/gateway'",
  'packages/cli/src/main.ts': "export { catalog } from '@gatewright/gateway'",
  'packages/cli/bin/gatewright.js': "import('#main')",
}

/** One trespass a file: path → source, and the rule it must meet. */
const TRESPASSES: readonly (readonly [path: string, source: string, rule: string])[] = [
  ['packages/model/src/up.ts', "export { catalog } from '@gatewright/policies'", 'floor-of-model'],
  [
    'packages/model/src/up-type.ts',
    "import type { x } from '@gatewright/gateway'\nexport type X = typeof x",
    'floor-of-model',
  ],
  ['packages/expressions/src/up.ts', "import '@gatewright/policies'", 'floor-of-expressions'],
  ['packages/policies/src/up.ts', "export const load = () => import('@gatewright/gateway')", 'floor-of-policies'],
  ['packages/gateway/src/up.ts', "export { catalog } from '../../cli/src/index.ts'", 'floor-of-gateway'],
  ['packages/gateway/src/up-by-name.ts', "export * from 'gatewright'", 'floor-of-gateway'],
  ['packages/gateway/src/past-the-door.ts', "export * from '../../model/src/route.ts'", 'floor-of-gateway'],
  ['packages/cli/src/past-the-door.ts', "import '../../gateway/src/listen/listener.ts'", 'floor-of-cli'],
  ['packages/cli/src/outside.ts', "import '../../../scripts/pack.ts'", 'floor-of-cli'],
  [
    'packages/gateway/src/threads/big-door.ts',
    "export { parse } from '@gatewright/model'",
    'threads-take-the-small-door',
  ],
  [
    'packages/gateway/src/threads/both.ts',
    "import type { Route } from '@gatewright/model'\nimport { parse } from '@gatewright/model'\nexport const read = (route: Route) => parse(route.id)",
    'threads-take-the-small-door',
  ],
  [
    'packages/expressions/src/later.ts',
    "export const load = () => import('@gatewright/model')",
    'threads-take-the-small-door',
  ],
  [
    'packages/gateway/src/threads/by-main.ts',
    "export { load } from '../snapshot/load.ts'",
    'threads-take-the-small-door',
  ],
  ['packages/model/src/problems.ts', "export { parse } from './parse.ts'", 'small-door-is-small'],
  ['packages/policies/src/cors/neighbour.ts', "export * from '../retry/retry.ts'", 'policies-are-strangers'],
  ['packages/policies/src/messages/neighbour.ts', "export * from '../cors/origin.ts'", 'policies-are-strangers'],
  ['packages/policies/src/cors/file.ts', "export { readFile } from 'node:fs/promises'", 'effects-come-from-services'],
  ['packages/model/src/socket.ts', "export { connect } from 'net'", 'effects-come-from-services'],
  [
    'packages/gateway/src/listen/node-server.ts',
    "export { createServer } from 'node:http'",
    'proxied-path-owns-its-http',
  ],
  ['packages/gateway/src/fake.ts', "export * from './testing/fake-clock.ts'", 'nothing-of-tests-in-source'],
  ['packages/gateway/src/a.ts', "import { b } from './b.ts'\nexport const a = () => b", 'no-cycles'],
  ['packages/gateway/src/c.ts', "import type { D } from './d.ts'\nexport type C = D | 1", 'no-cycles'],
  ['packages/gateway/src/deep.ts', "export * from '@gatewright/model/src/route.ts'", 'resolvable'],
  ['packages/gateway/src/typo.ts', "export * from './tpyo.ts'", 'resolvable'],
  ['packages/plugins/src/index.ts', "export * from '@gatewright/model'", 'no-unknown-package'],
]

/** What trespasses need to exist, lawful in itself. */
const SUPPORT: Readonly<Record<string, string>> = {
  'packages/gateway/src/b.ts': "import { a } from './a.ts'\nexport const b = () => a",
  'packages/gateway/src/d.ts': "import type { C } from './c.ts'\nexport type D = C | 2",
  'packages/gateway/src/testing/fake-clock.ts': 'export const fakeClock = 1',
  'scripts/pack.ts': 'export const pack = 1',
}

describe('the floors', () => {
  let lawful: readonly Violation[]
  let trespasses: readonly Violation[]
  const folders: string[] = []

  before(async () => {
    lawful = await judge(LAWFUL)
    trespasses = await judge({ ...LAWFUL, ...SUPPORT, ...Object.fromEntries(TRESPASSES) })
  })
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

  it('let a lawful tree pass', () => assert.deepEqual(lawful, []))

  for (const [path, source, rule] of TRESPASSES) {
    it(`${rule}: catches \`${source.split('\n')[0]}\` in ${path}`, () => {
      const found = trespasses.filter((violation) => violation.from === path).map((violation) => violation.rule.name)
      assert.ok(found.includes(rule), `found: ${found.join(', ') || 'nothing'}`)
    })
  }

  it('name nothing else', () => {
    const planted = new Set(TRESPASSES.map(([path]) => path))
    const others = trespasses.filter(({ from }) => !planted.has(from) && !Object.hasOwn(SUPPORT, from))
    assert.deepEqual(others, [])
  })

  /** Writes a tree with the workspace links that npm makes, and returns what the rules say of it. */
  async function judge(files: Readonly<Record<string, string>>): Promise<readonly Violation[]> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-floors-'))
    folders.push(folder)
    for (const [path, source] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), `${source}\n`)
    }
    await mkdir(join(folder, 'node_modules/@gatewright'), { recursive: true })
    for (const name of ['model', 'expressions', 'policies', 'gateway', 'cli']) {
      const manifest = {
        name: name === 'cli' ? 'gatewright' : `@gatewright/${name}`,
        type: 'module',
        exports: { '.': './src/index.ts', './runtime': './src/runtime/index.ts' },
        imports: { '#main': './src/main.ts' },
        dependencies: { yaml: '*' },
      }
      await writeFile(join(folder, 'packages', name, 'package.json'), JSON.stringify(manifest))
      await symlink(
        join('../'.repeat(name === 'cli' ? 1 : 2), 'packages', name),
        join(folder, 'node_modules', manifest.name),
      )
    }
    await symlink(join(root, 'node_modules/yaml'), join(folder, 'node_modules/yaml'))
    const args = ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'packages']
    const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const { stdout } = await run(process.execPath, [cruiser, ...args], { cwd: folder, maxBuffer: 2 ** 26 })
    return JSON.parse(stdout).summary.violations
  }
})
