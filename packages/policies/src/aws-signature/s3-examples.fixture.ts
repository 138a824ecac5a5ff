/**
 * Owns the examples of the Amazon S3 API Reference: "Signature Calculations for the Authorization Header: Transferring Payload in
 * a Single Chunk", "… in Multiple Chunks", "… Including Trailing Headers", and "Using Query Parameters".
 */
import type { Field } from './sign-aws-request.ts'

/** What all examples share. */
export const S3_EXAMPLE = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  now: Date.UTC(2013, 4, 24),
  amzDate: '20130524T000000Z',
} as const

export interface S3Example {
  readonly name: string
  readonly method: string
  readonly target: string
  readonly fields: readonly Field[]
  readonly body?: string
  readonly payloadHash: string
  readonly signature: string
  /** Absent: signed in fields. */
  readonly expiresSeconds?: number
}

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const PUT_HASH = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'
const HOST: Field = ['Host', 'examplebucket.s3.amazonaws.com']
const DATE: Field = ['x-amz-date', S3_EXAMPLE.amzDate]
const NOTHING: Field = ['x-amz-content-sha256', EMPTY]

export const S3_EXAMPLES: readonly S3Example[] = [
  {
    name: 'GET Object',
    method: 'GET',
    target: '/test.txt',
    fields: [HOST, ['Range', 'bytes=0-9'], NOTHING, DATE],
    payloadHash: EMPTY,
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    method: 'PUT',
    target: '/test%24file.text',
    fields: [
      HOST,
      ['Date', 'Fri, 24 May 2013 00:00:00 GMT'],
      DATE,
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-content-sha256', PUT_HASH],
    ],
    body: 'Welcome to Amazon S3.',
    payloadHash: PUT_HASH,
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    method: 'GET',
    target: '/?lifecycle',
    fields: [HOST, DATE, NOTHING],
    payloadHash: EMPTY,
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'Get Bucket (List Objects)',
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    fields: [HOST, DATE, NOTHING],
    payloadHash: EMPTY,
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
  {
    name: 'a presigned GET',
    method: 'GET',
    target: '/test.txt',
    fields: [HOST],
    payloadHash: 'UNSIGNED-PAYLOAD',
    signature: 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    expiresSeconds: 86_400,
  },
]

/** An upload in chunks: 66 560 times `a`, in 64 KiB, 1 KiB and nothing. */
export interface S3ChunkedExample {
  readonly name: string
  readonly fields: readonly Field[]
  readonly signature: string
  readonly chunks: readonly (readonly [octets: number, signature: string])[]
  /** Lines behind the last chunk, with their ends. */
  readonly trailer: string
}

export const S3_CHUNKED_TARGET = '/examplebucket/chunkObject.txt'
const CHUNKED: readonly Field[] = [
  ['Host', 's3.amazonaws.com'],
  DATE,
  ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
  ['Content-Encoding', 'aws-chunked'],
  ['x-amz-decoded-content-length', '66560'],
]

export const S3_CHUNKED_EXAMPLES: readonly S3ChunkedExample[] = [
  {
    name: 'Transferring Payload in Multiple Chunks',
    fields: [...CHUNKED, ['Content-Length', '66824'], ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']],
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    chunks: [
      [65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
      [1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
      [0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
    ],
    trailer: '',
  },
  {
    name: 'Including Trailing Headers',
    fields: [
      ...CHUNKED,
      ['x-amz-trailer', 'x-amz-checksum-crc32c'],
      ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
    ],
    signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    chunks: [
      [65_536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'],
      [1024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'],
      [0, '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'],
    ],
    trailer:
      'x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
  },
]
