/** The functions of WebAssembly modules on shared memory. Threads use them, so this file does not import Effect. */
import { functionsOf, type WasmMemory } from "../../wasm.ts"

/** A shared memory. In another thread, the same memory is another object, so it has a number. */
export interface Shared {
  readonly memory: WasmMemory
  /** Unique in this process. */
  readonly id: number
}

/** Returns a function of a module by its name. The module is made when it is first asked for. */
export type Instances = <F>(shared: Shared, name: string, key: string | number, module: () => Uint8Array) => F

/** The functions of one thread. Only those on the newest memory are kept. */
export const instances = (): Instances => {
  const functions = new Map<string, unknown>()
  let newest = -1
  return <F>({ id, memory }: Shared, name: string, key: string | number, module: () => Uint8Array): F => {
    if (id !== newest) functions.clear()
    newest = id
    const known = functions.get(`${name} ${key}`)
    if (known !== undefined) return known as F
    const made = functionsOf(module(), memory)[name]
    functions.set(`${name} ${key}`, made)
    return made as F
  }
}
