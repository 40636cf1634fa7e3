/** The list of poolings. A pooling reduces features [n, h, w, c] to one value per channel, [n, c]. */
import { generalisedMean, reshape, spatialMax } from "../tensor/elementwise.ts"
import { byName, namesOf } from "./definitions.ts"
import { filled, fixed, type Layer } from "./layers/layer.ts"

/** Lower bound of values before they are raised to a power. */
const FLOOR = 1e-6

const rows = (channels: number) => [-1, channels]
const channelsOf = (shape: ReadonlyArray<number>): number => shape[shape.length - 1] ?? 1

const average: Layer = fixed(({ engine }, x) => engine.globalAveragePool(x))

const maximum: Layer = fixed((_, x) => reshape(spatialMax(x), rows(channelsOf(x.shape))))

/**
 * Generalised mean (Radenovic et al. 2018) with a trained exponent that starts at 3.
 *
 * @param name name of the exponent, an array [1]
 */
export const gem = (name: string): Layer => ({
  parameters: [{ name, shape: [1], role: "weight", init: filled(1, 3) }],
  apply: ({ get }, x) => reshape(generalisedMean(x, get(name), FLOOR), rows(channelsOf(x.shape)))
})

/** Definition of a pooling. */
interface Pooling<Name extends string> {
  /** Its name in configurations. */
  readonly name: Name
  readonly layer: Layer
}

const pooling = <Name extends string>(name: Name, layer: Layer): Pooling<Name> => ({ name, layer })

const list = [pooling("avg", average), pooling("max", maximum), pooling("gem", gem("head.pool.pool.p"))] as const

/** Definitions of the poolings by name. */
export const poolings = byName(list)

export type PoolingName = (typeof list)[number]["name"]

export const poolingNames = namesOf(list)
