/** Owns the syntax of names and addresses that a model holds. */
import { suggestVariable } from '../file/suggest-variable.ts'
import { toIpVersion } from './addresses.ts'

/** RFC 9110 §5.6.2. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
}

/** What is wrong with the name of a header field; `undefined` if nothing is. */
export function findFieldNameFault(name: string): string | undefined {
  return isToken(name)
    ? undefined
    : `"${name}" is no name of a header field: only letters, digits and !#$%&'*+-.^_\`|~ are.`
}

/** RFC 9110 §5.5: no control characters but HTAB. */
export function findFieldValueFault(value: string): string | undefined {
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)
    ? 'The value of a header field holds no control characters and no line ends.'
    : undefined
}

/** What is wrong with a host that an API answers to. Underscores are legal; a wildcard stands for one label, the first. */
export function findHostFault(host: string): { fault: string; suggestion?: string } | undefined {
  if (host === '*')
    return { fault: '"*" is no host.', suggestion: 'Leave `hosts` out: the API then answers to every name.' }
  if (/[^\u0000-\u007f]/.test(host)) {
    return { fault: `"${host}" is not in ASCII.`, suggestion: `Write it as it is sent: ${toAscii(host)}.` }
  }
  if (host.includes('://') || host.includes('/')) {
    return {
      fault: `"${host}" is a URL or a path, not a host.`,
      suggestion: 'Write the name alone; paths belong into `basePath`.',
    }
  }
  if (toIpVersion(host) === 4 || (host.startsWith('[') && host.endsWith(']') && toIpVersion(host.slice(1, -1)) === 6))
    return undefined
  if (toIpVersion(host) === 6)
    return { fault: `"${host}" is an IPv6 address without brackets.`, suggestion: `Write "[${host}]".` }
  const name = host.startsWith('*.') ? host.slice(2) : host
  if (name.includes('*')) {
    return { fault: `"${host}": a wildcard can only be the whole first label.`, suggestion: 'Write "*.example.com".' }
  }
  const isName =
    name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  return isName ? undefined : { fault: `"${host}" is no host name.` }
}

function toAscii(host: string): string {
  try {
    return new URL(`http://${host.replace(/^\*\./, '')}`).hostname
  } catch {
    return 'its punycode form'
  }
}

/** An address, or an address and a prefix length. Bits behind the prefix are an oversight more often than a wish. */
export function findRangeFault(range: string): { fault: string; suggestion?: string } | undefined {
  const [address = '', prefix, ...more] = range.split('/')
  const version = toIpVersion(address)
  if (version === 0 || more.length > 0) {
    return {
      fault: `"${range}" is neither an address nor a range of addresses.`,
      suggestion: 'Write 10.0.0.1, 10.0.0.0/8 or fd00::/8.',
    }
  }
  if (prefix === undefined) return undefined
  const bits = version === 4 ? 32 : 128
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    return { fault: `"${range}": the prefix length is a number from 0 to ${bits}.` }
  }
  return undefined
}

/** What is wrong with the URL of a target. */
export function findTargetFault(text: string): { fault: string; suggestion?: string } | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const suggestion = suggestVariable(text) ?? `Write "http://${text.replace(/^\/+/, '')}".`
    return { fault: `"${text}" is no URL.`, suggestion }
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return { fault: `"${text}" is no URL.`, suggestion: 'Write it as http://host:port.' }
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { fault: `"${url.protocol}//" cannot be forwarded to; only "http://" and "https://" can.` }
  }
  // The text is not shown: a password stands in it.
  if (url.username !== '' || url.password !== '') {
    return {
      fault: 'The URL of a target holds no user and password.',
      suggestion: 'Send them by a policy that sets `Authorization`.',
    }
  }
  if (/[?#]/.test(text)) return { fault: `"${text}": the URL of a target has no query and no fragment.` }
  return undefined
}

/** `host`, `host:port` or `[v6]:port`, as a Host field says it (RFC 9112 §3.2). */
export function isAuthority(text: string): boolean {
  return /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(?::\d{1,5})?$/.test(text)
}
