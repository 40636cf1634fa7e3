/** Translates a re-ranking file of the original: the plain ranking, then one pipeline per scheme. */

import { truthAt } from "./archive-paths.ts"
import type { RerankingFile } from "./keys.ts"
import { rerankingNotes } from "./notes.ts"
import type { Written, WrittenStep } from "./steps.ts"

/** Returns the step of a scheme. */
const stepOf = ({ aqe, qe }: RerankingFile, scheme: string): WrittenStep =>
  scheme === "qe"
    ? ["qe", { k: qe?.k ?? 10 }]
    : scheme === "aqe"
      ? ["aqe", { k: aqe?.k ?? 10, alpha: aqe?.alpha ?? 3 }]
      : ["ja"]

/**
 * Translates a re-ranking file. The original's own file calls the scheme `ja` by the name `db`.
 *
 * @param found the saved embeddings, and the table of their names and labels
 */
export const rerankMode = (file: RerankingFile, found: { readonly from: string; readonly labels: string }): Written => {
  const schemes = [...new Set(file.rerank_scheme.map((scheme) => (scheme === "db" ? "ja" : scheme)))]
  const truth = truthAt(file.retrieval?.path_gt)
  const ranked: ReadonlyArray<WrittenStep> = [
    ["embeddings", found],
    ["rank", { queries: 0.2, seed: file.retrieval?.seed ?? file.seed ?? 24 }],
    ...(truth === undefined ? [] : [["relabel", { from: truth }] satisfies WrittenStep])
  ]
  const measured = (as: string, beside: ReadonlyArray<string>): ReadonlyArray<WrittenStep> => [
    ["measure", { at: [20, 40, 60, 80, 100], per_query: as }],
    ["report", { as, beside }]
  ]
  const pipelines = schemes.map((scheme, i) => [
    scheme,
    [...ranked, stepOf(file, scheme), ...measured(scheme, ["plain", ...schemes.slice(0, i)])]
  ])
  return {
    settings: {
      seed: file.seed ?? 24,
      root_dir: file.root_dir ?? ".",
      experiment: file.experiment,
      compat: file.compat
    },
    pipelines: { plain: [...ranked, ...measured("plain", [])], ...Object.fromEntries(pipelines) },
    notes: rerankingNotes(file, found.labels)
  }
}
