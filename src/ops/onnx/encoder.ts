/** Fits a network in an ONNX file to images, before anything runs. */
import { conjoined, counted, few, suggestion } from "../../pipeline/words.ts"
import type { OnnxAxis, OnnxValue } from "../formats/onnx/describe.ts"
import { type FeedOptions, INPUT_TYPES, type InputType } from "./feed.ts"
import { type Axes, axesOf } from "./layout.ts"
import { OnnxError } from "./onnx-error.ts"
import type { KnownNetwork, OnnxFacts } from "./params.ts"
import { type PoolOptions, poolingProblem } from "./pool.ts"
import type { Provider } from "./runtime.ts"

/** Everything that a thread needs to encode images; plain data. */
export interface Encoder {
  readonly file: string
  readonly provider: Provider
  readonly input: string
  readonly output: string
  /** Number of images of one run if the file fixes it. */
  readonly batch: number | undefined
  readonly feed: FeedOptions
  readonly pool: PoolOptions
}

/** Images as far as they are known. */
export interface Shown {
  readonly bands?: ReadonlyArray<string> | undefined
  readonly channels?: number | undefined
  readonly height?: number | undefined
  readonly width?: number | undefined
}

const axisText = (axis: OnnxAxis): string => (axis === undefined ? "?" : String(axis))
/** An input or output in words: `x float32 [n, 3, 224, 224]`. */
export const valueText = ({ name, shape, type }: OnnxValue): string =>
  `${name} ${type} [${shape?.map(axisText).join(", ") ?? "..."}]`

type Refuse = (problem: string, remedy: string) => never

const inputOf = ({ description }: KnownNetwork, refuse: Refuse): OnnxValue & { readonly type: InputType } => {
  const { inputs } = description
  if (inputs.length !== 1) {
    return refuse(
      `takes ${inputs.length} inputs (${inputs.map(valueText).join("; ")}), not images alone`,
      "Export it with the others fixed, in a module that takes images alone"
    )
  }
  const [input] = inputs
  const type = INPUT_TYPES.find((one) => one === input.type)
  if (type !== undefined) return { ...input, type }
  return refuse(`takes ${valueText(input)}`, `Export it with an input of ${conjoined(INPUT_TYPES)}`)
}

const outputOf = ({ description, facts }: KnownNetwork, refuse: Refuse): OnnxValue => {
  const { outputs } = description
  const names = outputs.map(({ name }) => name)
  if (facts.output === undefined) {
    if (outputs.length === 1) return outputs[0]
    return refuse(
      `has ${outputs.length} outputs (${outputs.map(valueText).join("; ")})`,
      "Name the one that describes the image in `output`"
    )
  }
  const chosen = outputs.find(({ name }) => name === facts.output)
  if (chosen !== undefined) return chosen
  const near = suggestion(facts.output, names).replace(/\?$/, "")
  return refuse(`has no output ${facts.output}${near}`, `Name one of ${few(names, 9)} in \`output\``)
}

/** One number for each channel. */
const perChannel = (
  key: "mean" | "std",
  value: number | ReadonlyArray<number> | undefined,
  fallback: number,
  count: number,
  refuse: Refuse
): ReadonlyArray<number> => {
  if (value === undefined || typeof value === "number") return new Array<number>(count).fill(value ?? fallback)
  if (value.length === count) return value
  return refuse(
    `\`${key}\` has ${counted(value.length, "number")}, but the network takes ${counted(count, "channel")}`,
    "Give one number, or one for each channel"
  )
}

/** Factor and shift of each channel: `range` to 0 and 1 (255 for uint8), then minus `mean`, divided by `std`. */
const scaling = ({ mean, range, std }: OnnxFacts, type: InputType, count: number, refuse: Refuse) => {
  const [low, high] = range ?? [0, 1]
  const factor = (range !== undefined && type === "uint8" ? 255 : 1) / (high - low)
  const means = perChannel("mean", mean, 0, count, refuse)
  const stds = perChannel("std", std, 1, count, refuse)
  return {
    factors: stds.map((std) => factor / std),
    shifts: stds.map((std, c) => (-low * factor - means[c]) / std)
  }
}

