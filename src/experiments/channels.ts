/** Whether networks take as many channels as patches have, told before anything is made or read. */
import { type BandSelection, channelsOf } from "../ops/data/bands.ts"
import type { Fault } from "../pipeline/fault.ts"
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

/** Faults of networks that take other than the channels that patches come with. */
export const channelFaults = (pipelines: ReadonlyMap<string, AnyPipeline>): ReadonlyArray<Fault> =>
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
