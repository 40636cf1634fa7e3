/** The centre of a GeoJSON geometry. */

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** All pairs of numbers in nested lists of coordinates. */
function* pairs(value: unknown): Generator<readonly [number, number]> {
  if (!Array.isArray(value)) return
  const [x, y] = value
  if (typeof x === "number" && typeof y === "number") yield [x, y]
  else for (const inner of value) yield* pairs(inner)
}

/**
 * Centre of the smallest rectangle around a geometry, as its first two coordinates; `undefined` for what is no geometry.
 *
 * @example
 * centreOf({ type: "Point", coordinates: [13.4, 52.5] }) // => [13.4, 52.5]
 * centreOf({ type: "Polygon", coordinates: [[[0, 0], [4, 0], [4, 2], [0, 0]]] }) // => [2, 1]
 * centreOf("POINT (1 2)") // => undefined
 */
export const centreOf = (geometry: unknown): readonly [number, number] | undefined => {
  if (!isRecord(geometry)) return undefined
  const found = [...pairs(geometry.coordinates)]
  if (found.length === 0) return undefined
  const middle = (axis: 0 | 1) => {
    const values = found.map((pair) => pair[axis])
    const [low, high] = values.reduce(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    )
    return (low + high) / 2
  }
  return [middle(0), middle(1)]
}
