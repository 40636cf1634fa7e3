/** Rankings whose queries are classified, and the parameter that chooses such figures. */
import { listOf, Name, optional } from "../../pipeline/param.ts"
import type { Ranking } from "../elements.ts"
import { RetrieveError } from "./retrieve-error.ts"

/** @throws RetrieveError if images have no labels, or if the ranking lacks a part of the database */
export const checkLabelled = ({ gallery: { classes, partial, unlabelled } }: Ranking, operator: string): void => {
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: operator, problem, remedy })
  if (classes.length === 0 || unlabelled === true) {
    throw refuse("needs labels of all images", "Give `labels` to the step that reads the embeddings")
  }
  if (partial === true) throw refuse("needs a ranking of the whole database", `Put \`${operator}\` after \`rank\``)
}

/** The parameter that switches the pipeline of a step by the list of metrics of a file. */
export const onlyIf = (name: string) =>
  optional(
    listOf(Name),
    `Names of metrics. If the list is given and lacks \`${name}\`, the pipeline ends here at once and reads nothing: one list then serves \`measure\` and the pipeline of this step.`
  )
