/** Memory that WebAssembly and threads share: room for one product at a time, kept for the next ones. */

import { MOST_PAGES, PAGE, wasm } from "../../wasm.ts"
import type { Loop, Team } from "../../workers/loops.ts"
import type { Tf } from "../tfjs.ts"
import { tileModule } from "./assemble.ts"
import type { Shared } from "./instances.ts"
import { type Multiplied, products, tileProducts, units } from "./multiply.ts"
import { rowsOf, type Spread, tileSpreads } from "./spread.ts"

/** Largest room, in bytes: larger products are left to the library. */
const MOST_BYTES = 2 ** 30

/** Multiplications from which threads save more time than they cost. */
const WORTH_THREADS = 2 ** 21

/** Number of copied values from which threads save more time than they cost. */
const WORTH_SPREADING = 2 ** 18

/** The room of a product. */
export interface Room extends Shared {
  readonly floats: Float32Array
  readonly ints: Int32Array
}

/** A product whose factors are in the room. */
export type Prepared = Omit<Multiplied, "id" | "memory">

/** How products of tiles are computed in this process. Engines on one backend share it. */
export interface TileWork {
  /** Whether convolutions are computed by products of tiles. */
  readonly enabled: () => boolean
  /**
   * Enables products of tiles, and shares them with a team. Returns a function that restores the state before the call.
   */
  readonly share: (team: Team | undefined) => () => void
  /** Room for `length` values of 32 bits, with any content, valid until the next call; undefined if it would be too large. */
  readonly room: (length: number) => Room | undefined
  /** Computes a product. @throws Error if a thread has failed */
  readonly multiply: (room: Room, product: Prepared) => void
  /** Copies images within the room. @throws Error if a thread has failed */
  readonly spread: (room: Room, spreads: ReadonlyArray<Spread>) => void
}

let rooms = 0

/** Room in a new memory. Its size is a power of two, so that few rooms are replaced by larger ones: threads free memory late. */
const newRoom = (bytes: number): Room | undefined => {
  if (wasm === undefined) return undefined
  const initial = 2 ** Math.ceil(Math.log2(Math.ceil(bytes / PAGE)))
  const memory = new wasm.Memory({ initial, maximum: MOST_PAGES, shared: true })
  return { memory, id: rooms++, floats: new Float32Array(memory.buffer), ints: new Int32Array(memory.buffer) }
}

const newWork = (): TileWork => {
  let held: Room | undefined
  let loops = { products: tileProducts(), spreads: tileSpreads() }
  /** Callers of `share` that have not ended; the team of the latest is used. */
  const sharing: Array<{ readonly team: Team | undefined }> = []
  const run = <Data>(loop: Loop<Data>, data: Data, count: number, worth: boolean) => {
    const team = sharing.at(-1)?.team
    if (team !== undefined && worth) team.run(loop, data, count)
    else loop.rows(data)(0, count)
  }
  return {
    enabled: () => sharing.length > 0,
    share: (team) => {
      const own = { team }
      sharing.push(own)
      return () => {
        if (sharing.includes(own)) sharing.splice(sharing.indexOf(own), 1)
        if (sharing.length > 0) return
        held = undefined
        loops = { products: tileProducts(), spreads: tileSpreads() }
      }
    },
    room: (length) => {
      if (4 * length > MOST_BYTES) return undefined
      if (held === undefined || held.floats.length < length) held = newRoom(4 * length)
      return held
    },
    multiply: ({ id, memory }, product) => {
      const data = { ...product, id, memory }
      run(loops.products, data, units(data), products(data) >= WORTH_THREADS)
    },
    spread: ({ id, memory }, spreads) => {
      const values = spreads.reduce((sum, one) => sum + one.images * one.height * one.width * one.channels, 0)
      run(loops.spreads, { id, memory, spreads }, rowsOf(spreads), values >= WORTH_SPREADING)
    }
  }
}

const works = new WeakMap<Tf, TileWork>()

/** Whether this engine has WebAssembly with SIMD and threads. */
const supported = (): boolean => typeof SharedArrayBuffer !== "undefined" && wasm?.validate(tileModule(4)) === true

/** The products of tiles of a loaded library; undefined if this engine cannot compute them. */
export const tileWorkOf = (tf: Tf): TileWork | undefined => {
  const known = works.get(tf)
  if (known !== undefined || !supported()) return known
  const work = newWork()
  works.set(tf, work)
  return work
}
