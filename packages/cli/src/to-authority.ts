/** Owns how a host and a port are shown to people: as something that can be opened. */

export function toAuthority(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
