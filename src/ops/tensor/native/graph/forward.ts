/**
 * Extraction by functions. The first two batches of a shape run operation by operation and are recorded. The third runs both
 * ways. Later ones run as a function only, so that short extractions do not pay for a graph.
 *
 * The weights do not change meanwhile. What follows from them alone is computed by a function of its own, once.
 */
import type { Applied, Forward, Tools } from "../../graphs.ts"
import type { Tensor } from "../../tfjs.ts"
import { agrees } from "./agreement.ts"
import { type Definition, definitionOf } from "./functions.ts"
import { graphOf, NoGraph } from "./graph-def.ts"
import { preparedOf } from "./prepared.ts"
import { recorded, type TensorFacts } from "./recorder.ts"
import { factsOf, fewNames, idOf, type Surroundings } from "./surroundings.ts"

/** A function and the places of its inputs among the tensors that it may read. */
interface Part {
  readonly definition: Definition
  readonly places: ReadonlyArray<number>
}

/** Both functions of a shape. */
interface Made {
  /** Reads weights. */
  readonly prepare: Part
  /** Reads images, weights and what `prepare` gives. */
  readonly apply: Part
}

/** What is known of a shape: its functions once it is recorded, and how often they were confirmed; or that it has none. */
type Known = "none" | { readonly made: Made; readonly confirmed: 0 | 1 | 2 }

/** Sets of prepared tensors that are kept; each takes about as much memory as the weights. */
const MOST_PREPARED = 2

const keyOf = ({ definition, places }: Part): string => `${definition.name} ${places}`

/** The name of the shape of images. */
const shapeOf = ({ shape }: Tensor): string => shape.join("x")

const isSame = (a: Made, b: Made): boolean => keyOf(a.prepare) === keyOf(b.prepare) && keyOf(a.apply) === keyOf(b.apply)

const record = ({ backend }: Surroundings, { run, weights }: Forward, images: Tensor) => {
  const { recording: whole, result } = recorded(backend, () => run(images))
  const make = (): Made => {
    const outputs = result.map((tensor) => idOf(backend, tensor))
    const fixed = factsOf(backend, weights())
    const ends = { images: idOf(backend, images), weights: fixed, outputs }
    const { prepared, recording } = preparedOf(whole, ends)
    const part = (given: ReadonlyArray<readonly [number, TensorFacts]>, wanted: ReadonlyArray<number>): Part => {
      const definition = definitionOf(graphOf({ recording, given: new Map(given), outputs: wanted }))
      const ids = given.map(([id]) => id)
      return { definition, places: definition.inputs.map((id) => ids.indexOf(id)) }
    }
    const made = prepared.map((facts) => [facts.id, facts] as const)
    return {
      prepare: part([...fixed], [...made.map(([id]) => id)]),
      apply: part([...factsOf(backend, [images]), ...fixed, ...made], outputs)
    }
  }
  return { outputs: result, make }
}

/** Returns a way to apply a network to images; see above. */
export const forward = (around: Surroundings, { dispose, keep, read, scope }: Tools, network: Forward): Applied => {
  const shapes = fewNames<Known>(8)
  const ready = fewNames<ReadonlyArray<Tensor>>(MOST_PREPARED, dispose)

  const refused = (shape: string, why: string): Known => {
    around.refuse(`images of ${shape}: ${why}`)
    return "none"
  }
  const learn = (shape: string, before: Made | undefined, images: Tensor): ReadonlyArray<Tensor> => {
    const { make, outputs } = record(around, network, images)
    const known = (): Known => {
      const made = make()
      if (before === undefined) return { made, confirmed: 0 }
      return isSame(before, made) ? { made, confirmed: 1 } : refused(shape, "two batches gave two graphs")
    }
    try {
      shapes.set(shape, known())
    } catch (cause) {
      if (!(cause instanceof NoGraph)) throw cause
      shapes.set(shape, refused(shape, cause.message))
    }
    return outputs
  }
  const inputsOf = ({ places }: Part, among: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
    places.map((place) => among[place])
  const call = (part: Part, among: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
    around.functions.run(part.definition, inputsOf(part, among))
  const prepared = (part: Part, weights: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => {
    const key = keyOf(part)
    const known = ready.get(key)
    if (known !== undefined || part.definition.outputs === 0) return known ?? []
    const made = call(part, weights).map(keep)
    ready.set(key, made)
    return made
  }
  /** All tensors that the function of a shape may read. */
  const readBy = ({ prepare }: Made, images: Tensor): ReadonlyArray<Tensor> => {
    const weights = network.weights()
    return [images, ...weights, ...prepared(prepare, weights)]
  }
  const called = (made: Made, images: Tensor): ReadonlyArray<Tensor> => call(made.apply, readBy(made, images))
  const compare = (shape: string, made: Made, images: Tensor): ReadonlyArray<Tensor> => {
    const expected = network.run(images)
    const outputs = called(made, images)
    const right = agrees(around.precision, "outputs", outputs.map(read), expected.map(read))
    shapes.set(shape, right ? { made, confirmed: 2 } : refused(shape, "a graph gave other numbers"))
    return right ? outputs : expected
  }
  return {
    start: (images) => {
      const known = shapes.get(shapeOf(images))
      if (around.together === 1 || known === undefined || known === "none" || known.confirmed < 2) return undefined
      const { made } = known
      const { start, tensors } = around.functions
      // A scope, since another engine may have become the current one meanwhile.
      return start?.(made.apply.definition, inputsOf(made.apply, readBy(made, images))).then((found) =>
        scope(() => tensors(found).map(keep))
      )
    },
    run: (images) => {
      const shape = shapeOf(images)
      const known = shapes.get(shape)
      if (known === "none") return network.run(images)
      if (known === undefined || known.confirmed === 0) return learn(shape, known?.made, images)
      return known.confirmed === 1 ? compare(shape, known.made, images) : called(known.made, images)
    },
    dispose: () => ready.clear()
  }
}
