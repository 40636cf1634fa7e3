/** What steps of a file ask of each other, told before anything is made or read. */
import { type BandSelection, channelsOf } from "../ops/data/patches/bands.ts"
import { UNNAMED } from "../ops/show/report/report.ts"
import { type Fault, inOrder } from "../pipeline/fault.ts"
import { originOf } from "../pipeline/origin.ts"
import type { AnyPipeline } from "../pipeline/pipeline.ts"
import type { Step } from "../pipeline/step.ts"
import { counted } from "../pipeline/words.ts"

/** The channels that a step's patches have, where it chooses them by a name or a list that tells how many. */
const givenBy = ({ name, params }: Step): number | undefined =>
  (name === "read" || name === "images") && params.bands !== undefined
    ? channelsOf(params.bands as BandSelection)
    : undefined

const takenBy = ({ params }: Step): number | undefined =>
  (params.model as { readonly channels?: number } | null | undefined)?.channels

/** Networks that take other than the channels that patches come with. */
const channelFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
  [...pipelines].flatMap(([pipeline, { steps }]) => {
    const [source, ...rest] = steps
    const given = source === undefined ? undefined : givenBy(source)
    if (given === undefined) return []
    return rest.flatMap((step): ReadonlyArray<Fault> => {
      const taken = takenBy(step)
      if (taken === undefined || taken === given) return []
      const problem = `takes ${counted(taken, "channel")}, but \`${source.name}\` gives ${given}`
      return [{ at: originOf(step).at, path: `pipelines.${pipeline}.${step.name}.model.channels`, problem }]
    })
  })

/** A second training would find the first one's checkpoints, and take itself for done. */
const trainingFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> => {
  const trainings = [...pipelines].flatMap(([pipeline, { steps }]) =>
    steps.filter(({ name }) => name === "checkpoint").map((step) => ({ pipeline, step }))
  )
  return trainings.slice(1).map(({ pipeline, step }) => ({
    at: originOf(step).at,
    path: `pipelines.${pipeline}.checkpoint`,
    problem: `the run folder's checkpoints are those of \`${trainings[0].pipeline}\`; train in a file of its own, from there by \`pretrained\``
  }))
}

/** Files that a step writes into the run folder. */
const filesOf = ({ name, params }: Step): ReadonlyArray<string> => {
  switch (name) {
    case "curve":
      return ["curve.csv"]
    case "measure":
      return params.per_query === undefined ? [] : [`${params.per_query}.csv`]
    case "save":
      return params.folder === undefined ? [`${params.to}.csv`] : []
    case "report":
      return [`results/${params.as ?? UNNAMED}.json`]
    case "preview":
      return [`previews/${params.as}.png`]
    case "ground-truth":
      return [`${params.to}.lmdb`]
    case "fit-pca":
      return [`${params.to}.safetensors`]
    case "publish":
      return [`${params.to}`]
    default:
      return []
  }
}

/** The second of two steps would take the place of what the first has written. */
const fileFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> => {
  const writers = new Map<string, string>()
  const faults: Array<Fault> = []
  for (const [pipeline, { steps }] of pipelines) {
    for (const step of steps) {
      const path = `pipelines.${pipeline}.${step.name}`
      for (const file of filesOf(step)) {
        const other = writers.get(file)
        if (other === undefined) writers.set(file, path)
        else
          faults.push({
            at: originOf(step).at,
            path,
            problem: `writes ${file}, as ${other} does: give it another name`
          })
      }
    }
  }
  return faults
}

/** All faults of pipelines that are each right by themselves. */
export const disagreements = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
  inOrder([...channelFaults(pipelines), ...trainingFaults(pipelines), ...fileFaults(pipelines)])
