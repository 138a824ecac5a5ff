/** Owns the health check of the image: exit code 0 where the address that it is given answers with what is no error. The image has no curl. */
import { get } from 'node:http'
import { get as getByTls } from 'node:https'

const TIMEOUT_MS = 4_000
const url = new URL(process.argv[2] ?? 'http://127.0.0.1:9080/readyz')
// It asks its own machine, by an address that no certificate is for.
const ask = url.protocol === 'https:' ? getByTls : get
const request = ask(url, { rejectUnauthorized: false, timeout: TIMEOUT_MS, agent: false }, (answer) => {
  answer.resume()
  const { statusCode = 500 } = answer
  if (statusCode < 400) return
  process.stdout.write(`${url.href} answered ${statusCode}\n`)
  process.exitCode = 1
})
request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
request.on('error', ({ message }) => {
  process.stdout.write(`${url.href}: ${message}\n`)
  process.exitCode = 1
})
