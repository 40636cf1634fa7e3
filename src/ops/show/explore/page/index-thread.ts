/** The index of a large archive, in a worker thread. Bundled into a text, from which the page makes the thread. */
import { localIndex, type Shape } from "../kit/index.ts"
import { answering } from "./answering.ts"

export type Question =
  | { readonly kind: "open"; readonly shape: Shape }
  | { readonly kind: "add"; readonly text: string; readonly rows: number }
  | { readonly kind: "prepare" }
  | { readonly kind: "vectors"; readonly images: ReadonlyArray<number> }
  | { readonly kind: "cosines"; readonly query: Float64Array }

let index = localIndex({ count: 0, dim: 0, coding: "int8" })

answering(async (question: Question): Promise<unknown> => {
  if (question.kind === "add") {
    await index.add(question.text, question.rows)
    // After the answer, so that the page loads the next piece meanwhile.
    setTimeout(() => void index.prepare())
    return
  }
  if (question.kind === "prepare") return index.prepare()
  if (question.kind === "vectors") return index.vectors(question.images)
  if (question.kind === "cosines") return index.cosines(question.query)
  index = localIndex(question.shape)
})
