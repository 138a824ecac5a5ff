/** Owns which names a port is asked by that is for this machine alone. */

/** Against DNS rebinding: a page that made its own name mean 127.0.0.1 sends that name in `Host`. */
export function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || /^[\d.]+$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name)
}
