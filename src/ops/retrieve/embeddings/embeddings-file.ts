/** Embeddings on disk: a matrix that numpy reads, with a table of names and labels. */
import { rmSync } from "node:fs"
import { optionalPackage } from "../../../pipeline/packages.ts"
import type { Embeddings } from "../../elements.ts"
import { field } from "../../formats/csv-rows.ts"
import { GrowingFile } from "../../formats/files.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Form } from "./forms/form.ts"
import { npyForm } from "./forms/npy.ts"
import { npzForm } from "./forms/npz.ts"
import { safetensorsForm } from "./forms/safetensors.ts"
import { difference, originPath, originText, readOrigin } from "./origin.ts"

/** Formats of embeddings. Those that cannot hold names have a table beside them. */
const FORMS = {
  npy: { load: async () => npyForm, table: true },
  npz: { load: async () => npzForm, table: false },
  safetensors: { load: async () => safetensorsForm, table: true },
  parquet: {
    load: async () => {
      const load = () => import("./forms/parquet.ts")
      return (await optionalPackage("hyparquet-writer", "Parquet files", RetrieveError, load)).parquetForm
    },
    table: false
  }
} as const
export type FormName = keyof typeof FORMS
export const FORM_NAMES = Object.keys(FORMS) as ReadonlyArray<FormName>

/** A format whose packages are loaded. */
export interface LoadedForm {
  readonly name: FormName
  readonly open: (path: string) => Form
}

/** Loads a format. @returns rejects with RetrieveError if it needs a package that is not installed */
export const loadForm = async (name: FormName): Promise<LoadedForm> => ({ name, open: await FORMS[name].load() })

/** Endings of the files that a format consists of. */
export const endingsOf = (form: FormName): ReadonlyArray<string> => [
  `.${form}`,
  ...(FORMS[form].table ? [".csv"] : []),
  ".predicted.csv",
  ".json"
]

/** One row of 0 and 1 per image. */
const csvRows = (names: ReadonlyArray<string>, labels: Uint8Array, classes: number): string =>
  names.map((name, i) => `${[field(name), ...labels.subarray(i * classes, (i + 1) * classes)].join(",")}\n`).join("")

const header = (classes: ReadonlyArray<string>): Uint8Array =>
  Buffer.from(`${["name", ...classes].map(field).join(",")}\n`, "utf8")

/**
 * Writes batches of embeddings one after another, without keeping them:
 *
 * - `PATH.npy`, `.npz`, `.safetensors` or `.parquet`: float32 [n, d]; see `forms`.
 * - `PATH.csv` for formats that cannot hold names: header `name,CLASS,...`, one row of 0 and 1 per vector.
 * - `PATH.predicted.csv`: the same form, if labels were predicted.
 * - `PATH.json`: how the embeddings were made, if that is known.
 *
 * All are written under temporary names and renamed by `finish`. Until then, and after `abandon`, earlier files are unchanged.
 * Every method may throw errors of the file system.
 */
export class EmbeddingsFile {
  private readonly path: string
  private readonly experiment: string
  private readonly vectors: Form
  private readonly labels: GrowingFile | undefined
  private predicted: GrowingFile | undefined
  private origin: GrowingFile | undefined
  private first: Embeddings | undefined
  private rows = 0

  /**
   * @param path without extension; its folder is created
   * @param experiment name of the experiment that writes the files
   * @param form format of the embeddings
   */
  constructor(path: string, experiment: string, form: LoadedForm) {
    this.path = path
    this.experiment = experiment
    this.vectors = form.open(`${path}.${form.name}`)
    this.labels = FORMS[form.name].table ? new GrowingFile(`${path}.csv`) : undefined
  }

  private get files(): ReadonlyArray<Pick<Form, "path" | "rename" | "abandon">> {
    return [this.vectors, this.labels, this.predicted, this.origin].filter((file) => file !== undefined)
  }

  /** Paths of the files; complete after the last batch. */
  get paths(): ReadonlyArray<string> {
    return this.files.map(({ path }) => path)
  }

  private begin(batch: Embeddings): void {
    this.first = batch
    if (batch.predicted !== undefined) this.predicted = new GrowingFile(`${this.path}.predicted.csv`)
    this.labels?.append(header(batch.classes))
    this.predicted?.append(header(batch.predictedClasses ?? batch.classes))
    if (batch.origin !== undefined) this.origin = new GrowingFile(originPath(this.vectors.path))
  }

  /** @throws RetrieveError if the batch differs from the first one in dimensions, classes or origin */
  append(batch: Embeddings): void {
    if (this.first === undefined) this.begin(batch)
    else if (batch.dim !== this.first.dim || batch.classes.join("\0") !== this.first.classes.join("\0")) {
      throw new RetrieveError({
        subject: batch.names[0] ?? this.vectors.path,
        problem: `its embedding has ${batch.dim} dimensions and ${batch.classes.length} classes, but the embeddings before it have ${this.first.dim} and ${this.first.classes.length}, or other class names`,
        remedy: "Embed all patches with one model and one nomenclature"
      })
    }
    const differs = batch.origin && this.first?.origin && difference(batch.origin, this.first.origin)
    if (differs !== undefined) {
      throw new RetrieveError({
        subject: batch.names[0] ?? this.vectors.path,
        problem: `its embedding was made with other ${differs} than the embeddings before it`,
        remedy: "Save embeddings of one network, one list of bands, one size and one normalisation"
      })
    }
    this.vectors.append(batch)
    const { classes, labels, names, predicted, predictedClasses = classes } = batch
    this.labels?.append(Buffer.from(csvRows(names, labels, classes.length), "utf8"))
    if (predicted !== undefined) {
      this.predicted?.append(Buffer.from(csvRows(names, predicted, predictedClasses.length), "utf8"))
    }
    this.rows += batch.size
  }

  /** Completes all files, then renames them. */
  finish(): void {
    if (this.first === undefined) this.labels?.append(Buffer.from("name\n", "utf8"))
    this.vectors.complete()
    this.labels?.complete()
    this.predicted?.complete()
    if (this.first?.origin !== undefined) {
      const { dim, origin } = this.first
      this.origin?.append(Buffer.from(originText(this.experiment, this.rows, dim, origin), "utf8"))
    }
    this.origin?.complete()
    for (const file of this.files) file.rename()
    // Files of an earlier run do not describe these images.
    if (this.predicted === undefined) rmSync(`${this.path}.predicted.csv`, { force: true })
    const stale = originPath(this.vectors.path)
    if (this.origin === undefined && readOrigin(stale) !== undefined) rmSync(stale, { force: true })
  }

  /** Removes unfinished files; does nothing after `finish`. */
  abandon(): void {
    for (const file of this.files) file.abandon()
  }
}
