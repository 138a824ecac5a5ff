/** Owns keeping what others named on one line: a line feed would begin another one, and an escape sequence speak to a terminal. */

// C0 and C1 controls, and what Unicode ends lines with.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** `\u000a` in their place, as JSON writes them. */
export function toOneLine(text: string): string {
  return text.replaceAll(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
