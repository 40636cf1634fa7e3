/** Minimising a smooth convex function by L-BFGS, in double precision. Runs in worker threads. */

/** A function of a point that also writes its gradient. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number

/** The result of a minimisation. */
export interface Minimum {
  readonly x: Float64Array
  readonly iterations: number
  /** Whether every component of the gradient is small enough. */
  readonly converged: boolean
}

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 10

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
const largest = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
/** a + factor b. */
const plus = (a: Float64Array, b: Float64Array, factor: number): Float64Array =>
  a.map((value, i) => value + factor * b[i])

interface Pair {
  readonly step: Float64Array
  readonly change: Float64Array
  readonly product: number
}

/** The negative gradient times the approximate inverse Hessian (Nocedal and Wright, Numerical Optimization, algorithm 7.4). */
const directionOf = (gradient: Float64Array, pairs: ReadonlyArray<Pair>): Float64Array => {
  let q: Float64Array = gradient.map((value) => -value)
  const alphas: Array<number> = []
  for (const { change, product, step } of pairs.toReversed()) {
    const alpha = dot(step, q) / product
    alphas.push(alpha)
    q = plus(q, change, -alpha)
  }
  const last = pairs.at(-1)
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change)
    q = q.map((value) => value * scale)
  }
  for (const { change, product, step } of pairs) {
    q = plus(q, step, (alphas.pop() ?? 0) - dot(change, q) / product)
  }
  return q
}

interface Point {
  readonly x: Float64Array
  readonly value: number
  readonly gradient: Float64Array
}

const at = (objective: Objective, x: Float64Array): Point => {
  const gradient = new Float64Array(x.length)
  return { x, value: objective(x, gradient), gradient }
}

/** Halvings and doublings of a step. */
const TRIALS = 60

/**
 * A point along a direction that fulfils the weak Wolfe conditions, by bisection (Lewis and Overton, Mathematical Programming 2013).
 * Near the minimum, decreases are smaller than the rounding error of the function; such a rise is tolerated.
 */
const searched = (objective: Objective, from: Point, direction: Float64Array, first: number): Point | undefined => {
  const slope = dot(from.gradient, direction)
  if (!(slope < 0)) return undefined
  const noise = 1e-14 * Math.abs(from.value)
  let [low, high, step] = [0, Number.POSITIVE_INFINITY, first]
  for (let trial = 0; trial < TRIALS; trial++) {
    const point = at(objective, plus(from.x, direction, step))
    if (!(point.value <= from.value + 1e-4 * step * slope + noise)) high = step
    else if (dot(point.gradient, direction) < 0.9 * slope) low = step
    else return point
    step = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2
  }
  return undefined
}

/**
 * Minimises a function from a point.
 *
 * @param tolerance the search ends when no component of the gradient is larger
 *
 * @example
 * const bowl = (x: Float64Array, gradient: Float64Array) => {
 *   gradient[0] = 2 * (x[0] - 3)
 *   return (x[0] - 3) ** 2
 * }
 * minimise(bowl, Float64Array.of(0), { tolerance: 1e-9, most: 100 }).x // => Float64Array.of(3)
 */
export const minimise = (
  objective: Objective,
  start: Float64Array,
  { most, tolerance }: { readonly tolerance: number; readonly most: number }
): Minimum => {
  let point = at(objective, start)
  let pairs: ReadonlyArray<Pair> = []
  let iterations = 0
  while (largest(point.gradient) > tolerance && iterations < most) {
    const first = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(point.gradient, point.gradient))) : 1
    const next = searched(objective, point, directionOf(point.gradient, pairs), first)
    if (next === undefined) break
    const step = plus(next.x, point.x, -1)
    const change = plus(next.gradient, point.gradient, -1)
    const product = dot(step, change)
    if (product > 0) pairs = [...pairs, { step, change, product }].slice(-MEMORY)
    point = next
    iterations++
  }
  return { x: point.x, iterations, converged: largest(point.gradient) <= tolerance }
}
