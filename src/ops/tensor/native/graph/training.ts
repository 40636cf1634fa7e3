/**
 * Training by functions: one for the way from images to outputs, one back from the slopes of the loss to gradients. The loss runs
 * between them in JavaScript. Tensors that the way back needs stay on the device.
 *
 * Before the first batch of a shape, two passes run operation by operation and are recorded, with other images and slopes each.
 * Nothing of them is used but their operations: every number of the training comes from the functions, so that a training that
 * continues in another process has the same numbers.
 */
import { random } from "../../../../pipeline/random.ts"
import type { Passed, SlopesOf, Tools, Trainable, TrainingPasses } from "../../graphs.ts"
import type { Tensor } from "../../tfjs.ts"
import { agrees } from "./agreement.ts"
import { type Definition, definitionOf } from "./functions.ts"
import { type Graph, graphOf, NoGraph } from "./graph-def.ts"
import { type Recording, recorded, type TensorFacts } from "./recorder.ts"
import { repeated } from "./repeated.ts"
import { factsOf, fewNames, idOf, type Surroundings } from "./surroundings.ts"

/** A function and the places of its inputs among the tensors that it may read. */
interface Half {
  readonly definition: Definition
  readonly places: ReadonlyArray<number>
}

/** Both functions of a shape. */
interface Pair {
  /** Reads images and weights. Gives outputs, statistics, outputs for the way back. */
  readonly forward: Half
  /** Reads images, weights, slopes and what the way back needs. Gives the gradients that exist, and the check if there is one. */
  readonly backward: Half
  /** Images and weights to the outputs alone. */
  readonly outputsOnly: Half
  readonly outputs: number
  readonly statistics: ReadonlyArray<string>
  /** For each trained tensor, whether the loss depends on it. */
  readonly reached: ReadonlyArray<boolean>
}

/** A pass that was recorded: the numbers of its tensors, and its results to compare with. */
interface Rehearsal {
  readonly recording: Recording
  /** Number of operations before the loss. */
  readonly turn: number
  readonly images: Float32Array
  readonly slopes: ReadonlyArray<Float32Array | undefined>
  readonly given: ReadonlyArray<number>
  readonly facts: ReadonlyMap<number, TensorFacts>
  readonly ids: {
    readonly outputs: ReadonlyArray<number>
    readonly statistics: ReadonlyArray<number>
    readonly gradients: ReadonlyArray<number | undefined>
    readonly finite: number | undefined
  }
  readonly statistics: ReadonlyArray<string>
  readonly outputs: ReadonlyArray<Float32Array>
  /** Some values of each; none if the pass is not compared. */
  readonly gradients: ReadonlyArray<Float32Array>
}

/** Which pass is recorded. */
interface Take {
  readonly images: Float32Array
  readonly shape: ReadonlyArray<number>
  /** Key of the slopes. */
  readonly key: number
  /** Whether values of the gradients are read. */
  readonly compared: boolean
}

/** Gradients are compared by every seventh value, since all values take as much memory as the weights. */
const EACH = 7

const someOf = (values: Float32Array): Float32Array =>
  Float32Array.from({ length: Math.ceil(values.length / EACH) }, (_, i) => values[EACH * i])

const isDefined = <A>(value: A | undefined): value is A => value !== undefined

const half = (graph: Graph, among: ReadonlyArray<number>): Half => ({
  definition: definitionOf(graph),
  places: graph.inputs.map((id) => among.indexOf(id))
})

const isSame = (a: Half, b: Half): boolean =>
  a.definition.name === b.definition.name && a.places.join() === b.places.join()

