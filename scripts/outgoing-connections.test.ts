/** Proves that every way out of a process is known, and guarded by `egress`, or has a reason not to be. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { findWaysOut } from './outgoing-connections.ts'
import { readTree } from './tree.ts'

/** Whoever adds a line here has the address judged by `EgressGuard`, or says why it need not be. */
const KNOWN: Readonly<Record<string, string>> = {
  'packages/gateway/src/egress/egress-guard.ts': 'node:dns lookup, node:net Socket',
  'packages/gateway/src/calls/http-calls.ts':
    'node:http Agent, node:http request, node:https Agent, node:https request',
  'packages/gateway/src/calls/ldap-socket.ts': 'node:net connect, node:tls connect',
  'packages/gateway/src/upstream/target.ts': 'node:net connect',
  'packages/gateway/src/upstream/tls/target-tls.ts': 'node:tls connect',
  'packages/gateway/src/upstream/health/probe.ts': 'node:net connect',
  'packages/gateway/src/acme/authority/send-request.ts': 'node:https Agent, node:https request',
  'packages/gateway/src/acme/challenges/name-servers.ts': 'node:dns/promises Resolver',
  'packages/gateway/src/acme/dns-update/dns-exchange.ts': 'node:dgram createSocket, node:net connect',
  // To the control planes that the command line names.
  'packages/gateway/src/node/control-planes.ts': 'node:http request, node:https request',
  'packages/gateway/src/ocsp/ask-responder.ts': 'node:http request',
  // Of who comes, it reads the certificate.
  'packages/control-plane/src/nodes/serve-nodes.ts': 'node:tls TLSSocket',
  // By judges of its own: the gateway's stands on the same floor, and no file of a control plane says `egress`.
  'packages/control-plane/src/outgoing/call-out.ts': 'node:dns lookup, node:http request, node:https request',
  // One that somebody accepted, and one that is only asked what it is.
  'packages/gateway/src/sockets/adopt-socket.ts': 'node:net Socket, node:tls TLSSocket',
  'packages/gateway/src/listen/answer-sender.ts': 'node:tls TLSSocket',
  // To a UNIX socket of this machine, whose name is ours.
  'packages/gateway/src/threads/port-lock.ts': 'node:net connect',
  // To the control plane that whoever runs the command has named; no gateway loads it.
  'packages/cli/src/servers/create-fetch.ts': 'node:https request',
}

describe('ways out of a process', () => {
  it('are those that are known', async () => {
    const { sources } = await readTree(resolve(import.meta.dirname, '..'))
    const found = [...sources].map(([path, text]) => [path, findWaysOut(text).join(', ')] as const)
    assert.deepEqual(Object.fromEntries(found.filter(([, ways]) => ways !== '').sort()), sorted(KNOWN))
  })

  for (const [source, ways] of [
    ["import { connect, isIP } from 'node:net'", ['node:net connect']],
    ["import { type Socket, isIP } from 'node:net'", []],
    ["import type { Agent } from 'node:http'", []],
    [
      "import {\n  Agent as HttpAgent,\n  request as ask,\n} from 'node:http'",
      ['node:http Agent', 'node:http request'],
    ],
    ["import { Socket } from 'node:net'", ['node:net Socket']],
    ["import net from 'net'", ['net default']],
    ["import * as dns from 'node:dns'", ['node:dns *']],
    ["const { request } = await import('node:https')", ['node:https import()']],
    ["const { request } = require('https')", ['https import()']],
    [
      "const { Agent, createServer, request: ask } = process.getBuiltinModule('node:http')",
      ['node:http Agent', 'node:http request'],
    ],
    ["const http = process.getBuiltinModule('node:http')", ['node:http import()']],
    ["import { createServer, Server } from 'node:net'", []],
    ["import { fetch } from 'undici'", ['undici']],
    ['const answer = await fetch(url)', ['fetch']],
    ['new WebSocket(url)', ['WebSocket']],
    ['new EventSource(url)', ['EventSource']],
    ['cache.fetch(key)', []],
  ] as const) {
    it(`are found in ${source}`, () => assert.deepEqual(findWaysOut(source), ways))
  }
})

function sorted(known: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(known).sort())
}
