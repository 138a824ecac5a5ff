/**
 * Owns the floors as code: who may import whom. ARCHITECTURE.md draws them; `npm run check:floors` holds them.
 * Packages are imported by name (`@gatewright/model`); the links in node_modules resolve them to these folders.
 */
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

/** A package may import those below it, each only through a door: `src/index.ts`, `src/runtime/index.ts` (docs/adr/0013-a-door-for-what-runs.md), in tests `src/testing/index.ts` (and `free-ports.ts` beside that of policies, which is for this repository alone). A package that is not named here is a fault. */
const MAY_IMPORT = {
  model: [],
  expressions: ['model'],
  policies: ['model', 'expressions'],
  gateway: ['model', 'expressions', 'policies'],
  'control-plane': ['model', 'expressions', 'policies'],
  client: [],
  cli: ['model', 'expressions', 'policies', 'gateway', 'control-plane', 'client'],
}

/** A folder `<name>/<name>.ts` is a built-in policy; other folders of the package are shared ground. */
const policiesSource = join(process.cwd(), 'packages/policies/src')
const policyFolders = (existsSync(policiesSource) ? readdirSync(policiesSource) : []).filter((name) =>
  existsSync(join(policiesSource, name, `${name}.ts`)),
)
const anyPolicy = `^packages/policies/src/(?:${policyFolders.join('|') || '(?!)'})/`

/** Tests, what they are run with, and the tables they read: `scripts/test-files.ts` says the same. */
const TEST_FILE = '\\.(?:test|fixture|contract)\\.ts$|/(?:testing|cases)/'

/** Behind the small door: `e2e/loaded-dependencies.test.ts` holds the same list against what a data thread does load. */
const SMALL_DOOR =
  '^packages/model/src/(?:runtime/index|hash|host-key|plan-variant|problems|secret|validate/catalogue)\\.ts$'

/** What main alone loads, to read configurations. Nothing else imports it, so whatever else there is may run on a data thread. */
const MAIN_ALONE =
  '^packages/gateway/src/(?:index|main|snapshot/(?:load|load-fault|given-files|ingredients|last-good|serving)|node/node-(?:feed|store|usage))\\.ts$'

const NODE_BUILT_INS_WITH_EFFECTS =
  '^(?:node:)?(?:fs|fs/promises|net|tls|http|http2|https|dgram|dns|dns/promises|child_process|worker_threads|cluster|sqlite)$'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one file, or hide a third: also where it is only types that they need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(MAY_IMPORT).map(([name, below]) => ({
      name: `floor-of-${name}`,
      comment: `packages/${name} may import ${below.length === 0 ? 'no other package' : below.join(', ')}, and only through its doors.`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: {
        path: '^(?:packages|bench|e2e|scripts|examples)/',
        pathNot: [
          `^packages/${name}/`,
          '^packages/policies/src/testing/free-ports\\.ts$',
          ...below.map((other) => `^packages/${other}/src/(?:(?:testing|runtime|thread)/)?index\\.ts$`),
        ],
      },
    })),
    {
      name: 'no-unknown-package',
      comment: 'A new package needs a decision record in docs/adr/ and a line in MAY_IMPORT.',
      severity: 'error',
      from: { path: `^packages/(?!(?:${Object.keys(MAY_IMPORT).join('|')})/)` },
      to: {},
    },
    {
      name: 'threads-take-the-small-door',
      comment:
        'What a data thread may load takes values of the model through `@gatewright/model/runtime`, and nothing from what main alone loads (docs/adr/0013-a-door-for-what-runs.md). Types load nothing, and the linter sees that they are imported as types.',
      severity: 'error',
      from: { path: '^packages/(?:expressions|policies|gateway)/src/', pathNot: [TEST_FILE, MAIN_ALONE] },
      to: { path: ['^packages/model/src/index\\.ts$', MAIN_ALONE], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'small-door-is-small',
      comment:
        'Each data thread holds what stands behind the small door: no more than is named here, and nothing of others.',
      severity: 'error',
      from: { path: SMALL_DOOR },
      to: { pathNot: SMALL_DOOR, dependencyTypesNot: ['type-only', 'core'] },
    },
    {
      name: 'policies-are-strangers',
      comment:
        'A policy imports no other policy: what two of them share is part of the contract, or a folder of its own. A test may put several together.',
      severity: 'error',
      from: { path: '^packages/policies/src/([^/]+)/', pathNot: TEST_FILE },
      to: { path: anyPolicy, pathNot: '^packages/policies/src/$1/' },
    },
    {
      name: 'effects-come-from-services',
      comment: 'model, expressions and policies touch no file, socket, process or thread: effects come from services.',
      severity: 'error',
      from: { path: '^packages/(?:model|expressions|policies)/src/', pathNot: TEST_FILE },
      to: { dependencyTypes: ['core'], path: NODE_BUILT_INS_WITH_EFFECTS },
    },
    {
      name: 'proxied-path-owns-its-http',
      comment:
        'The gateway speaks HTTP itself (docs/adr/0003-own-http-engine.md): no node:http and no undici where requests pass.',
      severity: 'error',
      from: {
        path: '^packages/gateway/src/(?:gateway\\.ts$|(?:http1|http2|listen|exchange|route|pipeline|upstream|respond)/)',
        pathNot: TEST_FILE,
      },
      to: { path: '^(?:node:)?(?:http|https|http2)$|node_modules/undici/' },
    },
    {
      name: 'nothing-of-tests-in-source',
      comment: 'Source never imports a test or what only tests use.',
      severity: 'error',
      from: { path: '^packages/', pathNot: TEST_FILE },
      to: { path: `${TEST_FILE}|node_modules/fast-check/` },
    },
    {
      name: 'resolvable',
      comment: 'What cannot be resolved cannot be checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.d.ts'],
    },
  },
}
