/** Owns what is the same host: how gateways compare what clients ask for, and whoever judges beforehand which API that reaches. */

/** RFC 9110 §4.2.3: hosts have no case. A port, which may be empty (RFC 3986 §3.2.3), and the root's dot make no difference. */
export function toHostKey(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
