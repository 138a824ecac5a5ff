import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '@gatewright/client'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const password = 'correct horse battery staple 9'

const toSecret = (link: string) => link.split('#')[1] ?? ''
const accept = (link: string) =>
  new Client({ url: stage.url }).ask('acceptInvitation', { body: { secret: toSecret(link), password } })
const logIn = () => new Client({ url: stage.url }).ask('logIn', { body: { email: 'ada@example.com', password } })

describe('people of a control plane, by commands', () => {
  it('are invited by a link alone on stdout, and listed with what they may', async () => {
    const invited = await stage.run('users invite ada@example.com --role publisher --team main --name Ada')
    assert.equal(invited.code, 0, invited.stderr)
    assert.match(invited.stdout, /^http:\S+#\S+$/)
    assert.match(invited.stderr, /^Give the link to ada@example\.com: .* until \S+Z\.$/)
    assert.equal((await accept(invited.stdout)).body.email, 'ada@example.com')
    const { stdout } = await stage.run('users list')
    assert.match(stdout, /^ada@example\.com +Ada +active +publisher in main$/m)
    assert.match(stdout, /^olga@example\.com +Olga +active +owner in every team$/m)
    const [first] = JSON.parse((await stage.run('users list --json')).stdout)
    assert.equal(first.grants[0].role, 'publisher')
  })

  it('are shut out, let in again, and given another link, whatever the case of the address', async () => {
    const suspended = await stage.run('users suspend Ada@Example.com')
    assert.deepEqual([suspended.code, suspended.stdout], [0, 'ada@example.com is suspended.'], suspended.stderr)
    await assert.rejects(logIn())
    assert.equal((await stage.run('users resume ada@example.com')).stdout, 'ada@example.com is active.')
    await logIn()
    const reset = await stage.run('users reset ada@example.com --second-factors --json')
    assert.equal(reset.code, 0, reset.stderr)
    await assert.rejects(logIn())
    await accept(JSON.parse(reset.stdout).link.url)
    await logIn()
  })

  it('are refused in words', async () => {
    for (const line of [
      'users draw',
      'users invite',
      'users invite bo@example.com',
      'users invite bo@example.com --role viewer',
      'users list ada@example.com',
      'users suspend ada@example.com --role viewer',
      'users resume ada@example.com --second-factors',
    ])
      assert.equal((await stage.run(line)).code, 2, line)
    const nobody = await stage.run('users suspend da@example.com')
    assert.deepEqual([nobody.code, /Nobody has the address "da@example.com"/.test(nobody.stderr)], [1, true])
    assert.equal((await stage.run('users invite bo@example.com --role none --team main')).code, 1)
  })
})
