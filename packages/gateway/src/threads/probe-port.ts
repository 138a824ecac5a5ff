/** Owns the question whether a port is free: asked without `reusePort`, so that a second instance fails instead of sharing traffic. */
import { createServer } from 'node:net'
import type { Listener } from '@gatewright/model'

/** @throws the system's error (EADDRINUSE, EACCES…) for the first address that cannot be had. */
export async function probeListeners(wanted: readonly Listener[], open: readonly Listener[]): Promise<void> {
  // Our own sockets share a port with us, whatever the host: only strangers are in the way.
  const ours = new Set(open.map(({ port }) => port))
  for (const listener of wanted) {
    if (listener.enabled !== false && !ours.has(listener.port)) await probePort(listener)
  }
}

/** The port that is free: the one asked for, or, for 0, one that the system chose. */
export function probePort({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port }, () => {
      const address = server.address()
      const found = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(found))
    })
  })
}
