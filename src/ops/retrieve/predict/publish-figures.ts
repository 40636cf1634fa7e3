/** Figures of classification: printed, written to a file, and entered in the record. */
import { Effect } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { joined } from "../../joined.ts"
import { classificationFigures } from "../../measure/classification.ts"
import { Run } from "../../run.ts"
import { writing } from "../writing.ts"
import { figureLines, figureRecord } from "./figures-text.ts"

/** Labels and their probabilities, and where their figures go. */
export interface Published {
  /** Batches of images, at least one: probabilities float32 [images, classes], labels uint8 of the same shape. */
  readonly batches: ReadonlyArray<{ readonly probabilities: Float32Array; readonly labels: Uint8Array }>
  readonly classes: ReadonlyArray<string>
  /** Least probability of a label that counts as predicted. */
  readonly threshold: number
  readonly file: string
  /** Key in the record. */
  readonly key: string
  /** Line before the figures. */
  readonly title?: string
  /** Further facts for file and record. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly findings?: Readonly<Record<string, unknown>>
  /** Lines after the figures. */
  readonly notes?: ReadonlyArray<string>
}

/** Computes figures, prints them, writes them as JSON, and enters them in the record. */
export const publishFigures = Effect.fnUntraced(function* (of: Published) {
  const { batches, classes, file, findings = {}, key, notes = [], settings = {}, threshold, title } = of
  const { record, say, wrote } = yield* Run
  const figures = classificationFigures({
    probabilities: joined(batches.map(({ probabilities }) => probabilities)),
    labels: joined(batches.map(({ labels }) => labels)),
    classes: classes.length,
    threshold
  })
  const recorded = { ...settings, ...figureRecord(figures, classes), ...findings }
  yield* writing(file, () => writeFileAtomic(file, `${JSON.stringify(recorded, null, 2)}\n`))
  yield* wrote(file)
  yield* record(key, recorded)
  const lines = [...(title === undefined ? [] : [title]), ...figureLines(figures, classes), ...notes]
  yield* Effect.forEach(lines, say, { discard: true })
})
