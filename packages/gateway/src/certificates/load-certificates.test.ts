import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import type { CertificateSource, Path } from '@gatewright/model'
import {
  CertificateMemory,
  type LoadedCertificates,
  loadCertificates,
  toOrderedCertificate,
} from './load-certificates.ts'
import { type IssuedCertificate, TestAuthority } from './test-authority.fixture.ts'

const authority = TestAuthority.create()
after(() => authority.remove())

const DAY_MS = 86_400_000
const one = authority.createIntermediate().issue({ names: ['One.example', '*.one.example', '127.0.0.1', '::1'] })
const two = authority.issue({ names: ['two.example'], keyType: 'rsa' })

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(authority.folder, 'folder-'))
})

const put = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
/** Renamed into its place, as renewals are. */
const place = (name: string, { certPem, keyPem }: Pick<IssuedCertificate, 'certPem' | 'keyPem'>): void => {
  put(`${name}.key`, keyPem)
  put(`${name}.crt`, certPem)
}

const source = (from: CertificateSource['from'], given: object = {}): CertificateSource =>
  ({ id: 'main', from, ocsp: true, ...given }) as CertificateSource
const inFolder = () => source({ kind: 'folder', folder })
const inFiles = (cert: string, key: string) => source({ kind: 'files', cert, key })

const pathsOf = (name: string) => ({ cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) })
const isRemembered = (memory: CertificateMemory, name: string) => memory.find(pathsOf(name)) !== undefined
const sources = { find: (path: Path) => ({ file: '', line: 0, column: 0, path: path.join('.') }) }

function load(from: CertificateSource, memory?: CertificateMemory, nowMs = Date.now()): LoadedCertificates {
  return loadCertificates([from], { sources, nowMs, ...(memory && { memory }) })
}

const say = ({ findings }: LoadedCertificates): string[] =>
  findings.map(({ severity, code, at, message }) => `${severity} ${code} ${at.path}: ${message}`)
const namesIn = ({ certificates }: LoadedCertificates): string[] => certificates.map(({ names: [name = ''] }) => name)

