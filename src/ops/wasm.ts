/** WebAssembly, as far as it is used here: types of Node alone do not have its classes. Does not use Effect. */

export interface WasmMemory {
  readonly buffer: ArrayBufferLike
}
interface Wasm {
  readonly validate: (bytes: Uint8Array) => boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum?: number
    readonly shared?: boolean
  }) => WasmMemory
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** WebAssembly, if this engine has it. */
export const wasm = (globalThis as unknown as { readonly WebAssembly?: Wasm }).WebAssembly

/** Bytes of a page, the unit of a memory's size. */
export const PAGE = 65_536

/** Largest size of a memory, in pages. */
export const MOST_PAGES = 65_536

/**
 * The functions of a module that `moduleOf` made, by their names.
 *
 * @param memory that the module uses
 * @throws Error if this engine has no WebAssembly
 */
export const functionsOf = (module: Uint8Array, memory: WasmMemory): Readonly<Record<string, unknown>> => {
  if (wasm === undefined) throw new Error("this engine has no WebAssembly")
  return new wasm.Instance(new wasm.Module(module), { e: { m: memory } }).exports
}
