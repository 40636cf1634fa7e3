/** The part of WebAssembly that is used here: types of Node alone do not have its classes. Does not use Effect. */

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
