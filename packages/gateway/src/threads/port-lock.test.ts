import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { findFreePort } from '../../../policies/src/testing/free-ports.ts'
import { PortLocks } from './port-lock.ts'

const said: string[] = []
const LOG = { info() {}, warn: (message: string) => void said.push(message), error() {} }

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the lock of a port', { skip: process.platform === 'linux' ? false : 'needs abstract sockets' }, () => {
  it('is had by one at a time, in whatever order ports are asked for', async () => {
    const ports = [await findFreePort(), await findFreePort(), await findFreePort()]
    let inside = 0
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        new PortLocks(LOG).while([ports[i % 3] ?? 0, ports[(i + 1) % 3] ?? 0, ports[(i + 2) % 3] ?? 0], async () => {
          assert.equal(++inside, 1)
          await turn()
          inside--
          return i
        }),
      ),
    )
    assert.deepEqual(
      results,
      results.map((_, i) => i),
    )
  })

  it('is given back by what fails', async () => {
    const port = await findFreePort()
    const locks = new PortLocks(LOG)
    await assert.rejects(
      locks.while([port], () => Promise.reject(new Error('no'))),
      /no/,
    )
    assert.equal(await locks.while([port], async () => 'had'), 'had')
  })

  it('goes with a process that is killed', async () => {
    const port = await findFreePort()
    const source = `require('net').createServer().listen('\\0gatewright-port-${port}', () => console.log('has it'))`
    const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    let isHad = false
    const had = new PortLocks(LOG).while([port], async () => {
      isHad = true
    })
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(isHad, false)
    child.kill('SIGKILL')
    await had
  })

  it('is not waited for without end', async () => {
    const port = await findFreePort()
    const holder = createServer()
    await once(holder.listen(`\0gatewright-port-${port}`), 'listening')
    assert.equal(await new PortLocks(LOG, 50).while([port], async () => 'went on'), 'went on')
    assert.match(said.join(), /not waited for any more/)
    holder.close()
  })
})
