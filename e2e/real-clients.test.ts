/** Owns the proof that programs people really use are served: each as its users call it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { forwardAll } from './harness/configurations.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { type FoundPeer, findPeer, getPath, type ProgramName, toSkip } from './harness/peers.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const run = promisify(execFile)

interface Call {
  readonly program: ProgramName
  readonly does: string
  /** `URL` stands for the gateway's, `FOLDER` for one with `Get.java` and 1 MiB in `body`. */
  readonly args: readonly string[]
  /** What it must print. */
  readonly prints: RegExp
}

const ECHO_1_MIB = /^PUT 1048576/m

// biome-ignore format: a table, one row a line
const CALLS: readonly Call[] = [
  { program: 'curl', does: 'asks', args: ['-sS', '--fail', 'URL/a'], prints: /^GET 0 \/a/ },
  { program: 'curl', does: 'asks with HTTP/1.0', args: ['-sS', '--fail', '-0', 'URL/a'], prints: /^GET 0 \/a/ },
  { program: 'curl', does: 'offers h2c', args: ['-sS', '--fail', '--http2', 'URL/a'], prints: /^GET 0 \/a/ },
  { program: 'curl', does: 'asks for the head', args: ['-sS', '--fail', '-I', 'URL/a'], prints: /^HTTP\/1\.1 200 OK/ },
  { program: 'curl', does: 'uploads a file, expecting 100', args: ['-sS', '--fail', '-T', 'FOLDER/body', '-H', 'Expect: 100-continue', 'URL/a'], prints: ECHO_1_MIB },
  { program: 'curl', does: 'uploads in chunks', args: ['-sS', '--fail', '-T', 'FOLDER/body', '-H', 'Transfer-Encoding: chunked', 'URL/a'], prints: ECHO_1_MIB },
  { program: 'curl', does: 'uses it as a proxy', args: ['-sS', '--fail', '--noproxy', '', '-x', 'URL', 'http://api.example.com/a'], prints: /^GET 0 \/a/ },
  { program: 'wget', does: 'asks', args: ['-q', '-O', '-', 'URL/a'], prints: /^GET 0 \/a/ },
  { program: 'ab', does: 'asks a thousand times, kept alive', args: ['-q', '-k', '-n', '1000', '-c', '20', 'URL/a'], prints: /Failed requests: +0\n[\s\S]*Keep-Alive requests: +1000\n/ },
  { program: 'ab', does: 'asks a thousand times', args: ['-q', '-n', '1000', '-c', '20', 'URL/a'], prints: /Failed requests: +0\n/ },
  { program: 'python3', does: 'asks twice on one connection', args: ['-c', 'import http.client\nc = http.client.HTTPConnection("URL"[7:])\nfor i in range(2):\n  c.request("PUT", "/a", body=iter([b"x" * 524288] * 2), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})\n  print(c.getresponse().read().decode())'], prints: /^PUT 1048576 \/a\s+PUT 1048576 \/a/ },
  { program: 'java', does: 'asks and sends, offering h2c', args: ['FOLDER/Get.java', 'URL/a'], prints: /HTTP_1_1 200 GET 0 \/a\s+HTTP_1_1 200 POST 5 \/a/ },
]

const JAVA = `
import java.net.URI;
import java.net.http.*;
public class Get {
  public static void main(String[] args) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest get = HttpRequest.newBuilder(URI.create(args[0])).build();
    HttpRequest post = HttpRequest.newBuilder(URI.create(args[0])).POST(HttpRequest.BodyPublishers.ofString("hello")).build();
    for (HttpRequest request : new HttpRequest[] { get, post }) {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(answer.version() + " " + answer.statusCode() + " " + answer.body());
    }
  }
}
`

const found = new Map<ProgramName, FoundPeer>()
for (const { program } of CALLS) found.set(program, found.get(program) ?? (await findPeer(program)))

describe('programs people use', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-clients-'))
    await writeFile(join(folder, 'Get.java'), JAVA)
    await writeFile(join(folder, 'body'), Buffer.alloc(1_048_576, 'x'))
    upstream = await RawUpstream.listen({
      onRequest({ method, target, body }, { socket }) {
        const text = `${method} ${body.length} ${target}\n`
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${method === 'HEAD' ? '' : text}`)
      },
    })
    gateway = await startGateway({ yaml: forwardAll(upstream.url) })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { program, does, args, prints } of CALLS) {
    const peer = found.get(program) ?? assert.fail(program)
    it(`${program} ${does}`, { skip: toSkip(peer) }, async () => {
      const url = `http://127.0.0.1:${gateway.port}`
      const given = args.map((arg) => arg.replaceAll('URL', url).replaceAll('FOLDER', folder))
      // A proxy in the environment would be asked instead of us.
      const env = { ...process.env, http_proxy: '', HTTP_PROXY: '', no_proxy: '*' }
      const { stdout } = await run(getPath(peer), given, { env, timeout: 60_000 })
      assert.match(stdout, prints)
    })
  }
})
