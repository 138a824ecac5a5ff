import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { CredentialsLine, Key } from '@gatewright/model'
import { toPepperId } from '@gatewright/policies'
import { Pepper } from './pepper.ts'
import { PepperCheck } from './pepper-check.ts'

const pepper = new Pepper({ env: { GATEWRIGHT_PEPPER: 'p'.repeat(32) } })

function tell(...lines: readonly CredentialsLine[]): readonly string[] {
  const told: string[] = []
  const log = { info() {}, warn() {}, error: (message: string) => void told.push(message) }
  const check = new PepperCheck(pepper, log)
  for (const line of lines) check.look(line)
  return told
}

const begin = (theirs?: string): CredentialsLine => ({
  kind: 'whole',
  store: 's',
  sequence: 1,
  ...(theirs !== undefined && { pepper: theirs }),
})
const toKey = (hash: string) => ({ hash, app: 'a' }) as Key
const put = (hash: string): CredentialsLine => ({ kind: 'changes', changes: [{ kind: 'put', key: toKey(hash) }] })
const weak = `argon2id:${'ab'.repeat(32)}`

it('weak keys of another pepper are told of once, whichever way they come', () => {
  const apps = { kind: 'apps', apps: [{ id: 'a', keys: [toKey(weak)] }] } as unknown as CredentialsLine
  for (const lines of [
    [begin(), put(weak), put(weak)],
    [begin('0123456789abcdef'), apps, apps],
  ]) {
    assert.deepEqual(tell(...lines).length, 1)
    assert.match(tell(...lines)[0] ?? '', /GATEWRIGHT_PEPPER of the control plane/)
  }
  assert.deepEqual(tell(begin(toPepperId(pepper.get())), apps, put(weak)), [])
  assert.deepEqual(tell(begin(), put('ab'.repeat(32))), [])
})
