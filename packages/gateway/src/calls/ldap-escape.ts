/** Owns how a name that somebody wrote stands in a DN and in a filter without meaning anything there. */

/** RFC 4514 §2.4: what has a meaning in a DN; `=` need not be escaped, and may be. A byte as `\` and two hex digits. */
const DN_SIGNS = /["+,;<>=\\\x00-\x1f\x7f]/g

export function escapeDn(value: string): string {
  return (
    value
      .replace(DN_SIGNS, toHexPair)
      // At the ends, and where a `#` begins what is no text but BER.
      .replace(/^[ #]/, toHexPair)
      .replace(/ $/, toHexPair)
  )
}

/** RFC 4515 §3: `*`, `(`, `)`, `\` and NUL are written as `\` and two hex digits. */
export function escapeFilter(value: string): string {
  return value.replace(/[*()\\\x00]/g, toHexPair)
}

/** Each `{placeholder}` at once: what is put in is not read again. */
export function fillTemplate(template: string, placeholder: string, value: string): string {
  return template.replaceAll(`{${placeholder}}`, () => value)
}

function toHexPair(sign: string): string {
  return `\\${sign.charCodeAt(0).toString(16).padStart(2, '0')}`
}
