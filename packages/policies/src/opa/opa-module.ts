/** Owns compiled rules at work on one thread: a Wasm instance with a memory of its own, made anew after it failed. */
import { parseRules } from './opa-bundle.ts'
import { compileWasm, type LoadedRules, loadRules, type WasmModule } from './opa-wasm-library.ts'

/** WebAssembly Core §4.2.8. */
const PAGES_PER_MIB = 16

export interface ModuleSettings {
  /** All that the rules, their data and one evaluation may need. */
  readonly memoryMiB: number
  /** `orders/allow`; undefined: the only one. */
  readonly entrypoint?: string | undefined
}

export class OpaModule {
  readonly #module: WasmModule
  readonly #data: Uint8Array<ArrayBuffer> | undefined
  readonly #memoryMiB: number
  readonly #entrypoint: string
  #instance: LoadedRules | undefined

  /** @throws Error with what is wrong with the file, or with the settings for it */
  constructor(bytes: Uint8Array, { memoryMiB, entrypoint }: ModuleSettings) {
    const { wasm, data } = parseRules(bytes)
    this.#module = compileWasm(wasm)
    this.#data = data
    this.#memoryMiB = memoryMiB
    this.#instance = this.#instantiate()
    this.#entrypoint = pickEntrypoint(Object.keys(this.#instance.entrypoints), entrypoint)
  }

  /** The result; undefined where the rules say nothing. `input` is JSON. @throws Error */
  evaluate(input: string): unknown {
    try {
      this.#instance ??= this.#instantiate()
      const results = this.#instance.evaluate(toArrayBuffer(Buffer.from(input)), this.#entrypoint)
      if (!Array.isArray(results)) throw new Error('the rules gave no list of results')
      return results[0]?.result
    } catch (thrown) {
      // Its memory may be full, or half-written.
      this.#instance = undefined
      throw toError(thrown)
    }
  }

  #instantiate(): LoadedRules {
    try {
      const instance = loadRules(this.#module, this.#memoryMiB * PAGES_PER_MIB)
      if (this.#data !== undefined) instance.setData(toArrayBuffer(this.#data))
      return instance
    } catch (thrown) {
      throw new Error(`they cannot be loaded into ${this.#memoryMiB} MiB: ${toError(thrown).message}`, {
        cause: thrown,
      })
    }
  }
}

function pickEntrypoint(names: readonly string[], wanted: string | undefined): string {
  const [only] = names
  const name = wanted ?? (names.length === 1 ? only : undefined)
  if (name !== undefined && names.includes(name)) return name
  const why = wanted === undefined ? 'set entrypoint to the one that decides' : `there is no entrypoint "${wanted}"`
  throw new Error(`${why}; there is: ${names.join(', ')}`)
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}

/** The library throws texts, and objects with a message. */
function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  const message = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown
  return new Error(String(message))
}
