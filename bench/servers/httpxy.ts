// Owns the httpxy contestant.
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'httpxy'

const target = process.env.UPSTREAM ?? ''
const proxy = createProxyServer({ target, agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }) })
const server = createServer((request, response) => void proxy.web(request, response))
server.keepAliveTimeout = 3_600_000
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 })
