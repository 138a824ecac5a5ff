/** Owns who is told of changes: one that fails keeps nobody else from being told. */
export class ChangeListeners {
  readonly #listeners = new Set<(sequence: number) => void>()
  readonly #onFault: (fault: unknown) => void

  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault
  }

  add(listener: (sequence: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(sequence: number): void {
    for (const listener of this.#listeners) {
      try {
        listener(sequence)
      } catch (fault) {
        this.#onFault(fault)
      }
    }
  }
}
