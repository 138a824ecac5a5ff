/**
 * Owns the floors as code: who may import whom. ARCHITECTURE.md draws them; `npm run check:floors` holds them.
 * Packages are imported by name (`@gatewright/model`); the links in node_modules resolve them to these folders.
 */
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

/** A package may import those below it, each only through a door: `src/index.ts`, `src/runtime/index.ts` (docs/adr/0013-a-door-for-what-runs.md), in tests `src/testing/index.ts`. A package that is not named here is a fault. */
const MAY_IMPORT = {
  model: [],
  expressions: ['model'],
  policies: ['model', 'expressions'],
  gateway: ['model', 'expressions', 'policies'],
  cli: ['model', 'expressions', 'policies', 'gateway'],
}

/** A folder `<name>/<name>.ts` is a built-in policy; other folders of the package are shared ground. */
const policiesSource = join(process.cwd(), 'packages/policies/src')
const policyFolders = (existsSync(policiesSource) ? readdirSync(policiesSource) : []).filter((name) =>
  existsSync(join(policiesSource, name, `${name}.ts`)),
)
const anyPolicy = `^packages/policies/src/(?:${policyFolders.join('|') || '(?!)'})/`

/** Tests, what they are run with, and the tables they read: `scripts/test-files.ts` says the same. */
const TEST_FILE = '\\.(?:test|fixture|contract)\\.ts$|/(?:testing|cases)/'

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
          ...below.map((other) => `^packages/${other}/src/(?:(?:testing|runtime)/)?index\\.ts$`),
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
      name: 'policies-are-strangers',
      comment:
        'A policy imports no other policy: what two of them share is part of the contract, or a folder of its own.',
      severity: 'error',
      from: { path: '^packages/policies/src/([^/]+)/' },
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
        path: '^packages/gateway/src/(?:gateway\\.ts$|(?:http1|listen|exchange|route|pipeline|upstream|respond)/)',
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
