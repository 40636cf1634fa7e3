/** Size of an image after each stage of a network, and number of parameters. */
import type { Engine } from "../tensor/engine.ts"
import { type Part, piecesOf } from "./heads/parts.ts"
import type { Parameter, Pass } from "./layers/layer.ts"
import type { Model } from "./model.ts"
import { engineShape } from "./weights/layout.ts"

export interface StageSummary {
  /** Common beginning of the names of its parameters. */
  readonly name: string
  /** Height, width, channels. */
  readonly output: ReadonlyArray<number>
  readonly parameters: number
}

export interface Summary {
  readonly stages: ReadonlyArray<StageSummary>
  /** Parameters of the head, including the exponent of GeM pooling. */
  readonly head: number
  /** Length of an embedding of an image of this size. */
  readonly dim: number
  /** Splits of a part-based head that give fewer pieces than they ask for, because the feature map is too small. */
  readonly fewer: ReadonlyArray<{ readonly split: Part; readonly pieces: Part }>
  readonly trained: number
  /** Number of running statistics of batch norms. */
  readonly statistics: number
  /** Why images of this size cannot be embedded, as a clause; `undefined` if they can. */
  readonly problem: string | undefined
}

const size = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)
const total = (parameters: ReadonlyArray<Parameter>): number =>
  parameters.reduce((sum, { shape }) => sum + size(shape), 0)

/** Name of a stage: `encoder.encoder_block1` if its first parameter is `encoder.encoder_block1.0.conv1.weight`. */
const nameOf = (parameters: ReadonlyArray<Parameter>, i: number): string =>
  parameters[0]?.name.split(".").slice(0, 2).join(".") ?? `stage ${i}`

/** A pass whose parameters are zeros, created on demand. */
const zeros = (engine: Engine, parameters: ReadonlyArray<Parameter>): Pass => {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, engineShape(shape)]))
  const get = (name: string) => {
    const shape = shapes.get(name) ?? []
    return engine.tensor(new Float32Array(size(shape)), shape)
  }
  return { engine, get, observe: undefined }
}

const fewerPieces = ({ params }: Model, [height, width, channels]: ReadonlyArray<number>): Summary["fewer"] =>
  (JSON.parse(params.parts) as ReadonlyArray<Part>)
    .map((split) => ({ split, pieces: piecesOf(split, channels, height, width) }))
    .filter(({ split, pieces }) => size(pieces) < size(split))

/**
 * Summary of a network for images of one size.
 *
 * Stages are applied to an empty batch, which costs no time and still gives sizes; the head is applied to one map of zeros.
 *
 * @param engine any engine; plain JavaScript is fast enough
 */
export const summarise = (engine: Engine, model: Model, height: number, width: number): Summary => {
  const pass = zeros(engine, model.parameters)
  const stages: Array<StageSummary> = []
  let problem: string | undefined
  let dim = model.dim
  let map: ReadonlyArray<number> = [height, width, Number(model.params.channels)]
  try {
    model.stages.forEach((stage, i) => {
      const images = [0, ...map]
      const made = engine.scope(() => stage.apply(pass, engine.tensor(new Float32Array(0), images)).shape.slice(1))
      map = made
      stages.push({ name: nameOf(stage.parameters, i), output: made, parameters: total(stage.parameters) })
    })
    const embedding = () => model.head.embed(pass, engine.tensor(new Float32Array(size(map)), [1, ...map]))
    dim = engine.scope(() => size(embedding().shape))
  } catch (fault) {
    problem = fault instanceof Error ? fault.message : String(fault)
  }
  const of = (role: Parameter["role"]) => total(model.parameters.filter((parameter) => parameter.role === role))
  return {
    stages,
    head: total(model.head.parameters),
    dim,
    fewer: problem === undefined ? fewerPieces(model, map) : [],
    trained: of("weight"),
    statistics: of("statistic"),
    problem
  }
}