describe('certificates in files', () => {
  it('are for their alternative names, in lower case, and carry their chain', () => {
    const loaded = load(inFiles(one.cert, one.key))
    assert.deepEqual(say(loaded), [])
    const [certificate] = loaded.certificates
    assert.deepEqual(certificate?.names, ['one.example', '*.one.example', '127.0.0.1', '0:0:0:0:0:0:0:1'])
    assert.equal(loaded.pems.get(certificate?.chain ?? ''), one.certPem)
    assert.equal(loaded.pems.get(certificate?.key ?? ''), one.keyPem)
    assert.deepEqual(loaded.watched, [one.cert, one.key])
  })

  it('name where their CA tells of their revocation, unless nobody wants to know', () => {
    const responder = ['authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/ocsp']
    const { cert, key } = authority.issue({ extensions: responder })
    assert.equal(load(inFiles(cert, key)).certificates[0]?.ocspUrl, 'http://127.0.0.1:1/ocsp')
    const unwanted = load(source({ kind: 'files', cert, key }, { ocsp: false }))
    assert.equal(unwanted.certificates[0]?.ocspUrl, undefined)
  })

  it('that must be stapled and never are, are warned of', () => {
    const extensions = ['tlsfeature=status_request']
    const bare = authority.issue({ extensions })
    assert.match(
      say(load(inFiles(bare.cert, bare.key))).join(),
      /^warning certificate-unstapled .* names no OCSP responder/,
    )
    const named = authority.issue({ extensions: [...extensions, 'authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/'] })
    assert.deepEqual(say(load(inFiles(named.cert, named.key))), [])
    const off = load(source({ kind: 'files', cert: named.cert, key: named.key }, { ocsp: false }))
    assert.match(say(off).join(), /^warning certificate-unstapled .* `ocsp` is switched off/)
  })

  it('that were ordered name it as well', () => {
    const responder = ['authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/ocsp']
    const { certPem, keyPem } = authority.issue({ extensions: responder })
    const { certificates } = toOrderedCertificate('auto', { chain: certPem, key: keyPem })
    assert.deepEqual(
      certificates.map(({ source: from, ocspUrl }) => [from, ocspUrl]),
      [['auto', 'http://127.0.0.1:1/ocsp']],
    )
  })

  it('may be texts, which are remembered by their name and watched nowhere', () => {
    const memory = new CertificateMemory()
    const inTexts = ({ certPem, keyPem }: IssuedCertificate) => source({ kind: 'pem', cert: certPem, key: keyPem })
    const loaded = load(inTexts(one), memory)
    assert.deepEqual(say(loaded), [])
    assert.deepEqual(namesIn(loaded), ['one.example'])
    assert.equal(loaded.pems.get(loaded.certificates[0]?.key ?? ''), one.keyPem)
    assert.deepEqual([loaded.watched, loaded.folders], [[], []])
    assert.deepEqual(namesIn(load(inTexts(two), memory)), ['two.example'])
    const mixed = load(inTexts({ ...one, keyPem: two.keyPem }), memory)
    assert.match(
      say(mixed).join(),
      /^fault certificate-unusable certificates\.0\.pem\.key: The key main is not that of/,
    )
    assert.doesNotMatch(say(mixed).join(), /BEGIN/)
  })

  it('that are switched off are not read', () => {
    assert.deepEqual(say(load(source({ kind: 'files', cert: '/none', key: '/none' }, { enabled: false }))), [])
  })

  const encrypted = () => {
    const path = join(folder, 'encrypted.key')
    execFileSync('openssl', ['pkey', '-in', one.key, '-aes256', '-passout', 'pass:x', '-out', path])
    return path
  }
  const weak = () => {
    const [cert, key] = [join(folder, 'weak.pem'), join(folder, 'weak.key')]
    const names = ['-subj', '/CN=weak', '-addext', 'subjectAltName=DNS:weak.example']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', ...names, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    return inFiles(cert, key)
  }
  // biome-ignore format: a table, one row a line
  const ROWS: readonly [string, () => CertificateSource, RegExp][] = [
    ['is missing', () => inFiles('/none/a.pem', one.key), /^fault pem-unreadable certificates\.0\.cert: The file \/none\/a\.pem does not exist\.$/],
    ['lacks its key', () => inFiles(one.cert, '/none/a.key'), /^fault pem-unreadable certificates\.0\.key: The file \/none\/a\.key does not exist\.$/],
    ['is a folder', () => inFiles(folder, one.key), /^fault pem-unreadable certificates\.0\.cert: .* cannot be read: /],
    ['is no PEM', () => inFiles(put('a.pem', 'x'), one.key), /^fault certificate-unusable certificates\.0\.cert: .* holds no certificate in PEM/],
    ['is empty', () => inFiles(put('a.pem', ''), one.key), /^fault certificate-unusable certificates\.0\.cert: .* holds no certificate in PEM/],
    ['is a key', () => inFiles(one.key, one.key), /^fault certificate-unusable certificates\.0\.cert: .* holds no certificate in PEM/],
    ['has a certificate for its key', () => inFiles(one.cert, one.cert), /^fault certificate-unusable certificates\.0\.key: .* holds no private key in PEM/],
    ['has an encrypted key', () => inFiles(one.cert, encrypted()), /^fault certificate-unusable certificates\.0\.key: The key .* is encrypted\.$/],
    ['has the key of another', () => inFiles(one.cert, two.key), /^fault certificate-unusable certificates\.0\.key: .* is not that of the certificate/],
    ['is for no name', () => { const { cert, key } = authority.issue({ names: [], subject: '/CN=a.example' }); return inFiles(cert, key) }, /^fault certificate-unusable certificates\.0\.cert: .* is for no host name and no address\.$/],
    ['is cut off behind its first certificate', () => inFiles(put('a.pem', one.certPem.slice(0, -100)), one.key), /^fault certificate-unusable certificates\.0\.cert: .* cannot be used/],
    ['has a key that is too short for OpenSSL', weak, /^fault certificate-unusable certificates\.0\.cert: .* cannot be used: .*small/],
  ]
  for (const [what, make, expected] of ROWS) {
    it(`are one fault where one ${what}`, () => {
      const loaded = load(make())
      const [said = '', ...more] = say(loaded)
      assert.match(said, expected)
      assert.deepEqual(more, [])
      assert.deepEqual(loaded.certificates, [])
    })
  }

  it('are a warning where one has ended, has not begun, or ends soon, and are shown all the same', () => {
    const now = Date.now()
    const ended = authority.issue({ days: -1 })
    for (const [given, nowMs, expected] of [
      [ended, now, /certificate-expired .* ended on \d{4}-\d\d-\d\d: clients refuse it/],
      [one, now - 5 * DAY_MS, /certificate-not-yet .* begins on/],
      [one, now + 20 * DAY_MS, /certificate-expires .* in 9 days\.$/],
    ] as const) {
      const loaded = load(inFiles(given.cert, given.key), undefined, nowMs)
      assert.match(say(loaded).join('\n'), new RegExp(`^warning ${expected.source}`))
      assert.equal(loaded.certificates.length, 1)
    }
    assert.deepEqual(say(load(inFiles(one.cert, one.key), undefined, now + 15 * DAY_MS)), [])
  })
})

