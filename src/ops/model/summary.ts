/** What a network makes of an image: the size after each stage, and how many numbers it is made of. */
import type { Engine } from "../tensor/engine.ts"
import type { Parameter, Pass } from "./layers/layer.ts"
import type { Model } from "./model.ts"
import { engineShape } from "./weights/layout.ts"

export interface StageSummary {
  /** What its parameters' names begin with. */
  readonly name: string
  /** Height, width, channels. */
  readonly output: ReadonlyArray<number>
  readonly parameters: number
}

export interface Summary {
  readonly stages: ReadonlyArray<StageSummary>
  /** Of the head, the exponent of GeM pooling included. */
  readonly head: number
  /** Length of an embedding. */
  readonly dim: number
  readonly trained: number
  /** Running averages of batch norms. */
  readonly statistics: number
  /** Why images of this size cannot be embedded, as a clause. */
  readonly problem: string | undefined
}

const size = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)
const total = (parameters: ReadonlyArray<Parameter>): number =>
  parameters.reduce((sum, { shape }) => sum + size(shape), 0)

/** `encoder.encoder_block1` of `encoder.encoder_block1.0.conv1.weight`. */
const nameOf = (parameters: ReadonlyArray<Parameter>, i: number): string =>
  parameters[0]?.name.split(".").slice(0, 2).join(".") ?? `stage ${i}`

/** Parameters of zeros, made when they are asked for. */
const zeros = (engine: Engine, parameters: ReadonlyArray<Parameter>): Pass => {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, engineShape(shape)]))
  const get = (name: string) => {
    const shape = shapes.get(name) ?? []
    return engine.tensor(new Float32Array(size(shape)), shape)
  }
  return { engine, get, observe: undefined }
}

/**
 * Sizes are found by applying the network to no images at all, which takes no time; the head is applied to one map of zeros.
 *
 * @param engine plain JavaScript will do
 */
export const summarise = (engine: Engine, model: Model, height: number, width: number): Summary => {
  const pass = zeros(engine, model.parameters)
  const stages: Array<StageSummary> = []
  let problem: string | undefined
  let map: ReadonlyArray<number> = [height, width, Number(model.params.channels)]
  try {
    model.stages.forEach((stage, i) => {
      const images = [0, ...map]
      const made = engine.scope(() => stage.apply(pass, engine.tensor(new Float32Array(0), images)).shape.slice(1))
      map = made
      stages.push({ name: nameOf(stage.parameters, i), output: made, parameters: total(stage.parameters) })
    })
    engine.scope(() => model.head.embed(pass, engine.tensor(new Float32Array(size(map)), [1, ...map])).shape)
  } catch (fault) {
    problem = fault instanceof Error ? fault.message : String(fault)
  }
  const of = (role: Parameter["role"]) => total(model.parameters.filter((parameter) => parameter.role === role))
  return {
    stages,
    head: total(model.head.parameters),
    dim: model.dim,
    trained: of("weight"),
    statistics: of("statistic"),
    problem
  }
}
