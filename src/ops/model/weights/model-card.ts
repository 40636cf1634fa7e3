/** Model cards in the form of Hugging Face: YAML for machines, then Markdown for people. */
import { conjoined, few } from "../../../pipeline/words.ts"
import { withInterval } from "../../measure/figure-text.ts"
import { endOfFlatInterval } from "../../measure/to-report.ts"
import type { LibraryNetwork } from "./library-names.ts"
import type { Manifest } from "./manifest.ts"

/** A published file, and the parts of its card that the manifest does not hold. */
export interface Card {
  /** Name of the file of weights. */
  readonly file: string
  readonly form: "safetensors" | "onnx"
  /** Set if the arrays have the names of a library. */
  readonly library: LibraryNetwork | undefined
  /** Whether the ONNX graph normalises images itself. */
  readonly inside: boolean
  /** The command that made the weights. */
  readonly command: string
}

const quoted = (text: string): string => JSON.stringify(text)

const header = ({ licence, training, architecture }: Manifest): ReadonlyArray<string> => [
  "---",
  ...(licence === null ? [] : [`license: ${licence.toLowerCase()}`]),
  "library_name: orbitrank",
  "pipeline_tag: image-feature-extraction",
  "tags:",
  "- remote-sensing",
  "- image-retrieval",
  "- multi-label",
  `- ${quoted(String(architecture.backbone))}`,
  `model_name: ${quoted(training.experiment)}`,
  "---"
]

type Figures = Readonly<Record<string, number | null>>

/** Intervals by the names of their figures, each once both of its ends are known. */
const intervalsOf = (figures: Figures): ReadonlyMap<string, readonly [low: number, high: number]> => {
  const ends = new Map<string, { low?: number | null; high?: number | null }>()
  for (const [name, value] of Object.entries(figures)) {
    const found = endOfFlatInterval(name)
    if (found !== undefined) ends.set(found.name, { ...ends.get(found.name), [found.end]: value })
  }
  return new Map(
    [...ends].flatMap(([name, { high, low }]) =>
      typeof low === "number" && typeof high === "number" ? [[name, [low, high]] as const] : []
    )
  )
}

const figures = ({ training: { epochs, validation } }: Manifest): ReadonlyArray<string> => {
  if (validation === undefined) return []
  const intervals = intervalsOf(validation)
  const values = Object.entries(validation).filter(([name]) => endOfFlatInterval(name) === undefined)
  return [
    "## Figures",
    "",
    `On the validation pipeline, after epoch ${epochs} of one training. The command under Training computes them.`,
    intervals.size > 0
      ? "The brackets hold 95 % confidence intervals from resampled queries (bootstrap); they do not cover differences between trainings."
      : "They have no confidence intervals; `bootstrap` in the step `measure` of that pipeline adds them.",
    "",
    "| figure | value |",
    "|:--|--:|",
    ...values.map(
      ([name, value]) =>
        `| ${name} | ${value === null ? "undefined" : withInterval(value, intervals.get(name) ?? null)} |`
    ),
    ""
  ]
}

const imagesText = ({ bands, input: { height, sizing, width }, normalisation }: Manifest, inside: boolean) => {
  const size = height === null || width === null ? "any size" : `${height} x ${width} pixels`
  const steps = sizing.map((step) =>
    "resize" in step ? `resized to ${step.resize} x ${step.resize}` : `cut to ${step.crop} x ${step.crop} at the centre`
  )
  const way = steps.length === 0 ? "" : ` (${conjoined(steps)})`
  const scaled =
    normalisation.by === "none"
      ? "Values are not normalised."
      : inside
        ? `The graph normalises values itself (constants: ${normalisation.by}).`
        : `Values are normalised band by band, (value - mean) / std (constants: ${normalisation.by}).`
  return `Images have ${bands.length} bands (${few(bands, 20)}) and ${size}${way}. ${scaled}`
}

const constants = ({ bands, normalisation: { mean, std } }: Manifest): ReadonlyArray<string> =>
  mean === undefined || std === undefined
    ? []
    : ["", "| band | mean | std |", "|:--|--:|--:|", ...bands.map((band, i) => `| ${band} | ${mean[i]} | ${std[i]} |`)]

const safetensorsUse = ({ file, library }: Card): ReadonlyArray<string> => [
  "With orbitrank, from this file alone:",
  "",
  "```yaml",
  "- images:     { from: PATH, bands: all }",
  `- as-trained: { weights: ${file} }`,
  "- batch",
  `- embed:      { weights: ${file} }`,
  "```",
  ...(library === undefined
    ? []
    : [
        "",
        "With PyTorch; `embeddings` are the pooled features, each divided by its length:",
        "",
        "```python",
        ...library.python,
        "from safetensors.torch import load_file",
        `network.load_state_dict(load_file(${quoted(file)}))`,
        "network.eval()",
        "```"
      ])
]

const onnxUse = ({ file }: Card): ReadonlyArray<string> => [
  "```python",
  "import onnxruntime",
  `session = onnxruntime.InferenceSession(${quoted(file)})`,
  'embeddings, logits = session.run(["embeddings", "logits"], {"images": images})  # float32 [n, bands, height, width]',
  "```"
]

/** The text of a model card. */
export const modelCard = (manifest: Manifest, card: Card): string => {
  const { architecture, classes, fingerprint, training, versions } = manifest
  return [
    ...header(manifest),
    "",
    `# ${training.experiment}`,
    "",
    `A ${architecture.backbone} that embeds satellite images for retrieval, trained with orbitrank ${versions.orbitrank} for ${training.epochs} epochs.`,
    "",
    "## Images",
    "",
    imagesText(manifest, card.inside),
    ...constants(manifest),
    "",
    `Classes of the logits, in order: ${classes.join(", ")}.`,
    "",
    "## Use",
    "",
    ...(card.form === "onnx" ? onnxUse(card) : safetensorsUse(card)),
    "",
    ...figures(manifest),
    "## Training",
    "",
    "```sh",
    card.command,
    "```",
    "",
    `Seed ${training.seed}, ${training.steps} optimiser steps. Fingerprint of the weights: \`${fingerprint}\`.`,
    "",
    "```json",
    JSON.stringify(training.parameters, null, 2),
    "```",
    ""
  ].join("\n")
}
