/** Owns `npm run check:docs`, what documents promise against what is there, and `npm run docs`, which writes the generated pages. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PROBLEMS, toJsonSchema } from '../packages/model/src/index.ts'
import { BUILT_IN_POLICIES, toPolicyIndex, toPolicyPage } from '../packages/policies/src/index.ts'
import { toConfigurationPage } from './configuration-page.ts'
import { findCitationFaults, findCommandFaults, findPathFaults } from './document-faults.ts'
import { readTree } from './tree.ts'
import { findVendorWords } from './vendor-words.ts'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

const policyPages = new Map([
  ['docs/policies/README.md', toPolicyIndex(BUILT_IN_POLICIES)],
  ...BUILT_IN_POLICIES.map((policy) => [`docs/policies/${policy.name}.md`, toPolicyPage(policy)] as const),
])
const configurationPage = toConfigurationPage(toJsonSchema([]))
if (values.write) {
  await writePolicyPages()
  await writeFile(join(root, 'docs/configuration.md'), configurationPage)
}

const tree = await readTree(root)
const faults = [
  ...[...tree.documents].flatMap(([file, text]) => [
    ...findPathFaults({ file, text, exists: (path) => tree.paths.has(path) }),
    ...findCommandFaults({ file, text, scripts: tree.scripts, commands: tree.commands }),
  ]),
  ...findProblemFaults(),
  ...findPolicyFaults(),
  ...(tree.documents.get('docs/configuration.md') === configurationPage
    ? []
    : ['docs/configuration.md: not current; run `npm run docs`']),
  ...[...tree.sources].flatMap(([file, text]) => findCitationFaults({ file, text, paths: tree.paths })),
  ...[...tree.sources].flatMap(([file, text]) =>
    /^packages\/(model|gateway)\//.test(file) ? findVendorWords(file, text) : [],
  ),
]

for (const fault of faults) process.stdout.write(`${fault}\n`)
process.stdout.write(
  `${tree.documents.size} documents, ${Object.keys(PROBLEMS).length} problems, ${BUILT_IN_POLICIES.length} policies\n`,
)
process.exitCode = faults.length === 0 ? 0 : 1

/** One page per code, its first lines as the catalogue has them, and no page without a code. */
function findProblemFaults(): string[] {
  const found: string[] = []
  for (const [code, { status, title, owner }] of Object.entries(PROBLEMS)) {
    const file = `docs/problems/${code}.md`
    const opening = `# ${code}\n\n**${status}** ${title}. Owner: ${owner}.\n`
    const text = tree.documents.get(file)
    if (text === undefined)
      found.push(`${file}: missing; the catalogue in packages/model/src/problems.ts has this code`)
    else if (!text.startsWith(opening)) found.push(`${file}: has to begin with ${JSON.stringify(opening)}`)
  }
  for (const file of tree.documents.keys()) {
    const code = /^docs\/problems\/(.+)\.md$/.exec(file)?.[1]
    if (code !== undefined && !Object.hasOwn(PROBLEMS, code))
      found.push(`${file}: no such code in packages/model/src/problems.ts`)
  }
  return found
}

function findPolicyFaults(): string[] {
  const found: string[] = []
  for (const [file, page] of policyPages) {
    if (tree.documents.get(file) !== page) found.push(`${file}: not current; run \`npm run docs\``)
  }
  for (const file of tree.documents.keys()) {
    if (file.startsWith('docs/policies/') && !policyPages.has(file))
      found.push(`${file}: no such policy; run \`npm run docs\``)
  }
  return found
}

async function writePolicyPages(): Promise<void> {
  const folder = join(root, 'docs/policies')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const [file, page] of policyPages) await writeFile(join(root, file), page)
}
