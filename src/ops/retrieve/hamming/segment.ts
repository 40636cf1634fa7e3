/** Packed codes in memory that WebAssembly and threads can search. Does not use Effect. */
import { popcount } from "../../measure/popcount.ts"
import { functionsOf, MOST_PAGES, PAGE, type WasmMemory, wasm } from "../../wasm.ts"
import { hammingModule, LANE } from "./assemble.ts"

/** Number of threads that can search one segment at the same time. */
export const MOST_LANES = 16

/** Bytes of codes that are searched for all queries before the next ones, so that they are read from memory once. */
const BLOCK_BYTES = 2 ** 17

/** Bytes per code: whole registers of 128 bits. */
export const strideOf = (bits: number): number => LANE * Math.ceil(bits / 8 / LANE)

/** Rows that one call of a scan reads. */
export const blockRows = (stride: number): number => Math.max(64, Math.floor(BLOCK_BYTES / stride))

/** Codes of some rows. Plain data, which can be sent to a thread. */
export interface Segment {
  /** Number that is unique among the segments of a process. */
  readonly id: number
  /** Its memory: codes, then for each thread a query and room for the results of one block. */
  readonly memory: WasmMemory
  readonly stride: number
  /** Number of rows for which there is room. */
  readonly capacity: number
}

const laneBytes = (stride: number): number => stride + 8 * blockRows(stride)

/** Largest number of rows in one segment. */
export const mostRows = (stride: number): number =>
  Math.floor((MOST_PAGES * PAGE - MOST_LANES * laneBytes(stride)) / stride)

/** The name of the way in which this engine counts differing bits, for records. */
export type Kernel = "WebAssembly SIMD" | "JavaScript"

/** Whether memory can be shared: browsers do so only on pages that are isolated from other origins. */
const canShare = (): boolean => typeof SharedArrayBuffer !== "undefined"

/** The way in which this engine counts differing bits: JavaScript only if it has no WebAssembly SIMD. */
export const kernelOf = (): Kernel =>
  wasm?.validate(hammingModule(8 * LANE, canShare())) === true ? "WebAssembly SIMD" : "JavaScript"

let segments = 0

/** An empty segment. Untouched pages of its memory take no room. */
export const newSegment = (stride: number, capacity: number): Segment => {
  const bytes = capacity * stride + MOST_LANES * laneBytes(stride)
  const initial = Math.ceil(bytes / PAGE)
  const size = canShare() ? { initial, maximum: MOST_PAGES, shared: true } : { initial }
  const memory =
    kernelOf() === "JavaScript" || wasm === undefined ? { buffer: plainBuffer(bytes) } : new wasm.Memory(size)
  return { id: segments++, memory, stride, capacity }
}

const plainBuffer = (bytes: number): ArrayBufferLike =>
  canShare() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)

/**
 * Finds the rows [from, to) that differ from a query in fewer than `limit` bits.
 *
 * @param query uint8 [stride]
 * @param lane number of the thread, so that threads do not write to the same place
 * @returns pairs of a row, counted from `from`, and its distance, by ascending row; valid until the next call
 */
export type Scan = (from: number, to: number, query: Uint8Array, limit: number, lane: number) => Uint32Array

/** A scan in plain JavaScript. */
export const plainScan = ({ capacity, memory, stride }: Segment): Scan => {
  const words = new Uint32Array(memory.buffer, 0, (capacity * stride) / 4)
  const found = new Uint32Array(2 * blockRows(stride))
  const asked = new Uint32Array(stride / 4)
  return (from, to, query, limit) => {
    new Uint8Array(asked.buffer).set(query)
    let count = 0
    for (let row = from, at = (from * stride) / 4; row < to; row++) {
      let distance = 0
      for (let w = 0; w < asked.length; w++, at++) distance += popcount(asked[w] ^ words[at])
      if (distance >= limit) continue
      found[count++] = row - from
      found[count++] = distance
    }
    return found.subarray(0, count)
  }
}

/** A scan by WebAssembly. */
const wasmScan = ({ capacity, memory, stride }: Segment): Scan => {
  const { scan } = functionsOf(hammingModule(stride, canShare()), memory) as {
    readonly scan: (codes: number, rows: number, query: number, limit: number, out: number) => number
  }
  const bytes = new Uint8Array(memory.buffer)
  return (from, to, query, limit, lane) => {
    const asked = capacity * stride + lane * laneBytes(stride)
    bytes.set(query, asked)
    const count = scan(from * stride, to - from, asked, limit, asked + stride)
    return new Uint32Array(memory.buffer, asked + stride, 2 * count)
  }
}

/** The fastest scan that this engine has. */
export const scanOf = (segment: Segment): Scan => (kernelOf() === "JavaScript" ? plainScan(segment) : wasmScan(segment))
