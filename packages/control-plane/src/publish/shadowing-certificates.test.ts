import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import type { LiveEnvironment } from './live-api.ts'
import { listShadowing } from './shadowing-certificates.ts'

const toCertificate = (environment: string, ...hosts: string[]) => {
  const body: CertificateBody = { environment, acme: { hosts, directory: 'https://ca.example.com/directory' } }
  return { id: `${environment} ${hosts.join()}`, body }
}
const toApi = (hosts: string[]): LiveEnvironment['apis'][number] => ({
  team: 'main',
  id: 'orders',
  releases: [{ revision: 1, body: { upstream: 'x', hosts } }],
})

/** Hosts of those of `side` that would be shown. */
function listShown(others: readonly string[], prod: { own?: string[]; hosts?: string[]; named?: string[] }): string[] {
  const own = (prod.own ?? []).map((host) => toCertificate('prod', host))
  const certificates = [...own, ...others.map((host) => toCertificate('side', host))]
  const body = prod.hosts === undefined ? {} : { hosts: prod.hosts }
  const apis = prod.named === undefined ? [] : [toApi(prod.named)]
  return listShadowing({ id: 'prod', body, apis }, { certificates }).map(({ id }) => id.replace(/^side /, ''))
}

describe('a certificate of another environment', () => {
  const OTHERS = ['api.example.com', 'b.api.example.com', '*.example.com', 'example.com', 'Shop.Example.com']

  it('is shown for names that the environment has itself, and those below its wildcards', () => {
    const all = ['api.example.com', '*.example.com', 'Shop.Example.com']
    assert.deepEqual(listShown(OTHERS, { own: ['*.example.com'] }), all)
    assert.deepEqual(listShown(OTHERS, { hosts: ['*.Example.com'] }), all)
    assert.deepEqual(listShown(OTHERS, { named: ['*.example.com'] }), all)
    assert.deepEqual(listShown(OTHERS, { own: ['api.example.com'] }), ['api.example.com'])
    assert.deepEqual(listShown(OTHERS, { own: ['example.org'], hosts: ['example.net'] }), [])
  })

  it('is shown by its wildcard where the environment has none for the name', () => {
    assert.deepEqual(listShown(OTHERS, { named: ['api.example.com'] }), ['api.example.com', '*.example.com'])
    const own = ['api.example.com']
    assert.deepEqual(listShown(OTHERS, { named: ['api.example.com'], own }), ['api.example.com'])
  })
})
