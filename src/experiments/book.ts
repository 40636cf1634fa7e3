import { type RunRecord, setPath, writeRecord } from "./record.ts"

/** The record while the run goes on: changed in memory, written when a pipeline ends. */
export class Book {
  record: RunRecord
  readonly folder: string
  wrote = new Set<string>()
  constructor(folder: string, record: RunRecord) {
    this.folder = folder
    this.record = record
  }
  set(path: string, value: unknown): void {
    this.record = setPath(this.record, path, value)
  }
  save(): void {
    writeRecord(this.folder, this.record)
  }
}
