/** Owns a real directory on this machine: OpenLDAP's slapd with some people and groups, over LDAP, StartTLS and LDAPS. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until, within } from './deadline.ts'
import { accepts } from './peers.ts'

const run = promisify(execFile)

export const SUFFIX = 'dc=example,dc=com'
export const ACCOUNT = { dn: `cn=gateway,${SUFFIX}`, password: 'looks for names' }

export interface Person {
  readonly uid: string
  readonly password?: string
  readonly mail?: string
  /** DNs, in `memberOf`. */
  readonly groups?: readonly string[]
  /** RFC 2849: text before the other lines of the entry. */
  readonly cn?: string
}

export interface DirectoryParts {
  readonly people: readonly Person[]
  /** Name → DNs of its members. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  /** Paths of PEM files. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
}

export class RunningDirectory {
  readonly port: number
  readonly securePort: number
  readonly #folder: string
  readonly #path: string
  #child: ChildProcess | undefined

  private constructor(path: string, folder: string, ports: { readonly port: number; readonly securePort: number }) {
    this.#path = path
    this.#folder = folder
    this.port = ports.port
    this.securePort = ports.securePort
  }

  /** `path`: of slapd. */
  static async start(path: string, parts: DirectoryParts): Promise<RunningDirectory> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-slapd-'))
    const [port, securePort] = [await findFreePort(), await findFreePort()]
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'slapd.conf'), toConfiguration(folder, parts))
    await writeFile(join(folder, 'entries.ldif'), toLdif(parts))
    await run(path, ['-T', 'add', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'entries.ldif')])
    const directory = new RunningDirectory(path, folder, { port, securePort })
    await directory.resume()
    return directory
  }

  /** After `pause`, or at first. */
  async resume(): Promise<void> {
    const urls = `ldap://127.0.0.1:${this.port}/ ldaps://127.0.0.1:${this.securePort}/`
    const args = ['-f', join(this.#folder, 'slapd.conf'), '-h', urls, '-d', '0']
    const child = spawn(this.#path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    this.#child = child
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}: ${said}`)
      return (await accepts(this.port)) || undefined
    }, 'slapd to accept connections')
  }

  /** Nobody listens; all connections are closed. */
  async pause(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await within(exited, 'slapd to end')
  }

  async stop(): Promise<void> {
    await this.pause()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

export function toDn(uid: string): string {
  return `uid=${uid},ou=people,${SUFFIX}`
}

/** `bind_anon_dn` is the hole of RFC 4513 §5.1.2 wide open: a bind with a name and no password succeeds. */
function toConfiguration(folder: string, { tls }: DirectoryParts): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb.la
moduleload memberof.la
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile ${tls.ca}
TLSCertificateFile ${tls.cert}
TLSCertificateKeyFile ${tls.key}
database mdb
maxsize 10485760
suffix "${SUFFIX}"
rootdn "cn=root,${SUFFIX}"
directory ${folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${ACCOUNT.dn}" read by self read by * none
`
}

function toLdif({ people, groups }: DirectoryParts): string {
  const entries = [
    [`dn: ${SUFFIX}`, 'objectClass: dcObject', 'objectClass: organization', 'o: example', 'dc: example'],
    [`dn: ou=people,${SUFFIX}`, 'objectClass: organizationalUnit', 'ou: people'],
    [`dn: ou=groups,${SUFFIX}`, 'objectClass: organizationalUnit', 'ou: groups'],
    [
      `dn: ${ACCOUNT.dn}`,
      'objectClass: organizationalRole',
      'objectClass: simpleSecurityObject',
      'cn: gateway',
      `userPassword: ${ACCOUNT.password}`,
    ],
    ...people.map(({ uid, password, mail, groups: memberOf = [], cn = uid }) => [
      encode('dn', toDn(uid.replaceAll(/[,*()\\+]/g, (sign) => `\\${sign.charCodeAt(0).toString(16)}`))),
      'objectClass: inetOrgPerson',
      encode('uid', uid),
      encode('cn', cn),
      'sn: x',
      ...(password === undefined ? [] : [encode('userPassword', password)]),
      ...(mail === undefined ? [] : [`mail: ${mail}`]),
      ...memberOf.map((group) => `memberOf: ${group}`),
    ]),
    ...Object.entries(groups).map(([name, members]) => [
      `dn: cn=${name},ou=groups,${SUFFIX}`,
      'objectClass: groupOfNames',
      `cn: ${name}`,
      ...members.map((member) => encode('member', member)),
    ]),
  ]
  return entries.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

/** RFC 2849: what is not plain ASCII goes in base64. */
function encode(name: string, value: string): string {
  return `${name}:: ${Buffer.from(value).toString('base64')}`
}
