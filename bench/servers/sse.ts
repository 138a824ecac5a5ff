// Owns the upstream of the SSE question: one event every 10 ms, each saying when it was written.
import { createServer } from 'node:http'

const EVENT_INTERVAL_MS = 10

const server = createServer((request, response) => {
  if (request.url !== '/events') return response.end('ready')
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.flushHeaders()
  // The monotonic clock is one for all processes of a machine, so the reader may subtract.
  const timer = setInterval(() => response.write(`data: ${process.hrtime.bigint()}\n\n`), EVENT_INTERVAL_MS)
  response.on('close', () => clearInterval(timer))
})
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
