/** Parameters of a network in an ONNX file, as `embed` and `predict` take them and as the file's own metadata may give them. */
import { resolve } from "node:path"
import { Result, Schema } from "effect"
import { check } from "../../pipeline/check.ts"
import { choice, Finite, listOf, Name, NonNegativeInt, type Plain, Positive } from "../../pipeline/param.ts"
import { describeOnnx, type OnnxDescription } from "../formats/onnx/describe.ts"
import { LAYOUTS, type Layout } from "./layout.ts"
import { OnnxError } from "./onnx-error.ts"
import { POOLINGS, type Pooling } from "./pool.ts"
import { PROVIDERS, type Provider } from "./runtime.ts"

const Range: Plain<readonly [number, number]> = Schema.Tuple([Finite, Finite]).check(
  Schema.makeFilter(([low, high]: readonly [number, number]) => low < high || "empty", {
    expected: "two numbers, the smaller one first"
  })
)

/** Facts that a file may give about itself, in its metadata under the name `orbitrank`. */
const fields = {
  output: Schema.optionalKey(Name),
  pooling: Schema.optionalKey(choice(...POOLINGS)),
  prefix_tokens: Schema.optionalKey(NonNegativeInt),
  layout: Schema.optionalKey(choice(...LAYOUTS)),
  bands: Schema.optionalKey(listOf(Name)),
  classes: Schema.optionalKey(listOf(Name)),
  range: Schema.optionalKey(Range),
  mean: Schema.optionalKey(Schema.Union([Finite, listOf(Finite)])),
  std: Schema.optionalKey(Schema.Union([Positive, listOf(Positive)]))
} as const

const Facts = Schema.Struct(fields)

/** What a network needs to know beyond its file; all may be absent. */
export interface OnnxFacts {
  /** Name of the output that is used. */
  readonly output?: string
  /** How the output becomes one vector per image. */
  readonly pooling?: Pooling
  /** Number of leading tokens, such as CLS and registers, that the pooling `mean` leaves out. */
  readonly prefix_tokens?: number
  readonly layout?: Layout
  /** Names of its channels, in order. */
  readonly bands?: ReadonlyArray<string>
  /** Names of the classes that its output predicts, in order. */
  readonly classes?: ReadonlyArray<string>
  /** Values of the images that become 0 and 1; for networks that take uint8, 0 and 255. */
  readonly range?: readonly [number, number]
  /** Subtracted from each channel after `range`, and the number it is then divided by. */
  readonly mean?: number | ReadonlyArray<number>
  readonly std?: number | ReadonlyArray<number>
}

/** A network in an ONNX file, as a pipeline's parameter `onnx` describes it. */
export type OnnxParams = string | (OnnxFacts & { readonly file: string; readonly provider?: Provider })

export const OnnxParams: Plain<OnnxParams> = Schema.Union([
  Name,
  Schema.Struct({ file: Name, provider: Schema.optionalKey(choice(...PROVIDERS)), ...fields })
]).annotate({
  expected:
    "a .onnx file, or a mapping of file and, if wanted, output, pooling, prefix_tokens, layout, bands, classes, range, mean, std, provider"
})

/** Absolute path of the file. */
export const onnxFile = (params: OnnxParams): string => resolve(typeof params === "string" ? params : params.file)

const ownFacts = ({ file, metadata: { orbitrank: text } }: OnnxDescription): OnnxFacts => {
  if (text === undefined) return {}
  const refuse = (problem: string): never => {
    throw new OnnxError({
      subject: file,
      problem: `its metadata \`orbitrank\` ${problem}`,
      remedy: "Write it again with `onnx.helper.set_model_props`; docs/embeddings.md lists its keys"
    })
  }
  let facts: unknown
  try {
    facts = JSON.parse(text)
  } catch {
    return refuse("is not JSON")
  }
  const checked = check(Facts, facts)
  if (Result.isSuccess(checked)) return checked.success
  const [{ path, problem }] = checked.failure
  return refuse(`has a fault: ${[...path, problem].join(": ")}`)
}

/** A described file, and the facts about it: the parameters, and for the rest the file's own metadata. */
export interface KnownNetwork {
  readonly description: OnnxDescription
  readonly facts: OnnxFacts
  readonly provider: Provider
}

/**
 * Reads what a file says of its network, and adds the parameters.
 *
 * @throws DataError if it is not an ONNX file
 * @throws OnnxError if its metadata are wrong
 */
export const knownNetwork = (params: OnnxParams): KnownNetwork => {
  const description = describeOnnx(onnxFile(params))
  const { file: _, provider = "cpu", ...given } = typeof params === "string" ? { file: params } : params
  return { description, facts: { ...ownFacts(description), ...given }, provider }
}