/** Positions of the network's channels among the bands of the images. */
const channelsAmong = (
  wanted: ReadonlyArray<string> | undefined,
  { bands, channels }: Shown,
  taken: number | undefined,
  refuse: Refuse
): ReadonlyArray<number> | undefined => {
  if (wanted !== undefined && taken !== undefined && wanted.length !== taken) {
    return refuse(
      `takes ${counted(taken, "channel")}, but \`bands\` names ${wanted.length}`,
      "Name every channel, in its order"
    )
  }
  if (wanted === undefined) {
    const given = bands?.length ?? channels
    if (given !== undefined && taken !== undefined && given !== taken) {
      const named = bands === undefined ? "" : ` (${few(bands, 12)})`
      return refuse(
        `takes ${counted(taken, "channel")}, but the images have ${given}${named}`,
        "Read the bands that it takes, or name them in `bands`"
      )
    }
    return Array.from({ length: given ?? taken ?? 0 }, (_, i) => i)
  }
  if (bands === undefined) {
    if (channels !== undefined && channels < wanted.length) {
      refuse(
        `needs ${counted(wanted.length, "band")} (${few(wanted, 12)}), but the images have ${channels}`,
        "Read the bands that it needs, or name others in `bands`"
      )
    }
    return undefined
  }
  return wanted.map((band) => {
    const at = bands.indexOf(band)
    if (at >= 0) return at
    return refuse(
      `needs the band ${band}, but the images have ${few(bands, 12)}${suggestion(band, bands).replace(/\?$/, "")}`,
      "Read the bands that it takes, or name others in `bands`"
    )
  })
}

const checkSize = (axes: Axes, { height, width }: Shown, refuse: Refuse): void => {
  const differs = (own: number | undefined, given: number | undefined) =>
    own !== undefined && given !== undefined && own !== given
  if (!differs(axes.height, height) && !differs(axes.width, width)) return
  const size = `${axes.height ?? "any"} x ${axes.width ?? "any"}`
  refuse(
    `takes images of ${size} pixels, but they have ${height ?? "?"} x ${width ?? "?"}`,
    `Add \`resize: { size: ${axes.height ?? axes.width} }\` or \`crop\` before it, or export it with free sizes`
  )
}

/**
 * Fits a network to images.
 *
 * @param images bands and size as far as they are known; what is not known is not compared
 * @throws OnnxError if they do not fit, or if something about the network must be given as a parameter
 */
export const encoderOf = (network: KnownNetwork, images: Shown): Encoder => {
  const { description, facts, provider } = network
  const refuse: Refuse = (problem, remedy) => {
    throw new OnnxError({ subject: description.file, problem, remedy })
  }
  const input = inputOf(network, refuse)
  const known = facts.bands?.length ?? images.bands?.length ?? images.channels
  const axes = axesOf(input.shape ?? ["?", "?", "?", "?"], facts.layout, known)
  if (axes === undefined) {
    return refuse(
      `takes ${valueText(input)}, which has not the axes of images`,
      "Export it with an input [n, channels, height, width], or [n, height, width, channels]"
    )
  }
  checkSize(axes, images, refuse)
  const channels = channelsAmong(facts.bands, images, axes.channels, refuse)
  const output = outputOf(network, refuse)
  const { pooling = "none", prefix_tokens: prefix = 0 } = facts
  const problem = output.shape === undefined ? undefined : outputProblem(output.shape, pooling)
  if (problem !== undefined) refuse(`its output ${valueText(output)} ${problem}`, "")
  const count = channels?.length ?? facts.bands?.length ?? 0
  return {
    file: description.file,
    provider,
    input: input.name,
    output: output.name,
    batch: axes.batch,
    feed: {
      type: input.type,
      layout: axes.layout,
      time: axes.time,
      channels: channels ?? [],
      ...scaling(facts, input.type, count, refuse)
    },
    pool: { pooling, prefix, layout: axes.layout }
  }
}

/**
 * Number of values of an embedding, if the file fixes it.
 *
 * @throws OnnxError if the network does not fit the images
 */
export const valuesOf = (network: KnownNetwork, images: Shown): number | undefined => {
  const { output, pool } = encoderOf(network, images)
  const shape = network.description.outputs.find(({ name }) => name === output)?.shape
  if (shape === undefined) return undefined
  const last = pool.pooling !== "none" && (shape.length === 3 || pool.layout === "nhwc")
  const axis = last ? shape[shape.length - 1] : shape[1]
  return typeof axis === "number" && axis > 0 ? axis : undefined
}

/** A map of one pixel is a vector. */
const outputProblem = (shape: ReadonlyArray<OnnxAxis>, pooling: "none" | "cls" | "mean"): string | undefined => {
  const vector = shape.length === 4 && shape[2] === 1 && shape[3] === 1
  return poolingProblem(vector && pooling === "none" ? 2 : shape.length, pooling)
}