/** Makes both functions of a recorded pass. @throws NoGraph if there are none */
const pairOf = ({ facts, given, ids, recording, slopes, statistics, turn }: Rehearsal): Pair => {
  const { constants, operations } = recording
  const [before, after] = [operations.slice(0, turn), operations.slice(turn)]
  const slopeIds = slopes.map((slope) =>
    slope === undefined ? -1 : ([...constants.values()].find(({ values }) => values === slope)?.id ?? -1)
  )
  const again = repeated(before, after)
  const made = new Map(
    before
      .filter((operation) => !again.includes(operation))
      .flatMap(({ outputs }) => outputs.map((one) => [one.id, one] as const))
  )
  const outside = new Map([...made, ...facts])
  for (const id of slopeIds) {
    const slope = constants.get(id)
    if (slope !== undefined) outside.set(id, slope)
  }
  const results = [...ids.gradients, ids.finite].filter(isDefined)
  const back = graphOf({ recording: { constants, operations: [...again, ...after] }, given: outside, outputs: results })
  const residuals = back.inputs.filter((id) => made.has(id))
  const forth = (outputs: ReadonlyArray<number>) =>
    half(graphOf({ recording: { constants, operations: before }, given: facts, outputs }), given)
  return {
    forward: forth([...ids.outputs, ...ids.statistics, ...residuals]),
    backward: half(back, [...given, ...slopeIds, ...residuals]),
    outputsOnly: forth(ids.outputs),
    outputs: ids.outputs.length,
    statistics,
    reached: ids.gradients.map(isDefined)
  }
}

/** Slopes for a recorded pass: any numbers of the usual size. */
const anySlopes = (length: number, key: number): Float32Array => {
  const draws = random(key, 0, 0, "graph")
  return Float32Array.from({ length }, () => draws.normal() / length)
}

