/** Extensions that lie in folders of their own, far from this installation. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { findExtensionPlace } from './extension-place.ts'
import { type Configuration, loadConfiguration } from './load.ts'

function createFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-extension-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const config = (extension: string) => `gatewright: 1
extensions: [./${extension}]
apis: [{ id: a, upstream: "http://127.0.0.1:9", policies: [{ policy: stamp }] }]
`

const STAMP = `import { definePolicy, z } from '@gatewright/policies'
import { office } from './lib/office.ts'
export const stamp = definePolicy({
  name: 'stamp', phase: 'transform', summary: 'Stamps.', options: z.strictObject({ at: office.default('x') }),
  create: () => (exchange, next) => next(exchange),
})
`
const OFFICE = `import { z } from 'zod'\nexport const office: z.ZodString = z.string()\n`

describe('an extension in a folder without packages', () => {
  it('imports the policies and the schema library of this installation, in its other files too', async () => {
    const folder = createFolder({
      'gatewright.yaml': config('stamp.ts'),
      'stamp.ts': STAMP,
      'lib/office.ts': OFFICE,
    })
    const { findings, catalogue } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.deepEqual(findings, [])
    assert.equal(catalogue.length, BUILT_IN_POLICIES.length + 1)
    assert.equal(catalogue.at(-1)?.options.safeParse({ at: 1 }).success, false)
  })

  it('may require a file of its own by its name', async () => {
    const folder = createFolder({
      'gatewright.yaml': config('stamp.ts'),
      'stamp.ts': `import { createRequire } from 'node:module'\nimport { z } from 'zod'\n${STAMP.replace(
        "import { office } from './lib/office.ts'",
        "const office = z.string().max(createRequire(import.meta.url)('./lib/most.cjs'))",
      ).replace('definePolicy, z', 'definePolicy')}`,
      'lib/most.cjs': 'module.exports = 3',
    })
    const { findings, catalogue } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.deepEqual(findings, [])
    assert.equal(catalogue.at(-1)?.options.safeParse({ at: 'four' }).success, false)
  })

  it('does so on a thread', async () => {
    const folder = createFolder({ 'stamp.ts': STAMP, 'lib/office.ts': OFFICE })
    const loader = JSON.stringify(new URL('extension-loader.ts', import.meta.url).href)
    const specifier = JSON.stringify(new URL(`file://${join(folder, 'stamp.ts')}`).href)
    const worker = new Worker(
      new URL(
        `data:text/javascript,${encodeURIComponent(`
          import { parentPort } from 'node:worker_threads'
          const { ExtensionLoader } = await import(${loader})
          const catalogue = await new ExtensionLoader().loadCatalogue([{ specifier: ${specifier}, hash: '1' }])
          parentPort.postMessage(catalogue.has('stamp'))`)}`,
      ),
    )
    const answered = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    assert.equal(answered, true)
  })

  it('takes what lies beside it first', async () => {
    const folder = createFolder({
      'gatewright.yaml': config('stamp.ts'),
      'stamp.ts': STAMP,
      'lib/office.ts': OFFICE,
      'node_modules/zod/package.json': '{ "name": "zod", "type": "module", "exports": "./index.js" }',
      'node_modules/zod/index.js': 'export const own = 1',
    })
    const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.match(findings[0]?.message ?? '', /does not provide an export named 'z'/)
  })
})

describe('the files that an extension imports', () => {
  const IMPORTING = STAMP.replace('office.default', 'office().default')
  const office = (least: number) =>
    `import { z } from 'zod'\nimport more from './more.json' with { type: 'json' }\nexport const office = () => z.string().min(${least} + more.length)\n`
  const files = {
    'gatewright.yaml': config('stamp.ts'),
    'stamp.ts': IMPORTING,
    'lib/office.ts': office(1),
    'lib/more.json': '[]',
  }

  /** The shortest text that the option takes, as the policy is loaded now. */
  async function findLeast(folder: string): Promise<number> {
    const { findings, catalogue } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.deepEqual(findings, [])
    const { options } = catalogue.at(-1) ?? assert.fail()
    return [0, 1, 2, 3].find((length) => options.safeParse({ at: 'x'.repeat(length) }).success) ?? assert.fail()
  }

  it('are watched, published and part of its hash', async () => {
    const folder = createFolder(files)
    const { extensions, watched } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    const paths = ['stamp.ts', 'lib/office.ts', 'lib/more.json'].map((name) => join(folder, name))
    for (const path of paths) assert.ok(watched.includes(path), path)
    const [{ hash, files: published = {} } = assert.fail()] = extensions
    assert.deepEqual(
      Object.keys(published),
      paths.map((path) => `file://${path}`),
    )
    writeFileSync(join(folder, 'lib/office.ts'), office(2))
    const changed = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.notEqual(changed.extensions[0]?.hash, hash)
    writeFileSync(join(folder, 'lib/office.ts'), office(1))
    const restored = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.deepEqual(restored.extensions, extensions)
  })

  it('are loaded anew when one of them changed, however deep it lies', async () => {
    const folder = createFolder(files)
    assert.equal(await findLeast(folder), 1)
    writeFileSync(join(folder, 'lib/office.ts'), office(2))
    assert.equal(await findLeast(folder), 2)
    writeFileSync(join(folder, 'lib/more.json'), '[0]')
    assert.equal(await findLeast(folder), 3)
    writeFileSync(join(folder, 'lib/more.json'), '[]')
    writeFileSync(join(folder, 'lib/office.ts'), office(1))
    assert.equal(await findLeast(folder), 1)
  })

  it('run as they were published, also where they are gone', async () => {
    const folder = createFolder(files)
    assert.equal(await runPublished(folder), false)
  })

  it('run as they were published, also where they are links that are gone', async () => {
    const { 'lib/office.ts': _, ...rest } = files
    const folder = createFolder({ ...rest, 'shared/office.ts': office(1), 'shared/more.json': '[]' })
    rmSync(join(folder, 'lib'), { recursive: true })
    symlinkSync('shared', join(folder, 'lib'))
    assert.equal(await runPublished(folder), false)
  })

  /** On a thread, when its folder is gone: may `at` be empty? */
  async function runPublished(folder: string): Promise<unknown> {
    const { extensions } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    rmSync(folder, { recursive: true })
    const loader = JSON.stringify(new URL('extension-loader.ts', import.meta.url).href)
    const worker = new Worker(
      new URL(
        `data:text/javascript,${encodeURIComponent(`
          import { parentPort, workerData } from 'node:worker_threads'
          const { ExtensionLoader } = await import(${loader})
          const catalogue = await new ExtensionLoader().loadCatalogue(workerData)
          parentPort.postMessage(catalogue.get('stamp').options.safeParse({ at: '' }).success)`)}`,
      ),
      { workerData: extensions },
    )
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  }

  it('may be missing or faulty, and are seen when that is mended', async () => {
    const { 'lib/office.ts': _, ...rest } = files
    const folder = createFolder(rest)
    mkdirSync(join(folder, 'lib'), { recursive: true })
    const load = () => loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    const missing = await load()
    assert.match(
      missing.findings[0]?.message ?? '',
      /stamp\.ts \(\S+\) cannot be loaded: Cannot find module '.*office\.ts'/,
    )
    assert.ok(missing.watched.includes(join(folder, 'lib/office.ts')))
    writeFileSync(join(folder, 'lib/office.ts'), `\n${office(1)} = =`)
    const { findings } = await load()
    assert.match(findings[0]?.at.file ?? '', /lib\/office\.ts$/)
    assert.equal(findings[0]?.at.line, 4)
    writeFileSync(join(folder, 'lib/office.ts'), office(2))
    assert.equal(await findLeast(folder), 2)
  })

  it('are found where they are links, as a ConfigMap mounts them', async () => {
    const folder = createFolder({ 'gatewright.yaml': files['gatewright.yaml'] })
    const mount = (name: string, least: number) => {
      for (const [file, text] of Object.entries({ ...files, 'lib/office.ts': office(least) })) {
        mkdirSync(dirname(join(folder, name, file)), { recursive: true })
        writeFileSync(join(folder, name, file), text)
      }
      rmSync(join(folder, '..data'), { force: true })
      symlinkSync(name, join(folder, '..data'))
    }
    mount('..1', 1)
    for (const name of ['stamp.ts', 'lib']) symlinkSync(`..data/${name}`, join(folder, name))
    assert.equal(await findLeast(folder), 1)
    mount('..2', 2)
    assert.equal(await findLeast(folder), 2)
  })

  it('are loaded anew when a link leads elsewhere, whose text alone is the same', async () => {
    const { 'lib/office.ts': _, 'lib/more.json': __, ...rest } = files
    const folder = createFolder({
      ...rest,
      'one/office.ts': office(1),
      'one/more.json': '[]',
      'two/office.ts': office(1),
      'two/more.json': '[0]',
    })
    symlinkSync('one', join(folder, 'lib'))
    assert.equal(await findLeast(folder), 1)
    rmSync(join(folder, 'lib'))
    symlinkSync('two', join(folder, 'lib'))
    assert.equal(await findLeast(folder), 2)
  })
})

