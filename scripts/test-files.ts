/** Owns the answer to one question: is a file only there for tests? */

/** Tests, what they are run with (`testing/`, `x.fixture.ts`, `x.contract.ts`), and the tables they read (`cases/`). Stays out of packages and budgets of source. */
export function isTestFile(path: string): boolean {
  return /\.(?:test|fixture|contract)\.ts$|(?:^|\/)(?:testing|cases)\/|^e2e\//.test(path)
}