describe('a folder of certificates', () => {
  it('holds pairs, and folders as certbot writes them, with links', () => {
    place('a', one)
    put('b.pem', two.certPem)
    put('b.key', two.keyPem)
    mkdirSync(join(folder, 'archive.d'))
    mkdirSync(join(folder, 'live.example'))
    const live = authority.issue({ names: ['live.example'] })
    copyFileSync(live.cert, join(folder, 'archive.d', 'fullchain1.pem'))
    symlinkSync('../archive.d/fullchain1.pem', join(folder, 'live.example', 'fullchain.pem'))
    symlinkSync(live.key, join(folder, 'live.example', 'privkey.pem'))
    for (const name of ['README', 'alone.crt', 'alone2.key', '.hidden.crt', '.hidden.key']) put(name, 'x')
    mkdirSync(join(folder, '.git'))
    const loaded = load(inFolder())
    assert.deepEqual(say(loaded), [])
    assert.deepEqual(namesIn(loaded), ['one.example', 'two.example', 'live.example'])
    assert.equal(loaded.folders[0]?.path, folder)
    assert.deepEqual(
      ['a.crt', '.a.crt', '..data'].map((name) => loaded.folders[0]?.isMember(name)),
      [true, false, false],
    )
  })

  it('waits for what a new folder within it will hold', () => {
    mkdirSync(join(folder, 'new.example'))
    const { watched } = load(inFolder())
    assert.ok(watched.includes(join(folder, 'new.example', 'fullchain.pem')))
    assert.ok(watched.includes(join(folder, 'new.example', 'privkey.pem')))
  })

  it('that is missing is a fault, and a warning where it is empty', () => {
    assert.match(
      say(load(source({ kind: 'folder', folder: '/none' }))).join(),
      /^fault pem-unreadable .*does not exist/,
    )
    assert.match(say(load(inFolder())).join(), /^warning no-certificate certificates\.0\.folder/)
  })

  it('with one bad pair among many warns, and shows the others', () => {
    place('a', one)
    place('b', { certPem: 'x', keyPem: 'y' })
    place('c', two)
    const loaded = load(inFolder())
    assert.match(
      say(loaded).join('\n'),
      /^warning certificate-unusable certificates\.0\.folder: .*b\.crt holds no certificate in PEM.*$/,
    )
    assert.deepEqual(namesIn(loaded), ['one.example', 'two.example'])
  })

  it('shows what it showed until both files of a renewal are there', () => {
    const memory = new CertificateMemory()
    const renewed = authority.issue({ names: ['two.example'] })
    place('a', two)
    const [before] = load(inFolder(), memory).certificates
    for (const half of [renewed.certPem, renewed.certPem.slice(0, 200), '']) {
      put('a.crt', half)
      const loaded = load(inFolder(), memory)
      assert.match(say(loaded).join('\n'), /^warning certificate-unusable .*What stood there before is still shown\.$/)
      assert.equal(loaded.certificates[0]?.chain, before?.chain)
      assert.equal(loaded.pems.get(before?.key ?? ''), two.keyPem)
    }
    place('a', renewed)
    const after = load(inFolder(), memory)
    assert.deepEqual(say(after), [])
    assert.equal(after.pems.get(after.certificates[0]?.chain ?? ''), renewed.certPem)
  })

  it('shows no more what was taken away', () => {
    const memory = new CertificateMemory()
    place('a', one)
    place('b', two)
    load(inFolder(), memory)
    memory.settle()
    unlinkSync(join(folder, 'a.key'))
    assert.deepEqual(namesIn(load(inFolder(), memory)), ['two.example'])
    memory.settle()
    assert.deepEqual([isRemembered(memory, 'a'), isRemembered(memory, 'b')], [false, true])
  })

  it('is read again only where a file changed, also where it was replaced by one of the same length and time', () => {
    const memory = new CertificateMemory()
    place('a', one)
    place('b', two)
    load(inFolder(), memory)
    const pairOf = (name: string) => memory.find(pathsOf(name))?.pair
    const before = [pairOf('a'), pairOf('b')]
    const beside = put('.beside', one.certPem)
    renameSync(beside, join(folder, 'a.crt'))
    load(inFolder(), memory)
    assert.notEqual(pairOf('a'), before[0])
    assert.equal(pairOf('b'), before[1])
    memory.settle()
    rmSync(folder, { recursive: true })
    load(inFolder(), memory)
    memory.settle()
    assert.deepEqual([isRemembered(memory, 'a'), isRemembered(memory, 'b')], [false, false])
  })

  it('that was named by itself is shown on where it is what serves, whatever became of its files and of those that name it', () => {
    const memory = new CertificateMemory()
    place('a', two)
    const { cert, key } = pathsOf('a')
    const [before] = load(inFiles(cert, key), memory).certificates
    memory.settle()
    for (const breakIt of [() => put('a.crt', one.certPem), () => unlinkSync(key)]) {
      breakIt()
      // A file that cannot be parsed names nothing.
      loadCertificates([], { sources, nowMs: Date.now(), memory })
      const named = load(inFiles(cert, key), memory)
      assert.deepEqual([named.findings[0]?.severity, named.certificates.length], ['fault', 0])
      const [shown] = loadCertificates([inFiles(cert, key)], {
        sources,
        nowMs: Date.now(),
        memory,
        isShown: true,
      }).certificates
      assert.equal(shown?.chain, before?.chain)
    }
  })
})
