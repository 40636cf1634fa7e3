import { resolve } from "node:path"
import { type PipelineRecord, type RunRecord, setPath, writeRecord } from "./record.ts"

/** The record while the run goes on: changed in memory, and written whenever something is to be known of it. */
export class Book {
  record: RunRecord
  readonly folder: string
  /** Files that the running pipeline has written, and those of others that it reads. */
  wrote = new Set<string>()
  used = new Set<string>()
  constructor(folder: string, record: RunRecord) {
    this.folder = folder
    this.record = record
  }
  set(path: string, value: unknown): void {
    this.record = setPath(this.record, path, value)
  }
  enter(name: string, entry: PipelineRecord): void {
    this.set(`pipelines.${name}`, entry)
    this.save()
  }
  /** Notes that a pipeline begins: a run that is killed does not end it, and leaves this. */
  begin(name: string, hash: string): void {
    const wrote = this.record.pipelines[name]?.wrote ?? []
    // What an earlier sitting has written is this pipeline's too.
    this.wrote = new Set(wrote.map(({ path }) => resolve(this.folder, path)))
    this.used = new Set()
    this.enter(name, { hash, status: "interrupted", seconds: 0, stages: [], wrote })
  }
  /** Notes that what pipelines made is of another input than there is now. */
  outdate(names: ReadonlyArray<string>): void {
    const made = names.filter((name) => this.record.pipelines[name] !== undefined)
    for (const name of made) this.set(`pipelines.${name}.status`, "outdated")
    if (made.length > 0) this.save()
  }
  save(): void {
    writeRecord(this.folder, this.record)
  }
}
