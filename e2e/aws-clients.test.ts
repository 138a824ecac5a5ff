/** Owns the proof that requests are taken which programs of others sign for AWS: curl, and AWS's own library for Python. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, findPython, getPath, toSkip } from './harness/peers.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const run = promisify(execFile)

const ID = 'AKIDEXAMPLE'
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const TOKEN = 'FwoGZXIvYXdzEBYaD/+example=='

const verify = (service: string, more = '', id = ID) =>
  `{ policy: aws-sigv4, options: { region: us-east-1, service: ${service}, credentials: [{ accessKeyId: ${id}, secretAccessKey: "${SECRET}", app: acme${more} }], toUpstream: { app: X-App } } }`

const toYaml = (url: string): string => {
  const api = (id: string, policy: string) => `
  - id: ${id}
    basePath: /${id}
    stripBasePath: false
    upstream: ${url}
    policies: [${policy}]
    routes:
      - { id: root, path: / }
      - { id: rest, path: "/{rest+}" }`
  return `gatewright: 1
apps: [{ id: acme }]
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
accessLog: off
apis:${api('plain', verify('execute-api'))}${api('temporary', verify('execute-api', `, sessionToken: "${TOKEN}"`))}${api('lax', verify('execute-api').replace('toUpstream', 'requiredSignedHeaders: [], toUpstream'))}${api('bucket', verify('s3').replace('toUpstream', 'presigned: allow, toUpstream'))}
`
}

interface CurlCall {
  readonly does: string
  readonly path: string
  readonly args?: readonly string[]
  readonly service?: string
  readonly prints: RegExp
}

// biome-ignore format: a table, one row a line
const CURL_CALLS: readonly CurlCall[] = [
  { does: 'asks', path: '/plain/a', prints: /^GET 0 \/plain\/a acme\n200$/ },
  { does: 'asks with a query', path: '/plain/a?a=1&b=2', prints: /^GET 0 \/plain\/a\?a=1&b=2 acme\n200$/ },
  { does: 'sends a form', path: '/plain/a', args: ['-d', 'a=1&b=%20', '-H', 'Content-Type: application/x-www-form-urlencoded'], prints: /^POST 9 \/plain\/a acme\n200$/ },
  { does: 'sends a form, and does not sign its type', path: '/lax/a', args: ['-d', 'a=1&b=%20'], prints: /^POST 9 \/lax\/a acme\n200$/ },
  { does: 'sends another type', path: '/plain/a', args: ['-d', '{"a":1}', '-H', 'Content-Type: application/json'], prints: /^POST 7 \/plain\/a acme\n200$/ },
  { does: 'asks S3', path: '/bucket/a', service: 's3', prints: /^GET 0 \/bucket\/a acme\n200$/ },
  { does: 'signs for another service', path: '/plain/a', service: 'sqs', prints: /credential-invalid[\s\S]*401$/ },
]

const CURL = await findPeer('curl')

/** Prints what was answered to each of its calls: status, and what the upstream saw. */
const PYTHON = `
import sys, json, http.client
from botocore.auth import SigV4Auth, S3SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
import botocore.session
from botocore.config import Config

port, identity, secret, token = sys.argv[1:5]
host = "127.0.0.1:" + port
plain, temporary = Credentials(identity, secret), Credentials(identity, secret, token)

def call(name, auth, method, path, body=b"", headers={}, send=None):
    request = AWSRequest(method=method, url="http://" + host + path, data=body, headers={"Host": host, **headers})
    auth.add_auth(request)
    prepared = request.prepare()
    target = prepared.url[len("http://" + host):]
    connection = http.client.HTTPConnection(host)
    connection.request(method, target, body=(send or body), headers=dict(prepared.headers))
    answer = connection.getresponse()
    print(name, answer.status, answer.getheader("x-saw"))

call("get", SigV4Auth(plain, "execute-api", "us-east-1"), "GET", "/plain/a?b=2&a=1&a=%C3%A9%20x")
call("path", SigV4Auth(plain, "execute-api", "us-east-1"), "GET", "/plain/a%20b/c~d/%C3%A9")
call("post", SigV4Auth(plain, "execute-api", "us-east-1"), "POST", "/plain/a", b'{"a":1}', {"Content-Type": "application/json", "X-Amz-Target": "A.b", "X-Space": "a   b"})
call("changed", SigV4Auth(plain, "execute-api", "us-east-1"), "POST", "/plain/a", b'{"a":1}', {}, b'{"a":2}')
call("token", SigV4Auth(temporary, "execute-api", "us-east-1"), "GET", "/temporary/a")
call("no-token", SigV4Auth(plain, "execute-api", "us-east-1"), "GET", "/temporary/a")
call("presigned-refused", SigV4QueryAuth(plain, "execute-api", "us-east-1", 60), "GET", "/plain/a")
call("s3-put", S3SigV4Auth(plain, "s3", "us-east-1"), "PUT", "/bucket/a%20b%2B%28c%29", b"x" * 100000)
call("s3-presigned", S3SigV4QueryAuth(plain, "s3", "us-east-1", 60), "GET", "/bucket/a?versionId=1")

client = botocore.session.get_session().create_client("s3", region_name="us-east-1", endpoint_url="http://" + host,
    aws_access_key_id=identity, aws_secret_access_key=secret,
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
answer = client.put_object(Bucket="bucket", Key="folder/a b+c(d)~\\u00e9", Body=b"x" * 200000)
print("s3-client-put", answer["ResponseMetadata"]["HTTPHeaders"]["x-saw"])
answer = client.get_object(Bucket="bucket", Key="a//b/../c", Range="bytes=0-9")
print("s3-client-get", answer["Body"].read().decode().strip())
`

