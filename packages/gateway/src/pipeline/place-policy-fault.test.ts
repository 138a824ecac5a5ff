import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve, toFindingText } from '@gatewright/model'
import { toPlanVariant } from '@gatewright/model/runtime'
import { listUses, placePolicyFault } from './place-policy-fault.ts'
import { PolicyFault } from './policy-fault.ts'

const TEXT = `gatewright: 1
policies: [{ policy: region, options: { name: sun, at: [1] } }]
plans: [{ id: gold, policies: [{ policy: region, options: { at: [1], name: sun } }] }]
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies: [{ policy: region, options: { name: moon } }]
    routes:
      - { path: /x, policies: [{ policy: region, options: { name: sun, at: [1] }, enabled: false }] }
      - { path: /y, policies: [{ policy: region, options: { name: sun, at: [1] } }] }
      - { path: /z, enabled: false, policies: [{ policy: region, options: { name: sun, at: [1] } }] }
`

describe('placePolicyFault', () => {
  const { draft, sources } = resolve({
    files: [{ path: 'a.yaml', text: TEXT }],
    env: () => undefined,
    readFile: () => undefined,
  })
  const [use = assert.fail()] = draft.policies

  it('finds every place that says the same and runs, and no other', () => {
    // As it comes from a thread: equal, and not the same object.
    const fault = new PolicyFault(structuredClone(use), new Error('there is no region sun.'))
    const said = 'fault: The policy "region" cannot be made of these options: there is no region sun.'
    assert.deepEqual(placePolicyFault(fault, draft, sources).map(toFindingText), [
      `a.yaml:2:12: ${said} (policies[0])`,
      `a.yaml:3:32: ${said} (plans[0].policies[0])`,
      `a.yaml:10:32: ${said} (apis[0].routes[1].policies[0])`,
    ])
  })

  it('finds what an app has different of a plan, where the app says it', () => {
    const text = `gatewright: 1
plans: [{ id: gold, policies: [{ policy: region, id: main, options: { name: moon } }] }]
apps:
  - id: acme
    overrides:
      gold:
        main: { name: sun,
                at: [1] }
`
    const resolution = resolve({ files: [{ path: 'a.yaml', text }], env: () => undefined, readFile: () => undefined })
    const [plan = assert.fail()] = resolution.draft.plans
    const [faulty = assert.fail()] = toPlanVariant(plan, 'acme')
    const fault = new PolicyFault(structuredClone(faulty), new Error('there is no region sun.'))
    assert.deepEqual(
      placePolicyFault(fault, resolution.draft, resolution.sources).map(({ at }) => `${at.line} ${at.path}`),
      ['7 apps[0].overrides.gold.main'],
    )
    const [placed] = [...listUses(resolution.draft)].filter(([, use]) => use.id === faulty.id)
    assert.ok(placed)
    const at = resolution.sources.find([...placed[0], 'options', 'at'])
    assert.equal(`${at.line} ${at.path}`, '8 apps[0].overrides.gold.main.at')
  })

  it('finds none for a fault of something else', () => {
    assert.deepEqual(placePolicyFault(new Error('a port is in use'), draft, sources), [])
  })
})
