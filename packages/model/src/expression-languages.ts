/** Owns the names of the languages in which a value may be written as `{ language: source }`. */

/** All that the format reserves: what is written in one of them is no plain text. */
export const EXPRESSION_LANGUAGES = ['cel', 'jsonata', 'liquid', 'vtl', 'csharp', 'javascript'] as const

/** Those that run: editors complete them, and faults advise them. */
export const OFFERED_LANGUAGES = ['cel'] as const
