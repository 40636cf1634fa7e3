/** The losses that `scripts/losses.py` computes: what it takes them from, and the parameters that are not the defaults. */
import type { LossDefinition, LossInput } from "../../src/ops/train/losses/loss.ts"
import { losses } from "../../src/ops/train/losses.ts"
import { chosenFrom } from "../../src/pipeline/definition.ts"
import { random } from "../../src/pipeline/random.ts"

interface Compared {
  readonly reference: string
  readonly own?: object
}

const FORMULA = "formula in PyTorch"
const library = (name: string) => `pytorch-metric-learning, ${name}`

/** By the names of the script. */
export const COMPARED: Readonly<Record<string, Compared>> = {
  contrastive_avg: { reference: FORMULA },
  triplet_avg: { reference: "PyTorch, triplet_margin_loss" },
  triplet_hard: { reference: "PyTorch, triplet_margin_loss" },
  oml: { reference: FORMULA, own: { name: "oml", temperature: 0.1 } },
  smoothap: { reference: FORMULA, own: { name: "smoothap", temperature: 0.1 } },
  supcon: { reference: library("SupConLoss"), own: { name: "supcon", relation: "jaccard" } },
  supcon_graded: { reference: FORMULA, own: { name: "supcon" } },
  mulsupcon: { reference: FORMULA },
  sndl: { reference: FORMULA },
  log_ratio: { reference: FORMULA },
  happier: { reference: FORMULA, own: { name: "happier", temperature: 0.1 } },
  roadmap: { reference: FORMULA },
  recall_at_k: { reference: FORMULA, own: { name: "recall_at_k", temperature: 0.1, k: 4 } },
  multi_similarity: { reference: library("MultiSimilarityLoss") },
  circle: { reference: library("CircleLoss") },
  margin: { reference: FORMULA, own: { name: "margin", negatives: "all" } },
  triplet: { reference: library("TripletMarginLoss"), own: { name: "triplet", miner: "all" } },
  proxy_anchor: { reference: FORMULA },
  hashnet: { reference: FORMULA },
  csq: { reference: "formula in PyTorch, scipy's Hadamard matrix" },
  xent: { reference: "PyTorch, cross_entropy" },
  ml_xent: { reference: "PyTorch, binary_cross_entropy_with_logits" },
  ml_xent_smooth: { reference: "PyTorch, binary_cross_entropy_with_logits" },
  asl: { reference: "timm, AsymmetricLossMultiLabel" }
}

/** A drawn batch: embeddings, logits, proxies and labels. */
export const drawnBatch = (seed: number, { classes, dim, rows }: { rows: number; dim: number; classes: number }) => {
  const { next } = random(seed, 0, 0, "losses")
  const list = (n: number, of: () => number) => Array.from({ length: n }, of)
  return {
    rows,
    values: Float32Array.from(list(rows * dim, () => 2 * next() - 1)),
    logits: Float32Array.from(list(rows * classes, () => 6 * next() - 3)),
    labels: Uint8Array.from(list(rows * classes, () => (next() < 0.35 ? 1 : 0))),
    learned: Float32Array.from(list(classes * dim, () => 2 * next() - 1))
  }
}
export type Drawn = ReturnType<typeof drawnBatch>

/** Bits of `csq` that labels leave undecided, as the loss draws them. */
const undecidedBits = (dim: number): ReadonlyArray<number> => {
  const { int } = random(0, 0, 0, "undecided bits")
  return Array.from({ length: dim }, () => 2 * int(2) - 1)
}

const nested = (values: Float32Array | Uint8Array, width: number) =>
  Array.from({ length: values.length / width }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)))

/** The batch as the script reads it. */
export const forPython = ({ labels, learned, logits, rows, values }: Drawn): string =>
  JSON.stringify({
    embeddings: nested(values, values.length / rows),
    logits: nested(logits, logits.length / rows),
    labels: nested(labels, labels.length / rows),
    proxies: nested(learned, values.length / rows),
    undecided: undecidedBits(values.length / rows)
  })

/** Our loss under a name of the script, as a function without arguments. */
export const ours = (name: string, { labels, learned, logits, rows, values }: Drawn, team?: LossInput["team"]) => {
  const chosen = chosenFrom<LossDefinition>(losses, (COMPARED[name].own ?? { name }) as { name: string })
  if (chosen === undefined) throw new Error(name)
  const loss = chosen.definition.loss(chosen.own, "none")
  const input: LossInput = { values: chosen.definition.on === "logits" ? logits : values, labels, rows, learned, team }
  return () => loss(input, () => 0)
}
