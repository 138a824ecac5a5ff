import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import { finishKeyChange } from './finish-key-change.ts'
import { drawNextKey } from './key-file.ts'
import { SecretFault } from './secret-fault.ts'
import { SecretKey } from './secret-key.ts'
import { putSecret, rotateSecretKey } from './secret-store.ts'

const isNotYet = (fault: unknown) => fault instanceof SecretFault && fault.reason === 'wrong-key'

describe('the end of a change of the key of secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-key-change-'))
  const [file, database] = [join(folder, 'secret.key'), join(folder, 'control.db')]
  after(() => rmSync(folder, { recursive: true }))
  const openKey = () => SecretKey.open({ file, env: {} })

  it('comes when the new key seals, also where nothing is sealed yet: who still has the former one could begin with it', async () => {
    const running = openKey()
    drawNextKey(file)
    const store = await SqliteStore.open({ file: database, onFault() {} })
    await assert.rejects(finishKeyChange(file, database), isNotYet)
    await store.write(async (change) => {
      const doing: Doing = { ...change, by: 'system', nowMs: 0 }
      await putSecret(doing, running, { team: '*', uid: 'e', name: 'A', value: 'x' })
    })
    await assert.rejects(finishKeyChange(file, database), isNotYet)
    await store.write((change) => rotateSecretKey({ ...change, by: 'system', nowMs: 0 }, openKey(), openKey()))
    assert.equal(await finishKeyChange(file, database), openKey().id)
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 1)
    assert.equal(await finishKeyChange(file, database), openKey().id, 'and again')
    await store.close()
  })
})
