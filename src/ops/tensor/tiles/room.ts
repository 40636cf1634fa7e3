/** Products of tiles and other loops on the memory of the WebAssembly engine, which threads share. */

import { wasm } from "../../wasm.ts"
import type { Loop, Team } from "../../workers/loops.ts"
import type { AdamOptions, AdamValues } from "../adam.ts"
import { EngineMemoryError } from "../engine-error.ts"
import type { Memory } from "../memory.ts"
import type { Pooled, PoolShape } from "../pool-gradient.ts"
import type { Info } from "../tfjs.ts"
import { adamUnits, adamUpdates } from "./adam.ts"
import { tileModule } from "./assemble.ts"
import { type ChannelScaling, channelScaling } from "./channel-scaling.ts"
import { type ChannelSums, channelSums, sumUnits } from "./channel-sums.ts"
import type { Shared } from "./instances.ts"
import { type Multiplied, products, tileProducts, units } from "./multiply.ts"
import { poolGradients } from "./pool.ts"
import { rowsOf, type Spread, tileSpreads } from "./spread.ts"

/** Largest room, in bytes: larger products are left to the library. */
const MOST_BYTES = 2 ** 30

/** Multiplications from which threads save more time than they cost. */
const WORTH_THREADS = 2 ** 21

/** Number of values from which threads save more time than they cost, if they are copied, added or scaled. */
const WORTH_PASSING = 2 ** 17

/** Number of weights from which threads save more time than they cost. */
const WORTH_UPDATING = 2 ** 15

/** Room for the preparations of one product. */
export interface Room {
  /** Address of its first value. */
  readonly at: number
  /** Its values as numbers of either kind. */
  readonly floats: Float32Array
  readonly ints: Int32Array
}

/** Data of a loop without the memory. */
export type Own<Data extends Shared> = Omit<Data, keyof Shared>

/** How loops over the memory are computed in this process. Engines on one backend share it. */
export interface TileWork {
  /** Whether convolutions are computed by products of tiles. */
  readonly enabled: () => boolean
  /**
   * Enables products of tiles, and shares them with a team. Returns a function that restores the state before the call.
   */
  readonly share: (team: Team | undefined) => () => void
  /**
   * Gives room for `length` values of 32 bits, with any content, while `use` runs; undefined if there is not enough room for
   * them or for what `use` makes.
   */
  readonly within: <A>(length: number, use: (room: Room) => A) => A | undefined
  /** Computes a product. @throws Error if a thread has failed */
  readonly multiply: (product: Own<Multiplied>) => void
  /** Copies images within the memory. @throws Error if a thread has failed */
  readonly spread: (spreads: ReadonlyArray<Spread>) => void
  /** Adds up channels. @throws Error if a thread has failed */
  readonly sum: (sums: Own<ChannelSums>) => void
  /** Scales channels. @throws Error if a thread has failed */
  readonly scale: (scaling: Own<ChannelScaling>) => void
  /** Updates values by Adam. @throws Error if a thread has failed */
  readonly adam: (values: AdamValues, options: AdamOptions) => void
  /** Writes the gradient of max-pooling for some images. @throws Error if a thread has failed */
  readonly maxPoolGradient: (pooled: Pooled, shape: PoolShape, images: number) => void
}

/** Address of a tensor's first value. */
export const addressOf = (memory: Memory, info: Info): number => memory.values(info).byteOffset

const addressesOf = <Name extends string>(
  values: Readonly<Record<Name, Float32Array>>
): Readonly<Record<Name, number>> =>
  Object.fromEntries(
    Object.entries<Float32Array>(values).map(([name, { byteOffset }]) => [name, byteOffset])
  ) as Record<Name, number>

const newWork = (memory: Memory, shared: Shared): TileWork => {
  const loops = {
    ...{ products: tileProducts(), spreads: tileSpreads() },
    ...{ sums: channelSums(), scaling: channelScaling(), updates: adamUpdates(), pools: poolGradients() }
  }
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
      }
    },
    within: (length, use) => {
      if (4 * length > MOST_BYTES) return undefined
      let held: Info | undefined
      try {
        held = memory.make([length])
        const floats = memory.values(held)
        const { buffer, byteOffset: at } = floats
        return use({ at, floats, ints: new Int32Array(buffer, at, length) })
      } catch (cause) {
        // The library's kernels need less room, or report the same.
        if (cause instanceof EngineMemoryError) return undefined
        throw cause
      } finally {
        if (held !== undefined) memory.free(held)
      }
    },
    multiply: (product) => {
      const data = { ...product, ...shared }
      run(loops.products, data, units(data), products(data) >= WORTH_THREADS)
    },
    spread: (spreads) => {
      const values = spreads.reduce((sum, one) => sum + one.images * one.height * one.width * one.channels, 0)
      run(loops.spreads, { ...shared, spreads }, rowsOf(spreads), values >= WORTH_PASSING)
    },
    sum: (sums) => {
      const worth = sums.count * sums.channels >= WORTH_PASSING
      run(loops.sums, { ...sums, ...shared }, sumUnits(sums), worth)
    },
    scale: (scaling) => {
      const worth = scaling.count * scaling.channels >= WORTH_PASSING
      run(loops.scaling, { ...scaling, ...shared }, scaling.count, worth)
    },
    adam: (values, options) => {
      const data = { ...shared, addresses: addressesOf(values), length: values.weight.length, options }
      run(loops.updates, data, adamUnits(data), data.length >= WORTH_UPDATING)
    },
    maxPoolGradient: (pooled, shape, images) => {
      const data = { ...shared, addresses: addressesOf(pooled), shape, images }
      run(loops.pools, data, images, pooled.x.length >= WORTH_PASSING)
    }
  }
}

const works = new WeakMap<object, TileWork>()
let heaps = 0

/** Whether this engine has WebAssembly with SIMD and threads. */
const supported = (): boolean => typeof SharedArrayBuffer !== "undefined" && wasm?.validate(tileModule(4)) === true

/** The loops over the memory of an engine; undefined if threads cannot share it. */
export const tileWorkOf = (memory: Memory): TileWork | undefined => {
  const { heap } = memory
  if (heap === undefined || !supported() || !(heap.buffer instanceof SharedArrayBuffer)) return undefined
  const known = works.get(heap)
  if (known !== undefined) return known
  const work = newWork(memory, { memory: heap, id: heaps++ })
  works.set(heap, work)
  return work
}
