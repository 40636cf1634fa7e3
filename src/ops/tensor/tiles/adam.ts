/** Updates by Adam, a loop that threads share. Threads run it, so it does not import Effect. */
import type { Loop } from "../../workers/loops.ts"
import { type AdamOptions, type AdamValues, adamRange } from "../adam.ts"
import type { Shared } from "./instances.ts"

/** Addresses of the values of `AdamValues`, and their number. */
export interface AdamUpdate extends Shared {
  readonly addresses: Readonly<Record<keyof AdamValues, number>>
  readonly length: number
  readonly options: AdamOptions
}

/** Values of one unit of work. */
const UNIT = 4096

/** Units of work. */
export const adamUnits = ({ length }: Pick<AdamUpdate, "length">): number => Math.ceil(length / UNIT)

/** The updates of one thread. */
export const adamUpdates = (): Loop<AdamUpdate> => ({
  name: "updates by Adam",
  rows: ({ addresses, length, memory, options }) => {
    const values = Object.fromEntries(
      Object.entries(addresses).map(([name, address]) => [name, new Float32Array(memory.buffer, address, length)])
    ) as unknown as AdamValues
    return (from, to) => adamRange(values, options, UNIT * from, Math.min(length, UNIT * to))
  }
})
