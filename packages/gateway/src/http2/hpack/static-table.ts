/** Owns the table that both sides know from the start (RFC 7541 Appendix A). */
import { ByteWriter } from '../byte-writer.ts'
import { type HpackField, LINE_END, LINE_SEPARATOR, toHpackField } from './hpack-field.ts'
import { writeLatin1 } from './string-literal.ts'

/** In the order of their indexes, which begin with 1. Entries of one name are neighbours. */
const ENTRIES = [
  ':authority',
  ':method GET',
  ':method POST',
  ':path /',
  ':path /index.html',
  ':scheme http',
  ':scheme https',
  ':status 200',
  ':status 204',
  ':status 206',
  ':status 304',
  ':status 400',
  ':status 404',
  ':status 500',
  'accept-charset',
  'accept-encoding gzip, deflate',
  'accept-language',
  'accept-ranges',
  'accept',
  'access-control-allow-origin',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'refresh',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
] as const

/** By index; there is no 0. */
export const STATIC_FIELDS: readonly (HpackField | undefined)[] = [undefined, ...ENTRIES.map(toField)]

/** RFC 7541 §2.3.3: the dynamic table's newest entry. */
export const FIRST_DYNAMIC_INDEX = ENTRIES.length + 1

function toField(entry: string): HpackField {
  const [name = '', ...words] = entry.split(' ')
  const line = new ByteWriter()
  writeLatin1(line, name + LINE_SEPARATOR + words.join(' ') + LINE_END)
  return toHpackField(line, name.length, undefined, false)
}
