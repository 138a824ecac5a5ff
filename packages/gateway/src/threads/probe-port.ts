/** Owns the question whether a port is free: asked without `reusePort`, so that a second instance fails instead of sharing traffic. */
import { createServer } from 'node:net'
import type { Listener } from '@gatewright/model'

/** Those on ports that are not ours yet: our own sockets share a port with us, whatever the host, and only strangers are in the way. */
export function toNewListeners(wanted: readonly Listener[], open: readonly Listener[]): readonly Listener[] {
  const ours = new Set(open.filter(({ enabled }) => enabled !== false).map(({ port }) => port))
  return wanted.filter(({ enabled, port }) => enabled !== false && !ours.has(port))
}

/** @throws the system's error (EADDRINUSE, EACCES…) for the first address that cannot be had. */
export async function probeListeners(listeners: readonly Listener[]): Promise<void> {
  for (const listener of listeners) await probePort(listener)
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
