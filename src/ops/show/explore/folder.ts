/** Files of an explorer. Data are scripts that call one function with JSON, since pages opened from disk can load scripts alone. */
import { join } from "node:path"
import { Effect } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { touching } from "../show-error.ts"
import type { Collected } from "./collected.ts"
import { packBits, textFrom } from "./kit/base64.ts"
import { type ImagesPart, PIECE, partName } from "./kit/contents.ts"
import type { Vectors } from "./kit/vectors.ts"

/** JSON as a script's text: `<` and line separators cannot end the script or a line. */
const scriptJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** Writes a file of the explorer. */
export const writeText = Effect.fnUntraced(function* (folder: string, name: string, text: string) {
  const path = join(folder, name)
  yield* touching(path, () => writeFileAtomic(path, text))
  yield* (yield* Run).wrote(path)
})

/** A part of the data: a script that hands its value to the page. */
export const partText = (name: string, value: unknown): string =>
  `orbitrank(${scriptJson(name)},${scriptJson(value)})\n`

/** Writes a part of the data. */
export const writePart = (folder: string, name: string, value: unknown) =>
  writeText(folder, `data/${name}.js`, partText(name, value))

/** Names, labels and whether there is a picture, in pieces. */
export const writeImages = Effect.fnUntraced(function* (
  folder: string,
  { classes, count, labels, names }: Collected,
  pictured: Uint8Array
) {
  for (let from = 0, number = 0; from < count; from += PIECE, number++) {
    const to = Math.min(count, from + PIECE)
    const part: ImagesPart = {
      names: names.slice(from, to),
      labels: textFrom(packBits(labels.subarray(from * classes.length, to * classes.length))),
      pictured: textFrom(packBits(pictured.subarray(from, to)))
    }
    yield* writePart(folder, partName("images", number), part)
  }
})

export const writeVectors = (folder: string, { pieces }: Vectors) =>
  Effect.forEach(pieces, ({ values }, number) => writePart(folder, partName("vectors", number), textFrom(values)), {
    discard: true
  })
