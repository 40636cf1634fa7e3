/** Faults between the steps of a file, found before anything is made or read. */
import { type Device, NO_TRAINING } from "../../ops/tensor/engine.ts"
import { declaredBy, shapeAfter } from "../../pipeline/declared.ts"
import { type Fault, inOrder } from "../../pipeline/fault.ts"
import { originOf } from "../../pipeline/origin.ts"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { counted } from "../../pipeline/words.ts"

/** Networks that expect another number of channels than the patches before them have. */
const channelFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
  [...pipelines].flatMap(([pipeline, { steps }]) =>
    steps.flatMap((step, i): ReadonlyArray<Fault> => {
      const taken = declaredBy(step).network?.(step.params)?.channels
      const { channels: given } = shapeAfter(steps.slice(0, i))
      if (taken === undefined || given === undefined || taken === given) return []
      const problem = `takes ${counted(taken, "channel")}, but \`${steps[0].name}\` gives ${given}`
      return [{ at: originOf(step).at, path: `pipelines.${pipeline}.${step.name}.model.channels`, problem }]
    })
  )

/** Faults that operators find in their files, or in the images before them. */
const ownFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
  [...pipelines].flatMap(([pipeline, { steps }]) =>
    steps.flatMap((step, i) =>
      (declaredBy(step).faults?.(step.params, shapeAfter(steps.slice(0, i))) ?? []).map(({ path, problem }) => ({
        at: originOf(step).at,
        path: ["pipelines", pipeline, step.name, ...path].join("."),
        problem
      }))
    )
  )

/** A second training would find the checkpoints of the first one, and resume from them. */
const trainingFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> => {
  const trainings = [...pipelines].flatMap(([pipeline, { steps }]) =>
    steps.filter((step) => declaredBy(step).training !== undefined).map((step) => ({ pipeline, step }))
  )
  return trainings.slice(1).map(({ pipeline, step }) => ({
    at: originOf(step).at,
    path: `pipelines.${pipeline}.${step.name}`,
    problem: `the checkpoints in this run folder belong to \`${trainings[0].pipeline}\`; put this training into a file of its own, starting from them with \`pretrained\``
  }))
}

/** The second of two steps that write one file would replace the output of the first. */
const fileFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> => {
  const writers = new Map<string, string>()
  const faults: Array<Fault> = []
  for (const [pipeline, { steps }] of pipelines) {
    for (const step of steps) {
      const path = `pipelines.${pipeline}.${step.name}`
      for (const file of declaredBy(step).writes?.(step.params) ?? []) {
        const other = writers.get(file)
        if (other === undefined) writers.set(file, path)
        else
          faults.push({
            at: originOf(step).at,
            path,
            problem: `writes ${file}, as ${other} does; choose another name`
          })
      }
    }
  }
  return faults
}

/** The fault of a pipeline that trains on `device: onnx`, which cannot train. */
export const deviceFaults = ({ steps }: AnyPipeline, device: Device): ReadonlyArray<Fault> => {
  const training = device === "onnx" ? steps.find((step) => declaredBy(step).trains === true) : undefined
  if (training === undefined) return []
  const { problem, remedy } = NO_TRAINING
  return [{ at: originOf(training).at, path: "device", problem: `${problem}, as \`${training.name}\` must. ${remedy}` }]
}

/** The faults of a configuration whose pipelines are each valid on their own. */
export const disagreements = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
  inOrder([
    ...channelFaults(pipelines),
    ...ownFaults(pipelines),
    ...trainingFaults(pipelines),
    ...fileFaults(pipelines)
  ])
