/** Owns who is told of something, such as changes: one that fails keeps nobody else from being told. */
export class Listeners<Said> {
  readonly #listeners = new Set<(said: Said) => void>()
  readonly #onFault: (fault: unknown) => void

  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault
  }

  add(listener: (said: Said) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(said: Said): void {
    for (const listener of this.#listeners) {
      try {
        listener(said)
      } catch (fault) {
        this.#onFault(fault)
      }
    }
  }
}