const BOTOCORE = await findPython('botocore', 'python3-botocore')

describe('programs that sign for AWS', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-aws-'))
    await writeFile(join(folder, 'calls.py'), PYTHON)
    upstream = await RawUpstream.listen({
      onRequest({ method, target, fields, body }, { socket }) {
        const find = (name: string) => fields.find(([other]) => other.toLowerCase() === name)?.[1]
        const leak = find('authorization') ?? find('x-amz-security-token') ?? ''
        const saw = `${method} ${body.length} ${target} ${find('x-app')}${leak}`
        // A client of S3 reads an answer to PUT as XML.
        const text = method === 'PUT' ? '' : `${saw}\n`
        socket.write(`HTTP/1.1 200 OK\r\nX-Saw: ${saw}\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
      },
    })
    gateway = await startGateway({ yaml: toYaml(upstream.url) })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await rm(folder, { recursive: true, force: true })
  })

  // A proxy in the environment would be asked instead of us.
  const env = { ...process.env, http_proxy: '', HTTP_PROXY: '', no_proxy: '*', AWS_EC2_METADATA_DISABLED: 'true' }

  for (const { does, path, args = [], service = 'execute-api', prints } of CURL_CALLS) {
    it(`curl ${does}`, { skip: toSkip(CURL) }, async () => {
      const signing = ['--aws-sigv4', `aws:amz:us-east-1:${service}`, '--user', `${ID}:${SECRET}`]
      const url = `http://127.0.0.1:${gateway.port}${path}`
      const given = ['-sS', '-w', '%{http_code}', ...signing, ...args, url]
      const { stdout } = await run(getPath(CURL), given, { env, timeout: 60_000 })
      assert.match(stdout, prints)
    })
  }

  it('botocore calls, sends, presigns, and is an S3 client', { skip: toSkip(BOTOCORE) }, async () => {
    const args = [join(folder, 'calls.py'), `${gateway.port}`, ID, SECRET, TOKEN]
    const { stdout } = await run(getPath(BOTOCORE), args, { env, timeout: 60_000 })
    const lines = stdout.trim().split('\n')
    assert.deepEqual(lines, [
      'get 200 GET 0 /plain/a?b=2&a=1&a=%C3%A9%20x acme',
      'path 200 GET 0 /plain/a%20b/c~d/%C3%A9 acme',
      'post 200 POST 7 /plain/a acme',
      'changed 401 None',
      'token 200 GET 0 /temporary/a acme',
      'no-token 401 None',
      'presigned-refused 401 None',
      's3-put 200 PUT 100000 /bucket/a%20b%2B%28c%29 acme',
      's3-presigned 200 GET 0 /bucket/a?versionId=1 acme',
      's3-client-put PUT 200000 /bucket/folder/a%20b%2Bc%28d%29~%C3%A9 acme',
      's3-client-get GET 0 /bucket/a//c acme',
    ])
  })
})
