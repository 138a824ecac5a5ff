/** Owns the loading of the library that runs compiled rules of OPA, only where some are used, and what is asked of it. */
import { createRequire } from 'node:module'
import type * as OpaWasm from '@open-policy-agent/opa-wasm'

/** Code of Wasm that was checked and compiled; instances share it. */
export type WasmModule = object

/** Rules with a memory of their own. What its methods throw may be a text, or an object with a message. */
export interface LoadedRules {
  /** Names and numbers. */
  readonly entrypoints: Readonly<Record<string, number>>
  /** A list of `{ result }`. An `ArrayBuffer` holds JSON. */
  evaluate(input: ArrayBuffer, entrypoint: string): unknown
  setData(data: ArrayBuffer): void
}

const require = createRequire(import.meta.url)
let library: typeof OpaWasm | undefined

/** All of its memory from the start, and no more: the system gives what is touched, and nothing grows while a request waits. */
export function loadRules(module: WasmModule, pages: number): LoadedRules {
  library ??= require('@open-policy-agent/opa-wasm') as typeof OpaWasm
  return library.loadPolicySync(module, { initial: pages, maximum: pages })
}

/** The part of the WebAssembly JavaScript Interface that is used: Node's types leave it to those of browsers. */
interface WebAssemblyGlobal {
  readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => WasmModule }
}

/** @throws Error, a `CompileError`, for what is no module */
export function compileWasm(bytes: Uint8Array): WasmModule {
  const { WebAssembly } = globalThis as unknown as WebAssemblyGlobal
  return new WebAssembly.Module(bytes)
}