describe('a fault of an extension', () => {
  for (const [name, text, place, words] of [
    ['bad.ts', 'export const a: number = 1\nconst b = = 2\n', [2, 11], /cannot be loaded: Expression expected/],
    ['bad.mjs', 'export const a = 1\nconst b = {\n  c: 1,,\n}\n', [3, 8], /cannot be loaded: Unexpected token ','/],
    ['enum.ts', '\nexport enum A { B }\n', [2, 8], /enum is not supported/],
    [
      'link.mjs',
      "import { nope } from 'node:fs'\nexport default nope\n",
      [1, 10],
      /does not provide an export named 'nope'/,
    ],
    ['throws.ts', "const a = 1\n\nthrow new Error('boom')\n", [3, 7], /cannot be loaded: boom$/],
  ] as const) {
    it(`has its place in ${name}, and hides no policy that it may define`, async () => {
      const folder = createFolder({ 'gatewright.yaml': config(name), [name]: text })
      const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
      const [finding = assert.fail(), ...more] = findings
      assert.deepEqual(more, [])
      assert.match(finding.message, words)
      assert.doesNotMatch(finding.message, /\n/)
      assert.match(finding.message, /\(\S+gatewright\.yaml:2\)/)
      assert.deepEqual([finding.at.line, finding.at.column], place)
      assert.ok(finding.at.file.endsWith(`/${name}`), finding.at.file)
    })
  }

  it('holds nobody up while Node is asked for its place', async () => {
    const folder = createFolder({ 'bad.mjs': 'const a = = 1\n' })
    const place = findExtensionPlace(new SyntaxError('Unexpected token'), `file://${join(folder, 'bad.mjs')}`)
    assert.equal(await Promise.race([place, setImmediate('others')]), 'others')
    assert.deepEqual(await place, { file: join(folder, 'bad.mjs'), line: 1, column: 11 })
  })

  it('stands in the configuration where the extension says nothing of a place', async () => {
    const folder = createFolder({
      'gatewright.yaml': config('lost.mjs'),
      'lost.mjs': "throw 'nowhere'\n",
    })
    const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.match(findings[0]?.message ?? '', /cannot be loaded: nowhere$/)
    assert.equal(findings[0]?.at.line, 2)
  })

  for (const [imported, words, suggestion] of [
    [
      './lib/office',
      /Cannot find module '\S+lib\/office'$/,
      "Write './lib/office.ts': an import names the whole file.",
    ],
    [
      './lib/office.js',
      /Cannot find module '\S+office\.js'$/,
      "Write './lib/office.ts': an import names the whole file.",
    ],
    ['./lib', /is not supported resolving ES modules/, "Write './lib/index.ts': an import names the whole file."],
    ['./nowhere.ts', /Cannot find module '\S+nowhere\.ts'$/, undefined],
    [
      'no-such/part.js',
      /Cannot find package 'no-such'$/,
      'It is looked for in node_modules beside this file, and above.',
    ],
  ] as const) {
    it(`has its place at an import that leads nowhere: ${imported}`, async () => {
      const folder = createFolder({
        'gatewright.yaml': config('lost.ts'),
        'lost.ts': "import './between.ts'\n",
        'between.ts': `// office\nimport {\n  x,\n} from '${imported}'\nexport default x\n`,
        'lib/office.ts': 'export const x = 1\n',
        'lib/index.ts': 'export const x = 1\n',
      })
      const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
      const [{ at, message, suggestion: said } = assert.fail()] = findings
      assert.match(message, words)
      assert.equal(said, suggestion)
      assert.ok(at.file.endsWith('/between.ts'), at.file)
      assert.deepEqual([at.line, at.column], [4, 8])
    })
  }

  for (const [name, change, words] of [
    [
      'a phase that is none',
      ["'transform'", "'transfrom'"],
      /exports "stamp", which is no policy: its `phase` "transfrom" is none of observe, .* transform, .* upstream$/,
    ],
    ['no phase', ["phase: 'transform',", ''], /which is no policy: its `phase` is missing: it is one of observe, /],
    ['no name', ["name: 'stamp',", ''], /which is no policy: its `name` is missing: it is a text$/],
    [
      'no options',
      ['options: z', 'option: z'],
      /which is no policy: its `options` are missing: they are a schema, such as `z\.strictObject/,
    ],
    [
      'a name that is taken',
      ["name: 'stamp'", "name: 'cors'"],
      /^the extension \S+stamp\.ts defines the policy "cors", a name that is taken: choose another$/,
    ],
  ] as const) {
    it(`is told as what it is: ${name}`, async () => {
      const [right, wrong] = change
      const text = `import { definePolicy, z } from '@gatewright/policies'
export const stamp = definePolicy({ name: 'stamp', phase: 'transform', summary: 'S.', options: z.strictObject({}), create: () => (exchange, next) => next(exchange) })
`
      assert.ok(text.includes(right))
      const folder = createFolder({ 'gatewright.yaml': config('stamp.ts'), 'stamp.ts': text.replace(right, wrong) })
      const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
      assert.match(findings[0]?.message ?? '', words)
    })
  }
})

describe('an extension that never finishes loading', () => {
  /** Time stands still for all but the loading itself, and jumps while it lasts. */
  async function loadAtOnce({ mock }: TestContext, folder: string): Promise<Configuration> {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      let isOver = false
      const loaded = loadConfiguration({ config: join(folder, 'gatewright.yaml') }).finally(() => {
        isOver = true
      })
      while (!isOver) {
        await setImmediate()
        mock.timers.tick(1000)
      }
      return await loaded
    } finally {
      mock.timers.reset()
    }
  }

  it('is a fault that names it and what to do, and holds no later reading', async (t) => {
    const folder = createFolder({
      'gatewright.yaml': config('stamp.ts'),
      'stamp.ts': STAMP,
      'lib/office.ts': `await new Promise(() => {})\n${OFFICE}`,
    })
    for (let reading = 0; reading < 3; reading++) {
      const { findings, model } = await loadAtOnce(t, folder)
      assert.equal(model, undefined)
      const [{ message, at } = assert.fail(), ...more] = findings
      assert.deepEqual(more, [])
      assert.match(
        message,
        /the extension \S+stamp\.ts is not loaded after 10 s: what it awaits at its top level.*; give that a time-out/,
      )
      assert.deepEqual([at.file, at.line], [join(folder, 'gatewright.yaml'), 2])
    }
    writeFileSync(join(folder, 'lib/office.ts'), OFFICE)
    const mended = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.deepEqual(mended.findings, [])
  })
})

describe('an extension that defines a policy', () => {
  it('cannot call it `plan`: that is the place of plans', async () => {
    const folder = createFolder({
      'gatewright.yaml': config('stamp.ts').replace('policy: stamp', 'policy: respond'),
      'stamp.ts': STAMP.replace("name: 'stamp'", "name: 'plan'"),
      'lib/office.ts': OFFICE,
    })
    const { findings } = await loadConfiguration({ config: join(folder, 'gatewright.yaml') })
    assert.match(findings[0]?.message ?? '', /defines the policy "plan", a name that is taken: choose another/)
  })
})
