/** Owns how the texts of AWS's test suite go over the wire. */
import type { Field } from './sign-aws-request.ts'
import type { SuiteVector } from './test-suite.fixture.ts'

/** Octets of UTF-8, one latin1 character each. */
export function toWireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** RFC 9112 §5.2: a line that goes on in the next is one, with spaces between. */
export function toWireFields({ fields }: SuiteVector): Field[] {
  return fields.map((line) => {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/\r?\n[ \t]+/g, ' ')
    return [line.slice(0, colon), toWireText(value)]
  })
}

export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) }
}
