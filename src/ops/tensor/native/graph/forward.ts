/**
 * Extraction by functions. The first two batches of a shape run operation by operation and are recorded. The third runs both
 * ways. Later ones run as a function only, so that short extractions do not pay for a graph.
 */
import type { Forward, Tools } from "../../graphs.ts"
import type { Tensor } from "../../tfjs.ts"
import { agrees } from "./agreement.ts"
import { type Definition, definitionOf } from "./functions.ts"
import { graphOf, NoGraph } from "./graph-def.ts"
import { recorded } from "./recorder.ts"
import { factsOf, fewShapes, idOf, type Surroundings } from "./surroundings.ts"

/** A function and the places of its inputs among the images (0) and the weights (from 1). */
interface Made {
  readonly definition: Definition
  readonly places: ReadonlyArray<number>
}

/** What is known of a shape: its function once it is recorded, and how often that was confirmed; or that it has none. */
type Known = "none" | { readonly made: Made; readonly confirmed: 0 | 1 | 2 }

const isSame = (a: Made, b: Made): boolean =>
  a.definition.name === b.definition.name && a.places.join() === b.places.join()

const record = ({ backend }: Surroundings, { run, weights }: Forward, images: Tensor) => {
  const { recording, result } = recorded(backend, () => run(images))
  const make = (): Made => {
    const all = [images, ...weights()]
    const ids = all.map((tensor) => idOf(backend, tensor))
    const outputs = result.map((tensor) => idOf(backend, tensor))
    const definition = definitionOf(graphOf({ recording, given: factsOf(backend, all), outputs }))
    return { definition, places: definition.inputs.map((id) => ids.indexOf(id)) }
  }
  return { outputs: result, make }
}

/** Returns the outputs of a network for some images; see above. */
export const forward = (
  around: Surroundings,
  { read }: Tools,
  network: Forward
): ((images: Tensor) => ReadonlyArray<Tensor>) => {
  const shapes = fewShapes<Known>()

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
  const called = ({ definition, places }: Made, images: Tensor): ReadonlyArray<Tensor> => {
    const all = [images, ...network.weights()]
    return around.functions.run(
      definition,
      places.map((place) => all[place])
    )
  }
  const compare = (shape: string, made: Made, images: Tensor): ReadonlyArray<Tensor> => {
    const expected = network.run(images)
    const outputs = called(made, images)
    const right = agrees(around.precision, "outputs", outputs.map(read), expected.map(read))
    shapes.set(shape, right ? { made, confirmed: 2 } : refused(shape, "a graph gave other numbers"))
    return right ? outputs : expected
  }
  return (images) => {
    const shape = images.shape.join("x")
    const known = shapes.get(shape)
    if (known === "none") return network.run(images)
    if (known === undefined || known.confirmed === 0) return learn(shape, known?.made, images)
    return known.confirmed === 1 ? compare(shape, known.made, images) : called(known.made, images)
  }
}
