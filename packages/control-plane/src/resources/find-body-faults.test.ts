import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KINDS } from '../kinds.ts'
import { findBodyFaults } from './find-body-faults.ts'

const find = (plural: string, body: unknown, isToRun = true): string[] => {
  const kind = KINDS.find((each) => each.plural === plural)
  assert.ok(kind)
  return findBodyFaults(kind, body, isToRun).map(
    ({ at, message, suggestion = '' }) => `${at.path}: ${message} ${suggestion}`,
  )
}

describe('what somebody puts', () => {
  it('has everything told that is wrong with it, each once, with its place in it and how to mend it', () => {
    const said = find('apis', {
      basepath: '/orders',
      policies: [
        { use: 'defaults' },
        { policy: 'rate-limits' },
        { policy: 'rate-limit', options: { limit: 'many', windowSecond: 60 } },
        { policy: 'cors', when: 'request.(', option: {} },
      ],
      routes: [{ path: '/a' }, { path: '/b', methods: 'GET', policies: [{ policy: 'cors', options: { origin: [] } }] }],
    })
    const has = (pattern: RegExp) =>
      assert.equal(said.filter((line) => pattern.test(line)).length, 1, `${pattern}\n${said.join('\n')}`)
    has(/^basepath: The key "basepath" .* Did you mean "basePath"\?$/)
    has(/^policies\[1\]\.policy: There is no policy "rate-limits"\. Did you mean "rate-limit"\?$/)
    has(/^policies\[2\]\.options\.limit: rate-limit: "many" is not /)
    has(/^policies\[2\]\.options\.windowSecond: rate-limit: .* Did you mean "windowSeconds"\?$/)
    has(/^policies\[3\]\.option: /)
    has(/^routes\[1\]\.methods: .*Write `\[GET\]`/)
    has(/^routes\[1\]\.policies\[0\]\.options\.origin: cors: /)
    assert.equal(said.length, 8, said.join('\n'))
  })

  it('may be a draft that nobody could run, where that is not asked', () => {
    assert.deepEqual(find('apis', { policies: [{ policy: 'nobody' }] }, false), [])
    assert.equal(find('apis', { colour: 'red' }, false).length, 1)
  })

  it('is judged by itself: what it names is there or not, secrets are what they are, and other lists are others', () => {
    assert.deepEqual(
      find('apis', {
        upstream: 'shop',
        document: 'a'.repeat(64),
        policies: [
          { use: 'defaults' },
          { policy: 'key-auth' },
          { policy: 'plan' },
          { policy: 'access', options: { plans: ['gold'] } },
          { policy: 'set-headers', options: { set: { 'X-Token': '${secret:TOKEN}' } } },
        ],
        routes: [{ operation: 'getOrder', policies: [{ policy: 'cors' }] }],
      }),
      [],
    )
    for (const plural of ['plans', 'policy-lists', 'environments'])
      assert.match(
        find(plural, { policies: [{ policy: 'nobody' }] }).join(),
        /^policies\[0\]\.policy: There is no policy/,
      )
    assert.deepEqual(find('teams', { title: 'Shop' }), [])
  })
})
