import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '@gatewright/policies'
import { findGrpcType, readsTrailers } from './grpc-type.ts'

describe('a message of gRPC', () => {
  for (const [type, isGrpc] of [
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/GRPC+json', true],
    ['application/grpc; charset=utf-8', true],
    ['application/grpc-web', true],
    ['application/grpc-web-text+proto', true],
    ['application/grpcurl', false],
    ['application/json', false],
    ['text/application/grpc', false],
  ] as const) {
    it(`${isGrpc ? 'is' : 'is not'} ${type}`, () => {
      assert.equal(readsTrailers(type), !type.startsWith('application/grpc-web'))
      assert.equal(findGrpcType(HeaderList.of([['Content-Type', type]])), isGrpc ? type : undefined)
    })
  }
})
