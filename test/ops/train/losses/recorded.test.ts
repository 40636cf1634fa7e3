/** The original's recorded values, gradients, minings and totals. */
import { describe, expect, it } from "vitest"
import { mt19937 } from "../../../../src/ops/data/splits/mt19937.ts"
import { overAnchors } from "../../../../src/ops/train/losses/by-anchor.ts"
import { type BranchesOf, type BranchValues, combined } from "../../../../src/ops/train/losses/combined.ts"
import { contrastiveAverage } from "../../../../src/ops/train/losses/contrastive-avg.ts"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../../src/ops/train/losses/oml.ts"
import { withinJaccard } from "../../../../src/ops/train/losses/relations.ts"
import { candidates, drawn } from "../../../../src/ops/train/losses/selection.ts"
import { triplet } from "../../../../src/ops/train/losses/terms.ts"
import { tripletAverage } from "../../../../src/ops/train/losses/triplet-avg.ts"
import { crossEntropy } from "../../../../src/ops/train/losses/xent.ts"
import { lossesOf } from "../../../../src/ops/train/losses.ts"
import { type ReferenceArray, reference } from "../../../reference.ts"

interface Recorded {
  readonly value: number
  readonly value_f64: number
  readonly grad: ReferenceArray
  readonly grad_max_abs: number
}
type Pairs = { readonly pos: ReadonlyArray<number>; readonly neg: ReadonlyArray<number> }
interface Total {
  readonly id_loss: "ml_xent" | null
  readonly metric_loss: "contrastive_avg" | "triplet_avg" | "triplet_hard" | "oml" | null
  readonly weight: readonly [number, number]
  readonly total: number
  readonly id: number
  readonly metric: number
}
type Branch = { readonly embedding: ReferenceArray; readonly logits: ReferenceArray }

const recorded = reference<
  {
    readonly embeddings: ReferenceArray
    readonly labels: ReferenceArray
    readonly logits: ReferenceArray
    readonly class_index: ReadonlyArray<number>
    readonly triplet_hard: Recorded & Pairs
    readonly hinge_arguments: Readonly<
      Record<"contrastive_avg" | "triplet_avg" | "triplet_hard", ReadonlyArray<number>>
    >
    readonly jaccard_mining: {
      readonly threshold: number
      readonly positive_candidates: ReadonlyArray<ReadonlyArray<number>>
      readonly negative_candidates: ReadonlyArray<ReadonlyArray<number>>
      readonly seeded_draw: Pairs & { readonly seed: number }
    }
    readonly loss_factory_single: ReadonlyArray<Total>
    readonly loss_factory_parts: {
      readonly local_branches: ReadonlyArray<Branch>
      readonly global_branches: ReadonlyArray<Branch>
      readonly runs: ReadonlyArray<
        Total & {
          readonly per_branch_id_metric_local_then_global: ReadonlyArray<readonly [number, number]>
        } & Readonly<Record<`${"local" | "global"}_${"id" | "metric"}`, number>>
      >
    }
  } & Readonly<
    Record<
      | "contrastive_avg"
      | "triplet_avg"
      | "oml"
      | "bce_with_logits"
      | "cross_entropy_index"
      | "cross_entropy_multihot_target",
      Recorded
    >
  >
>("losses.json")

const rows = recorded.labels.shape[0]
const labels = Uint8Array.from(recorded.labels.data)
const input = (values: ReferenceArray, multihot = labels): LossInput => ({
  values: Float32Array.from(values.data),
  labels: multihot,
  rows
})
const embeddings = input(recorded.embeddings)
const logits = input(recorded.logits)

const near = (got: number, expected: number, label: string) =>
  expect(Math.abs(got - expected), label).toBeLessThanOrEqual(1e-5 * Math.abs(expected))

const matches = (got: LossValue, expected: Recorded) => {
  near(got.value, expected.value, "value")
  near(got.value, expected.value_f64, "value in double")
  expect(got.gradient.length).toBe(expected.grad.data.length)
  got.gradient.forEach((value, i) => {
    expect(Math.abs(value - expected.grad.data[i]), `entry ${i}`).toBeLessThan(1e-4 * expected.grad_max_abs)
  })
}

/** Triplets of given pairs: what `triplet_hard` does after it has drawn. */
const paired = ({ neg, pos }: Pairs) =>
  overAnchors(
    embeddings,
    pos.map((positive, anchor) => ({ anchor, positives: [positive], negatives: [neg[anchor]] })),
    triplet(1.2),
    "mean"
  )

const oneHot = Uint8Array.from(labels, (_, at) => {
  const classes = labels.length / rows
  return recorded.class_index[Math.floor(at / classes)] === at % classes ? 1 : 0
})

