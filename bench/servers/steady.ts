// Owns a connection that asks again a millisecond after each answer, and says how long answers took: the longest tell how long a thread stood still.
import { connect } from 'node:net'

const request = 'GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n'
let tookMs: number[] = []
let sentAt = 0
const socket = connect(Number(process.env.PORT), '127.0.0.1', send)
socket.setNoDelay(true)
socket.on('data', () => {
  tookMs.push(performance.now() - sentAt)
  setTimeout(send, 1)
})
process.on('message', () => {
  const sorted = tookMs.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  process.send?.({ answers: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), longestMs: at(1) })
  tookMs = []
})

function send(): void {
  sentAt = performance.now()
  socket.write(request)
}
