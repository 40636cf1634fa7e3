/** Figures of classification are those of torchmetrics and scikit-learn. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { classificationFigures } from "../../src/ops/measure/classification.ts"
import { random } from "../../src/pipeline/random.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { peer } from "./python.ts"

type Averages = Readonly<Record<string, number | ReadonlyArray<number>>>
interface Answer {
  readonly torchmetrics: Readonly<Record<string, Averages>>
  readonly sklearn: Readonly<Record<string, Averages>> & { readonly exactMatch: number }
  readonly averagePrecision: Averages
  readonly exactMatch: number
}

describe("figures of classification", () => {
  peer("are those of torchmetrics and scikit-learn", ["torchmetrics", "sklearn", "torch"], async (python) => {
    const draws = random(7, 0, 0, "classification")
    const [images, classes, threshold] = [300, 19, 0.5]
    const labels = Uint8Array.from({ length: images * classes }, (_, i) =>
      draws.next() < (1 + (i % classes)) / 40 ? 1 : 0
    )
    // Few digits, so that there are ties; classes of the original are rare and common.
    const probabilities = Float32Array.from(labels, (label) => Math.round(32 * (0.6 * draws.next() + 0.4 * label)) / 32)
    const rows = <A extends Uint8Array | Float32Array>(values: A) =>
      Array.from({ length: images }, (_, i) => [...values.subarray(i * classes, (i + 1) * classes)])
    const file = join(temporaryFolder(), "given.json")
    writeFileSync(
      file,
      JSON.stringify({ probabilities: rows(probabilities), labels: rows(labels), threshold: threshold - 1e-6 })
    )
    const answer = (await python("classification", file)) as Answer
    const figures = classificationFigures({ probabilities, labels, classes, threshold })
    const near = (found: unknown, expected: unknown) =>
      [found].flat().forEach((value, i) => void expect(value).toBeCloseTo([expected].flat()[i] as number, 5))
    for (const name of ["f1", "precision", "recall", "accuracy"] as const) {
      for (const way of ["macro", "micro", "classes"] as const) near(figures[name][way], answer.torchmetrics[name][way])
    }
    for (const name of ["f1", "precision", "recall", "averagePrecision"] as const) {
      for (const way of ["macro", "micro", "samples"] as const) near(figures[name][way], answer.sklearn[name][way])
    }
    near(figures.averagePrecision.macro, answer.averagePrecision.macro)
    near(figures.averagePrecision.micro, answer.averagePrecision.micro)
    near(figures.averagePrecision.classes, answer.averagePrecision.none)
    near([figures.exactMatch, figures.exactMatch], [answer.exactMatch, answer.sklearn.exactMatch])
  })
})
