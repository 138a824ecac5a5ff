import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readGrpcStatus } from './grpc-status.ts'
import { HeaderList } from './header-list.ts'

describe('the status of a call of gRPC', () => {
  for (const [said, status] of [
    ['0', 0],
    ['16', 16],
    ['', undefined],
    ['-1', undefined],
    ['1e1', undefined],
    ['1234', undefined],
  ] as const) {
    it(`is ${status} where "${said}" is said`, () => {
      assert.equal(readGrpcStatus(HeaderList.of([['grpc-status', said]])), status)
    })
  }

  it('is unknown where nothing is said', () => {
    assert.deepEqual([readGrpcStatus(undefined), readGrpcStatus(HeaderList.of([]))], [undefined, undefined])
  })
})
