/** Owns the proof that the log of a gateway, and what its admin port says, show nothing of what `${env:…}` put into a configuration that it refuses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { until, within } from './harness/deadline.ts'
import { spawnGateway, startGateway } from './harness/gateway.ts'

const env = { GATEWAY_TEST_LONG: 'hunter2-of-the-vault', GATEWAY_TEST_SHORT: 'q7z' }
const LONG = `"\${env:GATEWAY_TEST_LONG}"`
const SHORT = `"\${env:GATEWAY_TEST_SHORT}"`

const assertHidden = (told: string): void => assert.doesNotMatch(told, /hunter2|\bq7z\b/)

const file = (api: string) =>
  `gatewright: 1\nlisteners: [{ id: a, host: 127.0.0.1, port: 8080 }]\napis: [{ id: a, upstream: "http://127.0.0.1:9", ${api} }]\n`

/** A fault of the file, of a policy's options, of a policy that threads make, and of a file that is named. */
const FAULTY = {
  'a path': (put: string) => file(`routes: [{ path: ${put} }]`),
  'an option': (put: string) => file(`policies: [{ policy: key-auth, options: { in: ${put} } }]`),
  'a policy that cannot be made': (put: string) =>
    file(
      `policies: [{ policy: jwt, options: { issuers: [{ issuer: ${put}, audiences: [a], keys: [{ algorithm: ES256, publicKey: ${put} }] }] } }]`,
    ),
  'a document': (put: string) => file(`openapi: ${put}`),
} as const

describe('what is put in, of a configuration that is refused', () => {
  for (const [words, write] of Object.entries(FAULTY)) {
    for (const put of [LONG, SHORT]) {
      it(`is not in the log of a start: ${words}, ${put}`, async () => {
        const gateway = await spawnGateway({ yaml: write(put), env })
        try {
          assert.notEqual(await within(gateway.exited, 'the gateway to end'), 0)
          assert.match(gateway.stderr, /fault/)
          assertHidden(gateway.stderr)
          assertHidden(gateway.stdout)
        } finally {
          await gateway.stop()
        }
      })
    }
  }

  it('is not in the log of a reload, nor at the admin port', async () => {
    const gateway = await startGateway({ yaml: file('basePath: /'), env })
    try {
      for (const write of Object.values(FAULTY)) {
        for (const put of [LONG, SHORT]) {
          const before = (await gateway.snapshot())?.configuration.loadedAt
          await gateway.rewrite(write(put))
          await until(async () => {
            const { loadedAt, fault } = (await gateway.snapshot())?.configuration ?? {}
            return (loadedAt !== before && fault !== null) || undefined
          }, 'the gateway to refuse it')
          assertHidden((await gateway.status('snapshot'))?.text ?? '')
        }
      }
      assert.match(gateway.stderr, /GATEWAY_TEST_LONG/)
      assertHidden(gateway.stderr)
    } finally {
      await gateway.stop()
    }
  })
})
