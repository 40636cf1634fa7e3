/** Embeddings on disk: vectors that numpy opens, and a table of names and labels beside them. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import type { Embeddings } from "../elements.ts"
import { field } from "./csv.ts"
import { RetrieveError } from "./errors.ts"
import { NPY_HEADER, npyHeader } from "./npy.ts"

const csvRows = ({ classes, labels, names }: Embeddings): string =>
  names
    .map((name, i) => `${field(name)},${labels.subarray(i * classes.length, (i + 1) * classes.length).join(",")}\n`)
    .join("")

const writeAll = (fd: number, bytes: Uint8Array, position: number): number => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  return position + bytes.length
}

/**
 * Writes batches of embeddings one after another, without holding them: `PATH.npy`, float32 [n, d], little-endian, and
 * `PATH.csv`, header `name,CLASS,...`, one row of 0 and 1 per vector. Both are written beside and renamed by `finish`;
 * until then, and after `abandon`, files of these names are as they were.
 *
 * Every method throws what the file system throws.
 */
export class EmbeddingsFile {
  readonly paths: readonly [npy: string, csv: string]
  private readonly beside: readonly [npy: string, csv: string]
  private readonly files: Array<number> = []
  private readonly ends: [number, number] = [NPY_HEADER, 0]
  private first: Embeddings | undefined
  private rows = 0

  /** @param path without extension; its folder is made */
  constructor(path: string) {
    this.paths = [`${path}.npy`, `${path}.csv`]
    this.beside = [`${path}.npy.${process.pid}.partial`, `${path}.csv.${process.pid}.partial`]
    mkdirSync(dirname(path), { recursive: true })
    for (const beside of this.beside) this.files.push(openSync(beside, "w"))
  }

  private begin(batch: Embeddings): void {
    this.first = batch
    const header = `${["name", ...batch.classes].map(field).join(",")}\n`
    this.ends[1] = writeAll(this.files[1], Buffer.from(header, "utf8"), 0)
  }

  /** @throws RetrieveError where the batch has other dimensions or classes than the first */
  append(batch: Embeddings): void {
    if (this.first === undefined) this.begin(batch)
    else if (batch.dim !== this.first.dim || batch.classes.join("\0") !== this.first.classes.join("\0")) {
      throw new RetrieveError({
        subject: batch.names[0] ?? this.paths[0],
        problem: `${batch.dim} dimensions and ${batch.classes.length} classes do not fit those before`,
        remedy: "Embed all patches with one model and one nomenclature"
      })
    }
    const { buffer, byteLength, byteOffset } = batch.vectors
    this.ends[0] = writeAll(this.files[0], new Uint8Array(buffer, byteOffset, byteLength), this.ends[0])
    this.ends[1] = writeAll(this.files[1], Buffer.from(csvRows(batch), "utf8"), this.ends[1])
    this.rows += batch.size
  }

  /** Completes both files and gives them their names. */
  finish(): void {
    if (this.first === undefined) writeAll(this.files[1], Buffer.from("name\n", "utf8"), 0)
    writeAll(this.files[0], npyHeader(this.rows, this.first?.dim ?? 0), 0)
    for (const fd of this.files.splice(0)) {
      fsyncSync(fd)
      closeSync(fd)
    }
    this.beside.forEach((beside, i) => {
      renameSync(beside, this.paths[i])
    })
  }

  /** Removes what is unfinished; does nothing after `finish`. */
  abandon(): void {
    for (const fd of this.files.splice(0)) closeSync(fd)
    for (const beside of this.beside) rmSync(beside, { force: true })
  }
}
