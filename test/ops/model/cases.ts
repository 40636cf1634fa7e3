/** The recorded whole networks, and which of them tests run. */
import type { AttentionName } from "../../../src/ops/model/attentions.ts"
import type { OutputStride } from "../../../src/ops/model/backbones/backbone.ts"
import { type BackboneName, backboneNames } from "../../../src/ops/model/backbones.ts"
import type { Part } from "../../../src/ops/model/heads/parts.ts"
import { type Model, makeModel } from "../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../src/ops/model/params.ts"
import type { PoolingName } from "../../../src/ops/model/poolings.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { type RecordedMap, type RecordedRows, sizeOf } from "./recorded.ts"

export interface RecordedBranch {
  readonly embedding_first8: ReferenceArray
  readonly embedding_l2: ReadonlyArray<number>
  readonly logits_first8: ReferenceArray
}

export interface Case {
  readonly id: string
  readonly encoder: string
  readonly input: readonly [number, number, number, number]
  readonly output_stride: OutputStride
  readonly module: AttentionName
  readonly parts: ReadonlyArray<Part>
  readonly pooling: PoolingName
  readonly part_dim: number
  readonly num_classes: number
  readonly channels: number
  readonly G: number
  readonly stages: ReadonlyArray<RecordedMap | null>
  readonly after_module?: RecordedMap
  readonly embedding: RecordedRows
  readonly logits: ReferenceArray
  /** Where the head is part-based. */
  readonly local?: ReadonlyArray<RecordedBranch>
  readonly global: ReadonlyArray<RecordedBranch>
  readonly extract: {
    readonly length: number
    readonly norm: ReadonlyArray<number>
    readonly sum: ReadonlyArray<number>
    readonly norm_before_normalisation: ReadonlyArray<number>
    readonly first32: ReferenceArray
  }
  /** Of the first and the last embedding. */
  readonly image_difference: number | null
  /** Of the file. */
  readonly seed: number
  readonly input_phase: number
}

interface File {
  readonly seed: number
  readonly input_phase: number
  readonly cases: ReadonlyArray<Omit<Case, "seed" | "input_phase">>
}

const known = (name: string): name is BackboneName => (backboneNames as ReadonlyArray<string>).includes(name)

export const paramsOf = ({ encoder, channels, input, ...rest }: Case): ModelParams => {
  const { output_stride, module, parts, pooling, part_dim, num_classes } = rest
  if (!known(encoder)) throw new Error(`no backbone ${encoder}`)
  const options = { output_stride, module, parts, part_dim, compat: "original" } as const
  return { backbone: encoder, pooling, channels: input[1], num_classes, ...options }
}

export const modelOf = (one: Case): Model => makeModel(paramsOf(one))

const read = (name: string): ReadonlyArray<Case> => {
  const { seed, input_phase, cases } = reference<File>(name)
  return cases.map((one) => ({ ...one, seed, input_phase }) as Case)
}

/** Networks above this many weights take long; they are examples of their family alone. */
const LARGE = 60e6

/** What a case is an example of. */
const traits = ({ encoder, output_stride, module, parts, pooling, input, channels }: Case): ReadonlyArray<string> => {
  const family = encoder.replace(/\d+|-b\d/, "")
  const bottlenecks = sizeOf(input) > 0 && Number(encoder.replace(/\D/g, "")) >= 50
  const even = input[2] % 32 === 0 && input[3] % 32 === 0
  return [
    `${family} ${bottlenecks}`,
    `${family} stride ${output_stride}`,
    `${family} channels ${channels > 3}`,
    `${family} even ${even}`,
    `module ${module}`,
    `pooling ${pooling}`,
    `parts ${JSON.stringify(parts)}`
  ]
}

const weightsOf = (one: Case): number => modelOf(one).parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)

/** The cheapest cases that are examples of everything; all of them where `MODEL_CASES` is `all`. */
const chosen = (cases: ReadonlyArray<Case>): ReadonlyArray<Case> => {
  if (process.env.MODEL_CASES === "all") return cases
  const costs = new Map(cases.map((one) => [one, weightsOf(one)]))
  const seen = new Set<string>()
  return [...cases]
    .sort((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0))
    .filter((one) => {
      const all = traits(one)
      const fresh = ((costs.get(one) ?? 0) > LARGE ? all.slice(0, 1) : all).filter((trait) => !seen.has(trait))
      for (const trait of fresh) seen.add(trait)
      return fresh.length > 0
    })
}

export const cases = chosen(["model-backbones.json", "model-variants.json", "model-parts.json"].flatMap(read))
