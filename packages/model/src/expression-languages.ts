/** Owns the names of the languages in which a value may be written as `{ language: source }`. */

export const EXPRESSION_LANGUAGES = ['cel', 'jsonata', 'liquid', 'vtl', 'csharp', 'javascript'] as const
