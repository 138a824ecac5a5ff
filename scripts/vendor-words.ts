/** Owns the rule that the model and the gateway have never heard of a cloud: its words, and where they stand. */

/** Whole words only: the header `X-Amzn-Trace-Id` is a name on the wire, and no word of ours. */
const VENDOR_WORDS = new Set(['aws', 'amazon', 'azure', 'google', 'gcp', 'apigee', 'ibm', 'datapower', 'oracle'])

/** `file:line: …` for every vendor's word, also inside `camelCase` and `kebab-case` names. */
export function findVendorWords(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const words =
      line
        .replaceAll(/([a-z\d])(?=[A-Z])/g, '$1 ')
        .toLowerCase()
        .match(/[a-z]+/g) ?? []
    const found = words.filter((word) => VENDOR_WORDS.has(word))
    return found.map(
      (word) => `${file}:${index + 1}: "${word}" is a vendor's word; formats of vendors live in importers only`,
    )
  })
}