/** @param passesOf passes operation by operation */
export const training = (
  { backend, functions, precision, refuse }: Surroundings,
  { dispose, keep, read, scope, tensor }: Tools,
  network: Trainable,
  passesOf: (network: Trainable) => TrainingPasses
): TrainingPasses => {
  const otherwise = passesOf(network)
  const shapes = fewNames<Pair | "none">(4)
  let first: number | undefined

  const rehearse = ({ compared, images, key, shape }: Take): Rehearsal => {
    let [turn, given, outputs]: [number, ReadonlyArray<number>, ReadonlyArray<number>] = [0, [], []]
    let facts: Rehearsal["facts"] = new Map()
    let values: ReadonlyArray<Float32Array> = []
    let slopes: Rehearsal["slopes"] = []
    const { recording, result } = recorded(backend, (count) => {
      const noted: Trainable = {
        ...network,
        run: (x, observe) => {
          const found = network.run(x, observe)
          const all = [x, ...network.weights()]
          given = all.map((one) => idOf(backend, one))
          facts = factsOf(backend, all)
          outputs = found.map((one) => idOf(backend, one))
          return found
        }
      }
      return passesOf(noted).gradients(images, shape, (found) => {
        turn = count()
        values = found
        slopes = found.map(({ length }, i) => (network.wanted(i) ? anySlopes(length, key + i) : undefined))
        return slopes
      })
    })
    const { finite, gradients, seen } = result
    try {
      const ids = {
        outputs,
        statistics: seen.map(([, one]) => idOf(backend, one)),
        gradients: gradients.map((one) => (one === undefined ? undefined : idOf(backend, one))),
        finite: finite === undefined ? undefined : idOf(backend, finite)
      }
      const known = compared ? gradients.filter(isDefined).map((one) => someOf(read(one))) : []
      const statistics = seen.map(([name]) => name)
      return { recording, turn, images, slopes, given, facts, ids, statistics, outputs: values, gradients: known }
    } finally {
      dispose([...[...gradients, finite].filter(isDefined), ...seen.map(([, one]) => one)])
    }
  }

  const call = ({ definition, places }: Half, among: ReadonlyArray<Tensor | undefined>): Array<Tensor> =>
    functions.run(
      definition,
      places.map((place) => among[place] as Tensor)
    )

  const pass = (pair: Pair, images: Float32Array, shape: ReadonlyArray<number>, slopesOf: SlopesOf): Passed => {
    const kept: Array<Tensor> = []
    const keeping = (one: Tensor): Tensor => {
      kept.push(keep(one))
      return one
    }
    try {
      return scope(() => {
        const given = [tensor(images, shape), ...network.weights()]
        const found = call(pair.forward, given)
        const outputs = found.slice(0, pair.outputs)
        const seen = pair.statistics.map((name, i) => [name, keeping(found[pair.outputs + i])] as const)
        const residuals = found.slice(pair.outputs + seen.length)
        const slopes = slopesOf(outputs.map(read)).map((one, i) =>
          one === undefined ? undefined : tensor(one, outputs[i].shape)
        )
        const results = call(pair.backward, [...given, ...slopes, ...residuals]).values()
        const next = (): Tensor => keeping(results.next().value as Tensor)
        return {
          gradients: pair.reached.map((reached) => (reached ? next() : undefined)),
          finite: network.checked ? next() : undefined,
          seen
        }
      })
    } catch (fault) {
      dispose(kept)
      throw fault
    }
  }

  const outputsOf = (pair: Pair, images: Float32Array, shape: ReadonlyArray<number>): ReadonlyArray<Float32Array> =>
    scope(() => call(pair.outputsOnly, [tensor(images, shape), ...network.weights()]).map(read))

  /** @throws NoGraph if the functions give other numbers than the recorded pass */
  const compare = (pair: Pair, rehearsal: Rehearsal, shape: ReadonlyArray<number>): void => {
    let outputs: ReadonlyArray<Float32Array> = []
    const { finite, gradients, seen } = pass(pair, rehearsal.images, shape, (found) => {
      outputs = found
      return rehearsal.slopes
    })
    const found = gradients.filter(isDefined)
    // One by one: together, the gradients take as much memory as the weights.
    const values = (function* () {
      for (const gradient of found) yield someOf(read(gradient))
    })()
    const right =
      agrees(precision, "outputs", outputs, rehearsal.outputs) &&
      agrees(precision, "gradients", values, rehearsal.gradients)
    dispose([...found, ...seen.map(([, one]) => one), ...(finite === undefined ? [] : [finite])])
    if (!right) throw new NoGraph("a graph gave other numbers")
  }

  const learn = (images: Float32Array, shape: ReadonlyArray<number>): Pair | "none" => {
    const one = rehearse({ images, shape, key: 1, compared: true })
    // The second pass has other values everywhere, so that no number that depends on them is taken for a constant.
    const others = images.map((value) => 0.5 - value)
    const two = rehearse({ images: others, shape, key: 1001, compared: false })
    try {
      const [pair, again] = [pairOf(one), pairOf(two)]
      if (!isSame(pair.forward, again.forward) || !isSame(pair.backward, again.backward))
        throw new NoGraph("two passes gave two graphs")
      compare(pair, one, shape)
      return pair
    } catch (cause) {
      if (!(cause instanceof NoGraph)) throw cause
      refuse(`training on ${shape.join("x")}: ${cause.message}`)
      return "none"
    }
  }

  /** The functions for a shape. Shorter batches than the first one are too rare for functions of their own. */
  const pairFor = (images: Float32Array, shape: ReadonlyArray<number>): Pair | "none" => {
    first ??= shape[0]
    if (shape[0] < first) return "none"
    const key = shape.join("x")
    const known = shapes.get(key) ?? learn(images, shape)
    shapes.set(key, known)
    return known
  }

  return {
    outputs: (images, shape) => {
      const pair = pairFor(images, shape)
      return pair === "none" ? otherwise.outputs(images, shape) : outputsOf(pair, images, shape)
    },
    gradients: (images, shape, slopesOf) => {
      const pair = pairFor(images, shape)
      return pair === "none" ? otherwise.gradients(images, shape, slopesOf) : pass(pair, images, shape, slopesOf)
    }
  }
}
