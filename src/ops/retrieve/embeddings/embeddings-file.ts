/** Embeddings on disk: vectors that numpy opens, and a table of names and labels beside them. */
import { rmSync } from "node:fs"
import type { Embeddings } from "../../elements.ts"
import { field } from "../../formats/csv.ts"
import { GrowingFile } from "../../formats/files.ts"
import { npyHeader } from "../../formats/npy.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** Bytes of the vectors' header, which is written again once the rows are counted: enough for any shape. */
const HEADER = 128

/** One row of 0 and 1 per image. */
const csvRows = ({ classes, names }: Embeddings, labels: Uint8Array): string =>
  names
    .map((name, i) => `${field(name)},${labels.subarray(i * classes.length, (i + 1) * classes.length).join(",")}\n`)
    .join("")

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
  private readonly vectors: GrowingFile
  private readonly labels: GrowingFile
  private predicted: GrowingFile | undefined
  private first: Embeddings | undefined
  private rows = 0

  /** @param path without extension; its folder is made */
  constructor(path: string) {
    this.path = path
    this.vectors = new GrowingFile(`${path}.npy`, HEADER)
    this.labels = new GrowingFile(`${path}.csv`)
  }

  private get files(): ReadonlyArray<GrowingFile> {
    return [this.vectors, this.labels, ...(this.predicted === undefined ? [] : [this.predicted])]
  }

  /** Complete once the last batch is there. */
  get paths(): ReadonlyArray<string> {
    return this.files.map(({ path }) => path)
  }

  private begin(batch: Embeddings): void {
    this.first = batch
    if (batch.predicted !== undefined) this.predicted = new GrowingFile(`${this.path}.predicted.csv`)
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
    // Those of an earlier run are no labels of these images.
    if (this.predicted === undefined) rmSync(`${this.path}.predicted.csv`, { force: true })
  }

  /** Removes what is unfinished; does nothing after `finish`. */
  abandon(): void {
    for (const file of this.files) file.abandon()
  }
}
