/** The sentences beside figures, word for word. */
import { describe, expect, it } from "vitest"
import type { Gallery } from "../../../src/ops/elements.ts"
import { tally } from "../../../src/ops/measure/accumulate.ts"
import { notesOf } from "../../../src/ops/measure/notes.ts"
import { type Plan, prepare } from "../../../src/ops/measure/prepare.ts"
import { defaultThresholds } from "../../../src/ops/measure/relevance.ts"

/** Four queries, [1, 0], [1, 0], [0, 1] and [0, 1], over two images that have [1, 0]. */
const gallery: Gallery = {
  names: ["a", "b", "c", "d", "e", "f"],
  classes: ["x", "y"],
  labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0),
  queries: Int32Array.of(0, 1, 2, 3),
  database: Int32Array.of(4, 5)
}
const notes = (plan: Partial<Plan>, queries = 4, of: Partial<Gallery> = {}) => {
  const prepared = prepare({ ...gallery, ...of }, { at: [1], precisionAt: 1, thresholds: defaultThresholds, ...plan })
  const n = prepared.gallery.database.length
  const order = Int32Array.from({ length: n * queries }, (_, i) => i % n)
  const ranking = {
    ...{ kind: "ranking" as const, gallery: prepared.gallery, from: 0, to: queries, order },
    scores: new Float32Array(n * queries)
  }
  return notesOf(prepared, tally(prepared, ranking).figures)
}

const RULE =
  "A database image is relevant if its Jaccard distance to the query's labels is at most 0.6 (easy), 0.4 (medium), 0.2 (hard)."
const GRADED = "ACG, nDCG and wAP count the labels shared with the query, and are means over all queries."

describe("notes", () => {
  it("say how many queries are left out, and nothing where none is", () => {
    expect(notes({}, 2)).toEqual([RULE, GRADED])
    expect(notes({}, 3)).toEqual([
      ...[RULE, GRADED],
      "1 query has no relevant image at hard and is left out of mAP and precision."
    ])
    expect(notes({}, 4)).toEqual([
      ...[RULE, GRADED],
      "2 queries have no relevant image at hard and are left out of mAP and precision."
    ])
  })

  it("begin with what the gallery brings, and say how chunks are averaged", () => {
    expect(notes({ chunk: 1 }, 2, { notes: ["Drawn by hand."] })).toEqual([
      ...[RULE, "Drawn by hand.", GRADED],
      "As in the original, mAP, precision, ACG, nDCG and wAP are means of the means of 2 chunks of queries, whatever the sizes of the chunks."
    ])
  })

  it("name the strictest level as deciding; `hard` where chunks are the original's", () => {
    const thresholds = { easy: 0.1, medium: 0.4, hard: 0.2 }
    expect(notes({ thresholds }, 3)[2]).toContain("no relevant image at easy")
    expect(notes({ thresholds, chunk: 1 }, 3)[3]).toContain("no relevant image at hard")
  })

  it("say what depths are cut to", () => {
    expect(notes({ at: [1, 2, 3, 20] }, 2)).toEqual([
      ...[RULE, GRADED],
      "Depth 3, 20 is reduced to 2: the database has 2 images."
    ])
    expect(notes({ at: [3] }, 1, { database: Int32Array.of(4), queries: Int32Array.of(0, 1) }).at(-1)).toBe(
      "Depth 3 is reduced to 1: the database has 1 image."
    )
  })

  it("count the queries of each relation, with the rule where it is no level", () => {
    const standard = { metrics: ["mrr"] as const, relations: ["hard", "any"] }
    expect(notes({ original: false, standard })).toEqual([
      RULE,
      "Standard figures at hard are means over the 2 queries with a relevant image.",
      "At `any`, a database image is relevant if it shares a label.",
      "Standard figures at any are means over the 2 queries with a relevant image."
    ])
    expect(notes({ original: false, standard }, 1).at(-1)).toContain("over the 1 query with a relevant image.")
  })

  it("say of the depth of precision that it is cut where standard measures have it", () => {
    const standard = { metrics: ["precision"] as const, relations: ["hard"] }
    expect(notes({ original: false, precisionAt: 9, at: [5, 1], standard }, 2).at(-1)).toBe(
      "Depth 5, 9 is reduced to 2: the database has 2 images."
    )
    expect(notes({ precisionAt: 9, standard: { metrics: [], relations: ["hard"] } }, 2)).toEqual([RULE, GRADED])
  })

  const JACCARD =
    "Label similarity is 1 - the Jaccard distance, its mean over the first results and all queries; Jaccard nDCG takes it as the gain, against the best order of the whole database, over the queries that are similar to any image."

  it.each([
    [
      "ndcg",
      "Ideal nDCG weighs the number of shared labels, against the best order of the whole database, over the queries that share a label with any image."
    ],
    ["jaccard", JACCARD],
    ["jaccard-ndcg", JACCARD],
    [
      "class-map",
      "Class mAP is the mean plain AP of the queries that have the class, where the images that have it are relevant; (mean) is over classes."
    ],
    [
      "class-coverage",
      "Class coverage@10 is the share of the queries of a class that find an image of the class among the first 10; (mean) is over classes, so a rare class counts as much as a frequent one."
    ]
  ] as const)("say what %s is; a class that bears a relation's name is none", (metric, note) => {
    const standard = { metrics: [metric], relations: ["hard"] }
    expect(notes({ original: false, standard }, 4, { classes: ["hard", "y"] })).toEqual([RULE, note])
  })
})
