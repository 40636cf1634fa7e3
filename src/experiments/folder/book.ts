import { resolve } from "node:path"
import { type EngineRecord, type PipelineRecord, type RunRecord, setPath, writeRecord } from "./record.ts"
import { recordedPath, stamp } from "./stamps.ts"

/** The record of a run in progress: changed in memory, and written at every change that must survive a crash. */
export class Book {
  record: RunRecord
  readonly folder: string
  private running = ""
  /** Absolute paths of the files that the running pipeline has written, and of those of others that it has read. */
  private wrote = new Set<string>()
  private used = new Set<string>()
  /** The engine of this process, once it is open. */
  engine: EngineRecord | undefined
  /** Whether the running pipeline has ended before its input did, because nobody reads its output. */
  cut = false

  constructor(folder: string, record: RunRecord) {
    this.folder = resolve(folder)
    this.record = record
  }

  /** Sets a value at a dotted path. */
  set(path: string, value: unknown): void {
    this.record = setPath(this.record, path, value)
  }

  private enter(name: string, entry: PipelineRecord): void {
    this.record = { ...this.record, pipelines: { ...this.record.pipelines, [name]: entry } }
    this.save()
  }

  /** Enters a pipeline as interrupted, which is its state if the process is killed. */
  begin(name: string, hash: string): void {
    const wrote = this.record.pipelines[name]?.wrote ?? []
    this.running = name
    // Files of an earlier session of this pipeline belong to it, too.
    this.wrote = new Set(wrote.map(({ path }) => resolve(this.folder, path)))
    this.used = new Set()
    this.cut = false
    this.enter(name, { hash, status: "interrupted", seconds: 0, stages: [], wrote })
  }

  /** Notes a file that the running pipeline writes; entered at once, so that a killed run knows its files. */
  writes(path: string): void {
    const file = resolve(path)
    if (this.wrote.has(file)) return
    this.wrote.add(file)
    const entry = this.record.pipelines[this.running]
    if (entry === undefined) return
    const mark = { path: recordedPath(this.folder, file), bytes: 0, modified: 0 }
    this.enter(this.running, { ...entry, wrote: [...entry.wrote, mark] })
  }

  /** Notes a file that decides what the running pipeline makes. */
  uses(path: string): void {
    this.used.add(resolve(path))
  }

  /** Enters the end of the running pipeline, with the stamps of its files. */
  end(entry: Omit<PipelineRecord, "wrote" | "used">): void {
    const stamps = (paths: ReadonlySet<string>) => [...paths].flatMap((path) => stamp(this.folder, path))
    this.enter(this.running, { ...entry, wrote: stamps(this.wrote), used: stamps(this.used) })
  }

  /** Marks finished pipelines as made from another input than there is now. */
  outdate(names: ReadonlyArray<string>): void {
    const made = names.filter((name) => this.record.pipelines[name] !== undefined)
    for (const name of made) {
      const entry: PipelineRecord = { ...this.record.pipelines[name], status: "outdated" }
      this.record = { ...this.record, pipelines: { ...this.record.pipelines, [name]: entry } }
    }
    if (made.length > 0) this.save()
  }

  save(): void {
    writeRecord(this.folder, this.record)
  }
}
