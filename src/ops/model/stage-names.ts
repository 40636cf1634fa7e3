/** Names of the parts of a network, by which configurations freeze them or change their learning rates. */
import type { Model } from "./model.ts"

/** A part of a network and the names of its parameters. */
export interface NamedPart {
  readonly name: string
  readonly parameters: ReadonlyArray<string>
}

const namesOf = (parameters: ReadonlyArray<{ readonly name: string }>): ReadonlyArray<string> =>
  parameters.map(({ name }) => name)

/** The parts of a network in the order of the forward pass: `stem`, `stage1`, …, `attention`, `head`. */
export const partsOf = ({
  head,
  params,
  stages
}: Pick<Model, "head" | "params" | "stages">): ReadonlyArray<NamedPart> => {
  const encoder = params.module === "none" ? stages : stages.slice(0, -1)
  const named = stages.map(({ parameters }, i) => {
    // A backbone that is not divided into stages has only one name.
    const stage = encoder.length === 1 ? "backbone" : i === 0 ? "stem" : `stage${i}`
    return { name: i < encoder.length ? stage : "attention", parameters: namesOf(parameters) }
  })
  return [...named, { name: "head", parameters: namesOf(head.parameters) }]
}

/** The names by which configurations select parts: the name of each part, and `backbone` for the stem and all stages. */
export const partNames = (parts: ReadonlyArray<NamedPart>): ReadonlyArray<string> => [
  ...new Set(["backbone", ...parts.map(({ name }) => name)])
]

/** Whether a name selects a part. The part's own name does; `backbone` also selects the stem and every stage. */
export const selects = (name: string, part: string): boolean =>
  name === part || (name === "backbone" && part !== "attention" && part !== "head")

/**
 * The network whose first stages are frozen: their batch norms use the running statistics and do not change them.
 *
 * @param count number of frozen stages
 */
export const frozen = (model: Model, count: number): Model => ({
  ...model,
  branches: (pass, images) =>
    model.head.branches(
      pass,
      model.stages.reduce((x, stage, i) => stage.apply(i < count ? { ...pass, observe: undefined } : pass, x), images)
    )
})
