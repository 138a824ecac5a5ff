import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Pepper } from './pepper.ts'

describe('the pepper', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-pepper-'))
  after(() => rmSync(folder, { recursive: true }))
  const dataDir = join(folder, 'data')
  const file = join(dataDir, 'pepper')

  it('is drawn once into the data folder, for its owner alone, and stays', () => {
    const drawn = new Pepper({ dataDir, env: {} }).get()
    assert.equal(drawn.length, 32)
    assert.deepEqual(new Pepper({ dataDir, env: {} }).get(), drawn)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(readFileSync(file, 'utf8'), `${drawn.toString('base64')}\n`)
  })

  it('is what the environment says, where it says something', () => {
    const said = 'a secret of at least 32 characters'
    const { get } = { get: () => new Pepper({ dataDir, env: { GATEWRIGHT_PEPPER: said } }).get() }
    assert.deepEqual(get(), hash('sha256', said, 'buffer'))
    const short = new Pepper({ dataDir, env: { GATEWRIGHT_PEPPER: 'short' } })
    assert.throws(
      () => short.get(),
      (error: Error) => /fewer than 32/.test(error.message) && !error.message.includes('short'),
    )
  })

  it('lasts as long as its process where there is no data folder', () => {
    const pepper = new Pepper({ env: {} })
    assert.deepEqual(pepper.get(), pepper.get())
    assert.notDeepEqual(new Pepper({ env: {} }).get(), pepper.get())
  })

  it('is not made up anew where its file is damaged', () => {
    writeFileSync(file, 'half')
    assert.throws(() => new Pepper({ dataDir, env: {} }).get(), /pepper is damaged/)
  })

  it('is there whole or not at all: a full disk leaves none behind', async () => {
    const place = join(folder, 'full')
    mkdirSync(place)
    const program = `import { Pepper } from ${JSON.stringify(join(import.meta.dirname, 'pepper.ts'))}
      try { new Pepper({ dataDir: ${JSON.stringify(place)}, env: {} }).get() } catch (error) { process.stdout.write(error.constructor.name + ': ' + error.message) }`
    // No file may have a byte.
    const limited = `trap '' XFSZ; ulimit -f 0; exec "$0" --input-type=module-typescript -e "$1"`
    const { stdout } = await promisify(execFile)('bash', ['-c', limited, process.execPath, program])
    assert.match(stdout, /^PepperFault: .*pepper cannot be made or read: EFBIG/)
    assert.deepEqual(readdirSync(place), [])
  })

  it('is one where several processes draw at once', async () => {
    const place = join(folder, 'crowd')
    const program = `import { Pepper } from ${JSON.stringify(join(import.meta.dirname, 'pepper.ts'))}
      process.stdout.write(new Pepper({ dataDir: ${JSON.stringify(place)}, env: {} }).get().toString('hex'))`
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', program])
    const drawn = await Promise.all(Array.from({ length: 6 }, run))
    assert.equal(new Set(drawn.map(({ stdout }) => stdout)).size, 1)
    assert.deepEqual(readdirSync(place), ['pepper'])
  })

  it('says what is wrong with its place', () => {
    const place = join(folder, 'file')
    writeFileSync(place, '')
    assert.throws(
      () => new Pepper({ dataDir: place, env: {} }).get(),
      /file\/pepper cannot be made or read: .*is a file/,
    )
  })

  it('makes a slow hash of what could be guessed, and a plain one of the rest', () => {
    const pepper = new Pepper({ env: {} })
    const strong = hash('sha256', 'anything')
    assert.equal(pepper.hashKey(strong), hash('sha256', strong))
    assert.match(pepper.hashKey('hunter2'), /^argon2id:[0-9a-f]{64}$/)
    assert.equal(pepper.hashKey('hunter2'), pepper.hashKey('hunter2'))
    assert.notEqual(new Pepper({ env: {} }).hashKey('hunter2'), pepper.hashKey('hunter2'))
  })

  it('is not even looked for where no key could be guessed', () => {
    const unread = new Pepper({ env: { GATEWRIGHT_PEPPER: 'short' } })
    assert.equal(unread.hashKey('f'.repeat(8) + hash('sha256', 'x')).length, 64)
  })
})
