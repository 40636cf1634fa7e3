/** What operators declare of the steps of a pipeline, looked up by step. */
import type { Declares, Places, Shape } from "./declares.ts"
import { originOf } from "./origin.ts"
import { type AnyPipeline, isPipeline } from "./pipeline.ts"
import type { Step } from "./step.ts"

/** The declarations of the operator of a step; empty if it has none. */
export const declaredBy = (step: Step): Declares => originOf(step).operator.declares ?? {}

/** Steps of a pipeline, and of the pipelines in its parameters. */
export const allSteps = ({ steps }: AnyPipeline): ReadonlyArray<Step> =>
  steps.flatMap((step) => [step, ...Object.values(step.params).filter(isPipeline).flatMap(allSteps)])

/** Shape of the images after some steps, as far as their parameters fix it. */
export const shapeAfter = (steps: ReadonlyArray<Step>): Shape =>
  Object.assign({}, ...steps.map((step) => declaredBy(step).gives?.(step.params)))

/** Absolute paths of the files that decide what a pipeline makes, as its operators declare them. */
export const readsOf = (pipeline: AnyPipeline, places: Places): ReadonlyArray<string> =>
  allSteps(pipeline).flatMap((step) => declaredBy(step).reads?.(step.params, places) ?? [])

/** Whether a pipeline saves checkpoints of a training, and whether it resumes from them; `undefined` if it saves none. */
export const trainingOf = ({ steps }: AnyPipeline): "resumes" | "restarts" | undefined =>
  steps.map((step) => declaredBy(step).training?.(step.params)).find((training) => training !== undefined)
