import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { it } from 'node:test'

it('the small door loads nothing that others wrote: no reader of files and no schema', async () => {
  const loaded: string[] = []
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context)
      loaded.push(found.url)
      return found
    },
  })
  await import('./index.ts')
  assert.ok(loaded.some((url) => url.endsWith('/validate/catalogue.ts')))
  assert.deepEqual(
    loaded.filter((url) => url.includes('/node_modules/')),
    [],
  )
})
