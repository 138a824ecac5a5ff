/**
 * Owns requests that somebody else's implementation signed, with all components that it knows: the Python package
 * http-message-signatures 3.0.0 (https://pypi.org/project/http-message-signatures/), with keys drawn for this.
 */
import type { TestRequest } from '../testing/index.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

interface SignedByOthers {
  readonly keyid: string
  readonly algorithm: SignatureAlgorithm
  readonly secret?: string
  readonly publicKey?: string
  readonly request: TestRequest
}

/** Seconds since the epoch: when they were signed. */
export const SIGNED_BY_OTHERS_AT = 1795707667

export const SIGNED_BY_OTHERS: readonly SignedByOthers[] = [
  {
    keyid: 'ed',
    algorithm: 'ed25519',
    publicKey:
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAxmY7ySfQRjupMpUWNs677SRmcmjkByb6XYFAkzxfZRA=\n-----END PUBLIC KEY-----\n',
    request: {
      method: 'POST',
      target: '/p%20q/?x=hello+world&y=',
      host: 'example.com:8443',
      scheme: 'https',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Multi', 'a,  b'],
        ['Content-Length', '18'],
        ['Content-Digest', 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
        [
          'Signature-Input',
          'sig1=("@method" "@authority" "@target-uri" "@path" "@query" "@scheme" "@request-target" "content-type" "x-multi" "content-digest" "@query-param";name="x" "@query-param";name="y" "content-length");created=1795707667;keyid="ed";alg="ed25519";nonce="n-edPOST";tag="t"',
        ],
        [
          'Signature',
          'sig1=:A1r6pSK2/sk3Rw/4rRP220QZLsV+Na0QfahHcAX/ZNWei96fz+Ic+HqgD4KFA8K4D6B66IBgbSTviUat20JnAQ==:',
        ],
      ],
      body: '{"hello": "world"}',
    },
  },
  {
    keyid: 'p256',
    algorithm: 'ecdsa-p256-sha256',
    publicKey:
      '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbtGiHnR1gVfCJeeAUEEsHdUe389Q\nxkY23CDrYUoH1qgDFJunZ++5bECROtGWGhlwIGeI89c6o8iA1zc64gXI3Q==\n-----END PUBLIC KEY-----\n',
    request: {
      method: 'POST',
      target: '/p%20q/?x=hello+world&y=',
      host: 'example.com:8443',
      scheme: 'https',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Multi', 'a,  b'],
        ['Content-Length', '18'],
        ['Content-Digest', 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
        [
          'Signature-Input',
          'sig1=("@method" "@authority" "@target-uri" "@path" "@query" "@scheme" "@request-target" "content-type" "x-multi" "content-digest" "@query-param";name="x" "@query-param";name="y" "content-length");created=1795707667;keyid="p256";alg="ecdsa-p256-sha256";nonce="n-p256POST";tag="t"',
        ],
        [
          'Signature',
          'sig1=:LM6nHlv1rW+PD3gOdSaDHzlkToxQHkyDsj+MBVoIP+iBpeJfwVSxaWA2UDsV7AS8hcv/HhrstPAMicAZk+0m4A==:',
        ],
      ],
      body: '{"hello": "world"}',
    },
  },
  {
    keyid: 'rsapss',
    algorithm: 'rsa-pss-sha512',
    publicKey:
      '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy687KVRcTUe7pB/xEouV\ndVMBD7OhTRwtPRseNOWgMevV1a2W2ooZpoeVJJ9RjIDFSFYM+HBOcsInejnppYwy\nP/JixcF6OC0qpZfCnMzax7kLQG3qggwwk6V0xPx+sobmYfokm9H8TlgQGPeP4Orx\nVYQtWtCzf6e46+i11Q6tNd61KcNpya0mU4hxx9dgB8+GBJ2zsKdgCG2MYYeKVhHl\nzn6gaWITIEeNnZ5jovCSMoX2a6imaRxhlbSP5vDrHTBC9bc4vZkKd5D0VY5PsjNA\nWpkpMGj348pS4wsJNuHl3b7U4agF04//G5tY8SpWPK0hibVa1akGLmEiUVkGP3dI\nsQIDAQAB\n-----END PUBLIC KEY-----\n',
    request: {
      method: 'POST',
      target: '/p%20q/?x=hello+world&y=',
      host: 'example.com:8443',
      scheme: 'https',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Multi', 'a,  b'],
        ['Content-Length', '18'],
        ['Content-Digest', 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
        [
          'Signature-Input',
          'sig1=("@method" "@authority" "@target-uri" "@path" "@query" "@scheme" "@request-target" "content-type" "x-multi" "content-digest" "@query-param";name="x" "@query-param";name="y" "content-length");created=1795707667;keyid="rsapss";alg="rsa-pss-sha512";nonce="n-rsapssPOST";tag="t"',
        ],
        [
          'Signature',
          'sig1=:h+eRlsZ1cA9hd08x5SAuxjnTdD/Xhia8P1mrjdTBfmRvpngvKF9/xfb/+x0San6RSssv7Egt0JbQHzkH2M7n4O56GNDIH9CqpdoG06KakFrhvxg675iXZsUzNOzkwkfbPtlxKiDzupWjQHwkgRJ0Ip2FaEoPBVwQS2q1o7yhWkRzs2EFrjKOlTEsU9XfKu1JcyT+CJoNJOiOlzWYY4PSVzYifck/i5ahJwQL5ttcU8b2I+8non8o8ck6S7UxLIBO3FxkS7k2JybPEbsnh83XY/Qx3MVCz7/K1eUmLPuOHWu+bCt9aJBPqTVIwzScF3NK6OPty+nZAAjCDRaaRlVwsA==:',
        ],
      ],
      body: '{"hello": "world"}',
    },
  },
  {
    keyid: 'rsa15',
    algorithm: 'rsa-v1_5-sha256',
    publicKey:
      '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1bRUj85orFhMo6tpGy/K\n4olLjElJsttJ9GBBgdO/l5rzKnypPciXU3jAjQHyzUaJlze8DGDVSk45StfOzbEv\ngcsRFWmbhiQPgAz22TqTfuW8O46cTC210xfa0fEKpDcnLxo2EEeDu/q8+2UVWH16\nuDMwSVynXHLrBfmTm2S+3vFwiSA0IptQhWRcyyWyQmnZsnsoHqavHSOxL0yiC4lY\nEgfiuXSufPAdioTQhFgKHDKdzU9yj1yuq4SllQNQD0o33VuzFqGc8aJ1IlT23coR\nOMkF6sNK7YVtXpgq2vs4tMe245WFpowAI3ikb0qGGaQFp5K2ZWsu2b8yZm31v+1e\nQwIDAQAB\n-----END PUBLIC KEY-----\n',
    request: {
      method: 'POST',
      target: '/p%20q/?x=hello+world&y=',
      host: 'example.com:8443',
      scheme: 'https',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Multi', 'a,  b'],
        ['Content-Length', '18'],
        ['Content-Digest', 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
        [
          'Signature-Input',
          'sig1=("@method" "@authority" "@target-uri" "@path" "@query" "@scheme" "@request-target" "content-type" "x-multi" "content-digest" "@query-param";name="x" "@query-param";name="y" "content-length");created=1795707667;keyid="rsa15";alg="rsa-v1_5-sha256";nonce="n-rsa15POST";tag="t"',
        ],
        [
          'Signature',
          'sig1=:rmQanqlh1ZjMkUiUsHTKDo6sZDa3ioiUH8VlBJvC3X0Zl96ReYlCQvRJ6R+brBS9C2FI+LukaOTDwHDs0CesG/ogbOGxMzgUATzw7Xl/YwU3ceu0jWW7Fy9yXU9Tm1rc4qbsVv1MSPHdybpjtHAVY4J4vapzJNJSM0J7K4+g0iZaP4BJ9mFvoxTrNEtx7icWa2VXoKuYCE1rxi5a7cR4tWpR3/XASRVp38wCD4X4D7vI3NbIEPqRd8hZKN42Fi8gtL5qS/IyKuyg3PjZujqaET4A5cxUT+zrW0oWCJH/xKgdWALoP80aEugYmtQhmj07pcZtNaD5stqs+u/Jm08nbg==:',
        ],
      ],
      body: '{"hello": "world"}',
    },
  },
  {
    keyid: 'hmac',
    algorithm: 'hmac-sha256',
    secret: '0123456789abcdef0123456789abcdef',
    request: {
      method: 'POST',
      target: '/p%20q/?x=hello+world&y=',
      host: 'example.com:8443',
      scheme: 'https',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Multi', 'a,  b'],
        ['Content-Length', '18'],
        ['Content-Digest', 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
        [
          'Signature-Input',
          'sig1=("@method" "@authority" "@target-uri" "@path" "@query" "@scheme" "@request-target" "content-type" "x-multi" "content-digest" "@query-param";name="x" "@query-param";name="y" "content-length");created=1795707667;keyid="hmac";alg="hmac-sha256";nonce="n-hmacPOST";tag="t"',
        ],
        ['Signature', 'sig1=:7bQ3SH3vCrEQ9h/VYDvU/xWFWB+z6jRxBA122juqv5g=:'],
      ],
      body: '{"hello": "world"}',
    },
  },
]
