/** Embeddings on disk: vectors that numpy opens, and a table of names and labels beside them. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import type { Embeddings } from "../elements.ts"
import { npyHeader } from "../npy.ts"
import { field } from "./csv.ts"
import { RetrieveError } from "./errors.ts"

/** Bytes of the vectors' header, which is written again once the rows are counted: enough for any shape. */
const HEADER = 128

/** One row of 0 and 1 per image. */
const csvRows = ({ classes, names }: Embeddings, labels: Uint8Array): string =>
  names
    .map((name, i) => `${field(name)},${labels.subarray(i * classes.length, (i + 1) * classes.length).join(",")}\n`)
    .join("")

/** A file that grows beside its place until it is finished. */
class Growing {
  readonly path: string
  private readonly beside: string
  private readonly fd: number
  private end: number
  private open = true

  /** @param header bytes at its start that `finish` may write */
  constructor(path: string, header = 0) {
    this.path = path
    this.beside = `${path}.${process.pid}.partial`
    this.fd = openSync(this.beside, "w")
    this.end = header
  }

  private write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done)
  }

  append(bytes: Uint8Array): void {
    this.write(bytes, this.end)
    this.end += bytes.length
  }

  complete(header?: Uint8Array): void {
    if (header !== undefined) this.write(header, 0)
    fsyncSync(this.fd)
    this.close()
  }

  private close(): void {
    if (this.open) closeSync(this.fd)
    this.open = false
  }

  rename(): void {
    renameSync(this.beside, this.path)
  }

  abandon(): void {
    this.close()
    rmSync(this.beside, { force: true })
  }
}

/**
 * Writes batches of embeddings one after another, without holding them: `PATH.npy`, float32 [n, d], little-endian,
 * `PATH.csv`, header `name,CLASS,...`, one row of 0 and 1 per vector, and, where labels were predicted,
 * `PATH.predicted.csv` of the same form. All are written beside and renamed by `finish`; until then, and after
 * `abandon`, files of these names are as they were.
 *
 * Every method throws what the file system throws.
 */
export class EmbeddingsFile {
  private readonly path: string
  private readonly vectors: Growing
  private readonly labels: Growing
  private predicted: Growing | undefined
  private first: Embeddings | undefined
  private rows = 0

  /** @param path without extension; its folder is made */
  constructor(path: string) {
    this.path = path
    mkdirSync(dirname(path), { recursive: true })
    this.vectors = new Growing(`${path}.npy`, HEADER)
    this.labels = new Growing(`${path}.csv`)
  }

  private get files(): ReadonlyArray<Growing> {
    return [this.vectors, this.labels, ...(this.predicted === undefined ? [] : [this.predicted])]
  }

  /** Complete once the last batch is there. */
  get paths(): ReadonlyArray<string> {
    return this.files.map(({ path }) => path)
  }

  private begin(batch: Embeddings): void {
    this.first = batch
    if (batch.predicted !== undefined) this.predicted = new Growing(`${this.path}.predicted.csv`)
    const header = Buffer.from(`${["name", ...batch.classes].map(field).join(",")}\n`, "utf8")
    for (const table of [this.labels, this.predicted]) table?.append(header)
  }

  /** @throws RetrieveError where the batch has other dimensions or classes than the first */
  append(batch: Embeddings): void {
    if (this.first === undefined) this.begin(batch)
    else if (batch.dim !== this.first.dim || batch.classes.join("\0") !== this.first.classes.join("\0")) {
      throw new RetrieveError({
        subject: batch.names[0] ?? this.vectors.path,
        problem: `${batch.dim} dimensions and ${batch.classes.length} classes do not fit those before`,
        remedy: "Embed all patches with one model and one nomenclature"
      })
    }
    const { buffer, byteLength, byteOffset } = batch.vectors
    this.vectors.append(new Uint8Array(buffer, byteOffset, byteLength))
    this.labels.append(Buffer.from(csvRows(batch, batch.labels), "utf8"))
    if (batch.predicted !== undefined) this.predicted?.append(Buffer.from(csvRows(batch, batch.predicted), "utf8"))
    this.rows += batch.size
  }

  /** Completes all files, and then gives them their names. */
  finish(): void {
    if (this.first === undefined) this.labels.append(Buffer.from("name\n", "utf8"))
    this.vectors.complete(npyHeader("<f4", [this.rows, this.first?.dim ?? 0], HEADER))
    this.labels.complete()
    this.predicted?.complete()
    for (const file of this.files) file.rename()
  }

  /** Removes what is unfinished; does nothing after `finish`. */
  abandon(): void {
    for (const file of this.files) file.abandon()
  }
}
