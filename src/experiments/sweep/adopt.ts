/** Pipelines that a sweep runs once: their records are adopted by each cell, as if the cell had run them. */
import { existsSync, mkdirSync } from "node:fs"
import { resolve } from "node:path"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { hash } from "../../pipeline/print.ts"
import { type PipelineRecord, type RunRecord, readRecord, recordPath, writeRecord } from "../folder/record.ts"
import { recordedPath } from "../folder/stamps.ts"
import type { Plan } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import { newRecord } from "../running/runner.ts"

/** A pipeline's record with paths that are right from another run folder. */
const moved = (record: PipelineRecord, from: string, to: string): PipelineRecord => {
  const move = (stamps: PipelineRecord["wrote"]) =>
    stamps.map((stamp) => ({ ...stamp, path: recordedPath(resolve(to), resolve(from, stamp.path)) }))
  return { ...record, wrote: move(record.wrote), ...(record.used === undefined ? {} : { used: move(record.used) }) }
}

/** @throws RunError if a cell changes a pipeline that runs once */
const checkSame = (name: string, record: PipelineRecord, plan: Plan): void => {
  const pipeline = plan.loaded.pipelines.get(name) as AnyPipeline | undefined
  if (pipeline !== undefined && hash(pipeline) === record.hash) return
  throw new RunError({
    subject: `sweep.once: ${name}`,
    problem: "is not the same pipeline in every cell",
    remedy: "Leave it out of `once`, or leave the keys that change it out of `over`"
  })
}

/**
 * Writes the record of a cell that has none yet, with pipelines that ran once as finished.
 *
 * @param once the folder where they ran
 * @throws RunError if a cell changes one of them
 */
export const adopt = (folder: string, plan: Plan, names: ReadonlyArray<string>, once: string, begun: string): void => {
  const ran = readRecord(once)
  const pipelines = Object.fromEntries(
    names.flatMap((name) => {
      const record = ran?.pipelines[name]
      if (record === undefined) return []
      checkSame(name, record, plan)
      return [[name, moved(record, once, folder)]]
    })
  )
  if (existsSync(recordPath(folder))) return
  mkdirSync(folder, { recursive: true })
  const record: RunRecord = { ...newRecord(plan, begun), pipelines }
  writeRecord(folder, record)
}
