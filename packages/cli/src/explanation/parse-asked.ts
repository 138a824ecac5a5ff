/** Owns the step from a method, a URL and header lines to the request that is asked about. */
import type { AskedRequest } from '@gatewright/gateway'
import { UsageError } from '../command.ts'

export interface Asked extends AskedRequest {
  readonly scheme: 'http' | 'https'
  /** Who calls; undefined: nobody says. */
  readonly app?: string
}

/** A URL with or without a host: `/orders` means `http://localhost/orders`. @throws UsageError */
export function parseAsked(method: string, url: string, headerLines: readonly string[]): Asked {
  const headers = headerLines.map(parseHeader)
  const parts = /^(?:https?:\/\/([^/?#]+))?([^?#]*)(\?[^#]*)?(?:#.*)?$/i.exec(url)
  const path = parts?.[2] ?? ''
  if (parts === null || (parts[1] === undefined && !path.startsWith('/'))) {
    throw new UsageError(`"${url}" is neither a path nor a URL: write it as /orders or http://api.example.com/orders`)
  }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method))
    throw new UsageError(`"${method}" is no method: write GET, for instance`)
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
  return {
    scheme: /^https:/i.test(url) ? 'https' : 'http',
    method,
    authority: host ?? parts[1] ?? 'localhost',
    path: path === '' ? '/' : path,
    search: parts[3] ?? '',
    headers: headers.filter(([name]) => name.toLowerCase() !== 'host'),
  }
}

function parseHeader(line: string): readonly [string, string] {
  const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line)
  if (parts === null) throw new UsageError(`"${line}" is no header: write it as 'X-Api-Key: value'`)
  return [parts[1] ?? '', (parts[2] ?? '').trimEnd()]
}

/** As a client would send it. */
export function toBytes({ method, path, search, authority, headers }: AskedRequest): Buffer {
  const lines = [
    `${method} ${path}${search} HTTP/1.1`,
    `Host: ${authority}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}
