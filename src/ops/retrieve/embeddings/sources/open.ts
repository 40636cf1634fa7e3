/** Opens embeddings of any known format, by the ending of the name. */
import { statSync } from "node:fs"
import { Effect, type Scope } from "effect"
import { attempt } from "../../../../pipeline/attempt.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { openNpy, sourceOf } from "./npy.ts"
import { openNpz } from "./npz.ts"
import { openParquet } from "./parquet.ts"
import { openParts, partsIn } from "./parts.ts"
import { openSafetensors } from "./safetensors.ts"
import { reading, type Source, type SourceOptions } from "./source.ts"

type Opened = Effect.Effect<Source, RetrieveError, Scope.Scope>

/** Runs code that opens a file and throws; the file is closed when the scope ends. */
const closing = (open: () => Source): Opened =>
  Effect.acquireRelease(
    attempt(RetrieveError)(() => reading(open)),
    ({ close }) => Effect.sync(close)
  )

/** How files are opened, by the ending of their names. */
const FORMATS: Readonly<Record<string, (path: string, options: SourceOptions) => Opened>> = {
  ".npy": (path) => closing(() => sourceOf(openNpy(path))),
  ".npz": (path, options) => closing(() => openNpz(path, options)),
  ".safetensors": (path, options) => closing(() => openSafetensors(path, options)),
  ".parquet": openParquet,
  ".geoparquet": openParquet,
  ".pq": openParquet
}
const ENDINGS = Object.keys(FORMATS)

const openFile = (path: string, options: SourceOptions): Opened => {
  const ending = ENDINGS.find((one) => path.toLowerCase().endsWith(one))
  if (ending !== undefined) return FORMATS[ending](path, options)
  return Effect.fail(
    new RetrieveError({
      subject: path,
      problem: `has none of the endings ${ENDINGS.join(", ")}`,
      remedy: "Give embeddings in one of these formats, or a folder of such files"
    })
  )
}

/** Opens a file, or a folder of parts, until the scope ends. */
export const openSource = (path: string, options: SourceOptions): Opened =>
  Effect.suspend(() => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return openFile(path, options)
    return Effect.flatMap(
      attempt(RetrieveError)(() => partsIn(path, ENDINGS)),
      (files) => openParts(path, files, (file) => openFile(file, options))
    )
  })
