import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listCoveredApis } from './covered-apis.ts'
import { SubscriptionFault, type SubscriptionState, type SubscriptionStep, toNextState } from './subscription.ts'

const STATES: readonly SubscriptionState[] = ['requested', 'approved', 'active', 'suspended', 'ended']
const STEPS: readonly SubscriptionStep[] = ['approve', 'activate', 'suspend', 'resume', 'end']

const TAKEN = new Map<string, SubscriptionState>([
  ['requested approve', 'approved'],
  ['requested end', 'ended'],
  ['approved activate', 'active'],
  ['approved end', 'ended'],
  ['active suspend', 'suspended'],
  ['active end', 'ended'],
  ['suspended resume', 'active'],
  ['suspended end', 'ended'],
])

describe('the steps of a subscription', () => {
  for (const state of STATES) {
    for (const step of STEPS) {
      const next = TAKEN.get(`${state} ${step}`)
      it(`${step} from ${state}: ${next ?? 'refused, with what is possible'}`, () => {
        if (next !== undefined) {
          assert.equal(toNextState(state, step), next)
          return
        }
        assert.throws(
          () => toNextState(state, step),
          (fault) => {
            assert.ok(fault instanceof SubscriptionFault && fault.reason === 'refused-step')
            assert.deepEqual(
              fault.possible,
              STEPS.filter((each) => TAKEN.has(`${state} ${each}`)),
            )
            assert.match(fault.message, state === 'ended' ? /make a new one/ : /It can .*end/)
            return true
          },
        )
      })
    }
  }
})

describe('what a subscription is for', () => {
  const apis = ['orders', 'billing', 'orders']

  it('is all that is sold where the plan opens everything, and each once', () => {
    assert.deepEqual(listCoveredApis({ apis, plan: {} }), ['orders', 'billing'])
  })

  it('is what is sold and opened', () => {
    const opened = [{ api: 'billing' }, { api: 'users' }, { api: 'billing', routes: ['a'] }]
    assert.deepEqual(listCoveredApis({ apis, plan: { apis: opened } }), ['billing'])
    assert.deepEqual(listCoveredApis({ apis, plan: { apis: [] } }), [])
  })
})