describe("recorded losses", () => {
  it.each([
    ["contrastive_avg", () => contrastiveAverage(embeddings)],
    ["triplet_avg", () => tripletAverage(embeddings)],
    ["triplet_hard", () => paired(recorded.triplet_hard)],
    ["oml", () => orderedMultiLabel(embeddings)],
    ["bce_with_logits", () => multiLabelCrossEntropy(logits)],
    ["cross_entropy_index", () => crossEntropy(input(recorded.logits, oneHot))],
    ["cross_entropy_multihot_target", () => crossEntropy(logits)]
  ] as const)("%s: value and gradient", (name, loss) => matches(loss(), recorded[name]))

  it.each([
    ["contrastive_avg", () => contrastiveAverage(embeddings)],
    ["triplet_avg", () => tripletAverage(embeddings)],
    ["triplet_hard", () => paired(recorded.triplet_hard)]
  ] as const)("%s: what stands inside the hinges", (name, loss) => {
    const { hinges } = loss()
    const expected = recorded.hinge_arguments[name]
    expect(hinges.length).toBe(expected.length)
    hinges.forEach((hinge, i) => {
      expect(Math.abs(hinge - expected[i]), `hinge ${i}`).toBeLessThan(1e-5)
    })
  })
})

describe("recorded mining", () => {
  const { negative_candidates, positive_candidates, seeded_draw, threshold } = recorded.jaccard_mining
  const found = candidates(withinJaccard(labels, rows, threshold), "positive")

  it("finds the candidates", () => {
    expect(found.map(({ positives }) => positives)).toEqual(positive_candidates)
    expect(found.map(({ negatives }) => negatives)).toEqual(negative_candidates)
  })

  it("draws what numpy's generator draws", () => {
    const { bounded } = mt19937(seeded_draw.seed)
    const pairs = drawn(found, (n) => bounded(n - 1))
    expect(pairs.flatMap(({ positives }) => positives)).toEqual(seeded_draw.pos)
    expect(pairs.flatMap(({ negatives }) => negatives)).toEqual(seeded_draw.neg)
  })
})

/** The losses of a recorded total; triplet_hard draws as the original does, by its own generator. */
const totalOf = ({ id_loss, metric_loss, weight }: Total, branches: BranchesOf<BranchValues>) => {
  const { seed } = recorded.jaccard_mining.seeded_draw
  const sim_threshold = recorded.jaccard_mining.threshold
  const losses = lossesOf({
    id_loss: id_loss ?? "none",
    metric_loss:
      metric_loss === null || metric_loss === "oml" ? (metric_loss ?? "none") : { name: metric_loss, sim_threshold },
    loss_weight: weight,
    compat: "original"
  })
  const { bounded } = mt19937(seed)
  return combined(losses, branches, labels, rows, (n) => bounded(n - 1))
}
const same = (got: ReturnType<typeof totalOf>, expected: Total) => {
  near(got.id, expected.id, "id loss")
  near(got.metric, expected.metric, "metric loss")
  near(got.total, expected.total, "total loss")
}
const valuesOf = ({ embedding, logits: of }: Branch): BranchValues => ({
  embedding: Float32Array.from(embedding.data),
  logits: Float32Array.from(of.data)
})
const title = ({ id_loss, metric_loss, weight }: Total) => `${id_loss} and ${metric_loss}, ${weight.join(" to ")}`

describe("recorded totals", () => {
  const single = { local: [], global: [{ embedding: embeddings.values, logits: logits.values }] }
  it.each(recorded.loss_factory_single.map((run) => [title(run), run] as const))("one branch: %s", (_, run) => {
    same(totalOf(run, single), run)
  })

  const { global_branches, local_branches, runs } = recorded.loss_factory_parts
  const parts = { local: local_branches.map(valuesOf), global: global_branches.map(valuesOf) }
  it.each(runs.map((run) => [title(run), run] as const))("parts: %s", (_, run) => {
    same(totalOf(run, parts), run)
    const kinds = { local: totalOf(run, { ...parts, global: [] }), global: totalOf(run, { ...parts, local: [] }) }
    for (const kind of ["local", "global"] as const) {
      near(kinds[kind].id, run[`${kind}_id`], `id loss of ${kind} branches`)
      near(kinds[kind].metric, run[`${kind}_metric`], `metric loss of ${kind} branches`)
    }
    const each = [...parts.local, ...parts.global]
    expect(run.per_branch_id_metric_local_then_global.length).toBe(each.length)
    run.per_branch_id_metric_local_then_global.forEach(([id, metric], i) => {
      const alone = totalOf({ ...run, weight: [1, 1] }, { local: [], global: [each[i]] })
      near(alone.id, id, `id loss of branch ${i}`)
      near(alone.metric, metric, `metric loss of branch ${i}`)
    })
  })
})
