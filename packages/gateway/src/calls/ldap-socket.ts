/** Owns a socket to a directory: to an address that may be called, and secure before anything is said on it. */
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { CallFault, type DirectorySettings } from '@gatewright/policies'
import type { EgressGuard } from '../egress/egress-guard.ts'
import { startTls } from './ldap-start-tls.ts'

type Target = Pick<DirectorySettings, 'url' | 'startTls' | 'ca'>

/** `signal` ends it at any time, also later. @rejects CallFault */
export async function openLdapSocket(target: Target, guard: EgressGuard, signal: AbortSignal): Promise<Socket> {
  const url = URL.parse(target.url)
  if (url === null || !/^ldaps?:$/.test(url.protocol)) {
    throw new CallFault('url', `"${target.url}" is no ldap or ldaps URL`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  guard.checkLiteral(host)
  const isSecure = url.protocol === 'ldaps:'
  const socket = connect({
    host,
    port: Number(url.port) || (isSecure ? 636 : 389),
    lookup: guard.lookup,
    noDelay: true,
  })
  const abort = (): void => void socket.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await once(socket, 'connect', { signal })
    if (!isSecure && target.startTls) await startTls(socket)
    return isSecure || target.startTls ? await secure(socket, host, target.ca) : socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** RFC 4513 §3.1.3: the certificate has to be for the host that is meant. */
async function secure(socket: Socket, host: string, ca: string | undefined): Promise<Socket> {
  const tls = connectTls({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  })
  const closed = once(socket, 'close').then(() => {
    throw new CallFault('closed', 'the connection ended within the handshake')
  })
  await Promise.race([once(tls, 'secureConnect'), closed])
  closed.catch(() => {})
  return tls
}
