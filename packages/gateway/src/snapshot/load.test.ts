/** Owns the proof that what stands on disk in place of a configuration is a finding that names it, whatever it is. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { toFindingText } from '@gatewright/model'
import { type LoadOptions, loadConfiguration } from './load.ts'
import { TEXT_BYTES_MAX } from './read-text-file.ts'

const SOUND = 'gatewright: 1\napis: [{ id: a, upstream: "http://127.0.0.1:9" }]\n'
const OPENAPI = 'openapi: 3.0.0\ninfo: { title: a, version: "1" }\npaths: { /a: { get: {} } }\n'
const NAMING = `gatewright: 1\napis: [{ id: a, upstream: "http://127.0.0.1:9", openapi: document.yaml }]\n`

const isWindows = process.platform === 'win32'

describe('loadConfiguration', () => {
  let folder: string
  const path = (name: string) => join(folder, name)
  const write = (name: string, text: string | Buffer) => writeFileSync(path(name), text)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-load-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** What it says, without the folder's name. */
  async function load(options: LoadOptions): Promise<string[]> {
    const { findings, model } = await loadConfiguration(options)
    const faults = findings.filter(({ severity }) => severity === 'fault')
    assert.equal(model === undefined, faults.length > 0)
    return faults.map((finding) => toFindingText(finding).replaceAll(`${folder}/`, '').replaceAll(folder, '.'))
  }

  const NO_FILES: readonly { what: string; make: (at: string) => void; says: string }[] = [
    { what: 'a pipe', make: (at) => execFileSync('mkfifo', [at]), says: 'it is a pipe, and no file' },
    { what: 'a device', make: (at) => symlinkSync('/dev/zero', at), says: 'it is a device, and no file' },
    { what: 'a folder', make: (at) => mkdirSync(at), says: 'it is a folder, and no file' },
    {
      what: 'more than any text',
      make(at) {
        writeFileSync(at, '')
        truncateSync(at, TEXT_BYTES_MAX + 1)
      },
      says: 'it has more than 64 MiB',
    },
  ]
  for (const { what, make, says } of NO_FILES) {
    it(`reads no ${what} as a member of a folder, and names it`, { skip: isWindows }, async () => {
      write('a.yaml', SOUND)
      make(path('x.yaml'))
      const faults = await load({ config: folder })
      assert.equal(faults.length, 1)
      assert.match(faults[0] ?? '', new RegExp(`^x\\.yaml: fault: x\\.yaml cannot be read: ${says}`))
    })

    it(`reads no ${what} as an overlay`, { skip: isWindows }, async () => {
      write('a.yaml', SOUND)
      mkdirSync(path('over'))
      make(path('over/x.yaml'))
      const faults = await load({ config: path('a.yaml'), overlays: [path('over')] })
      assert.equal(faults.length, 1)
      assert.match(faults[0] ?? '', new RegExp(`^over/x\\.yaml: fault: over/x\\.yaml cannot be read: ${says}`))
    })

    it(`reads no ${what} as an OpenAPI document, and none as a secret`, { skip: isWindows }, async () => {
      write('a.yaml', `${NAMING}variables: { a: "\${file:document.yaml}" }\n`)
      make(path('document.yaml'))
      const faults = await load({ config: path('a.yaml') })
      assert.equal(faults.length, 2)
      for (const fault of faults) assert.ok(fault.includes(`document.yaml cannot be read: ${says}`), fault)
    })
  }

  it('reads no pipe and no device as the configuration', { skip: isWindows }, async () => {
    execFileSync('mkfifo', [path('a.yaml')])
    assert.deepEqual(await load({ config: path('a.yaml') }), [
      'a.yaml: fault: a.yaml cannot be read: it is a pipe, and no file\n    Write a regular file.',
    ])
    assert.match((await load({ config: '/dev/zero' }))[0] ?? '', /it is a device, and no file/)
  })

  it('names the link of a folder that leads nowhere', async () => {
    write('a.yaml', SOUND)
    symlinkSync('nowhere', path('b.yaml'))
    symlinkSync('c.yaml', path('c.yaml'))
    const faults = await load({ config: folder })
    assert.deepEqual(faults[0], 'b.yaml: fault: there is no file b.yaml\n    Is it a link that leads nowhere?')
    assert.match(
      faults[1] ?? '',
      /^c\.yaml: fault: c\.yaml cannot be read: ELOOP.*'c\.yaml'$/,
      'and no advice for what is missing',
    )
    assert.match((await load({ config: path('c.yaml') }))[0] ?? '', /cannot be read: ELOOP.*'c\.yaml'$/)
    assert.match((await load({ config: path('b.yaml') }))[0] ?? '', /there is no file or folder .*\n.*gatewright init/)
    assert.equal(faults.length, 2)
  })

  it('repairs no bytes that are no UTF-8, and says where they stand', async () => {
    write('a.yaml', Buffer.from(`${SOUND}# é \uFFFD `))
    assert.deepEqual(await load({ config: path('a.yaml') }), [])
    write('a.yaml', Buffer.concat([Buffer.from(`${SOUND}# é \uFFFD `), Buffer.from('ä\n', 'latin1')]))
    assert.deepEqual(await load({ config: path('a.yaml') }), [
      'a.yaml:3:7: fault: a.yaml cannot be read: it is no UTF-8 at line 3, column 7\n    Save it as UTF-8.',
    ])
    write('a.yaml', Buffer.from(`\uFEFF${SOUND}`, 'utf16le'))
    assert.match((await load({ config: path('a.yaml') }))[0] ?? '', /^a\.yaml:1:1: fault: .* no UTF-8/)
    write('a.yaml', NAMING)
    write('document.yaml', Buffer.from(`${OPENAPI}x-a: ä\n`, 'latin1'))
    assert.match(
      (await load({ config: path('a.yaml') }))[0] ?? '',
      /document\.yaml cannot be read: .* line 4, column 6/,
    )
  })
})
