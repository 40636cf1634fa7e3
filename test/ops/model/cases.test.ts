import { beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../src/ops/elements.ts"
import type { Branch, Head } from "../../../src/ops/model/heads/single.ts"
import type { Pass } from "../../../src/ops/model/layers/layer.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { devices, opened } from "../tensor/with-engine.ts"
import { type Case, cases, modelOf, type RecordedBranch } from "./cases.ts"
import { near, nearMap, nearRows, norm, recordedInput, ruled } from "./recorded.ts"

/** Features after each stage of the backbone, compared as they are made. */
const comparedStages = (pass: Pass, one: Case, x: Tensor): Tensor => {
  const { stages } = modelOf(one)
  const maps = one.stages.filter((map) => map !== null)
  const expected = one.after_module === undefined ? maps : [...maps, one.after_module]
  expect(stages.length).toBe(expected.length)
  return stages.reduce((features, stage, i) => {
    const made = stage.apply(pass, features)
    nearMap(pass.engine.read(made), expected[i])
    return made
  }, x)
}

const nearBranches = (engine: Engine, got: ReadonlyArray<Branch>, expected: ReadonlyArray<RecordedBranch>): void => {
  expect(got.length).toBe(expected.length)
  got.forEach(({ embedding, logits }, i) => {
    const firsts = (tensor: Tensor, width: number) => {
      const [n = 0, dim = 0] = tensor.shape
      const values = engine.read(tensor)
      return Array.from({ length: n }, (_, row) => [...values.subarray(row * dim, row * dim + width)]).flat()
    }
    const { embedding_first8: first, embedding_l2: l2, logits_first8: scores } = expected[i]
    near(firsts(embedding, first.shape[1]), first.data)
    near(firsts(logits, scores.shape[1]), scores.data)
    const values = engine.read(embedding)
    const dim = values.length / l2.length
    l2.forEach((length, n) => {
      near([norm(values.subarray(n * dim, (n + 1) * dim))], [length])
    })
  })
}

const total = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0)

/** How far the first and the last embedding are from each other, in lengths of the first; null of a single image. */
const nearDifference = (rows: ReadonlyArray<ArrayLike<number>>, { image_difference }: Case): void => {
  expect(image_difference === null).toBe(rows.length < 2)
  if (image_difference === null) return
  const [first, last] = [rows[0], rows[rows.length - 1]]
  near([norm(Array.from(first, (value, i) => value - last[i])) / norm(Array.from(first))], [image_difference], 1)
}

/** Everything that is recorded of one network, on one engine. */
const compare = (engine: Engine, one: Case, arrays: ReadonlyArray<NamedArray>): void => {
  const { head } = modelOf(one)
  const [N, C, H, W] = one.input
  const weights = uploadArrays(engine, arrays)
  const pass: Pass = { engine, get: weights.get, observe: undefined }
  engine.scope(() => {
    const features = comparedStages(pass, one, engine.tensor(recordedInput(one.input, one.input_phase), [N, H, W, C]))
    if (one.local !== undefined) return compareParts(pass, { ...one, local: one.local }, head, features)
    const embeddings = head.embed(pass, features)
    const rows = engine.read(embeddings)
    nearRows(rows, one.embedding)
    nearDifference(
      one.embedding.l2.map((_, n) => rows.slice(n * one.embedding.dim, (n + 1) * one.embedding.dim)),
      one
    )
    near(engine.read(head.predict(pass, features).logits), one.logits.data)
    const { local, global } = head.branches(pass, features)
    expect([local.length, global.length]).toEqual([0, 1])
    nearRows(engine.read(global[0].embedding), one.embedding)
    near(engine.read(global[0].logits), one.logits.data)
  })
  weights.dispose()
}

const compareParts = (pass: Pass, one: Case & Required<Pick<Case, "local">>, head: Head, features: Tensor): void => {
  const { engine } = pass
  const [N] = one.input
  const { local, global } = head.branches(pass, features)
  nearBranches(engine, local, one.local)
  nearBranches(engine, global, one.global)
  const all = [...local, ...global].map(({ embedding }) => engine.read(embedding))
  const whole = Array.from({ length: N }, (_, n) =>
    all.flatMap((values) => [...values.subarray((n * values.length) / N, ((n + 1) * values.length) / N)])
  )
  const { first32, length, norm: lengths, norm_before_normalisation: norms, sum: sums } = one.extract
  expect(whole[0].length).toBe(length)
  near(whole.map(norm), norms)
  near(
    whole.flatMap((row, n) => row.slice(0, first32.shape[1]).map((value) => value / norms[n])),
    first32.data
  )
  const descriptors = whole.map((row, n) => row.map((value) => value / norms[n]))
  descriptors.forEach((descriptor, n) => {
    near([norm(descriptor)], [lengths[n]])
    near([total(descriptor)], [sums[n]], total(descriptor.map(Math.abs)))
  })
  nearDifference(descriptors, one)
  near(engine.read(head.embed(pass, features)), whole.flat())
  const { embedding, logits } = head.predict(pass, features)
  near(engine.read(embedding), whole.flat())
  // The original predicts labels from the logits of the first piece.
  expect(engine.read(logits)).toEqual(engine.read(local[0].logits))
}

// Plain JavaScript would take minutes.
const fast = devices.filter((device) => device !== "cpu")

it("records a map that is too small for its parts: 3 rows in 4 give 2 pieces", () => {
  const one = cases.find(({ id }) => id === "resnet18-parts-3rows-4px")
  expect([one?.local?.length, one?.global.length, one?.extract.length]).toEqual([2, 1, 192])
})

describe(`networks give what the original gave from the same weights, on ${fast.join(" and ")}`, () => {
  let engines: ReadonlyArray<Engine>
  beforeAll(async () => {
    engines = await Promise.all(fast.map(opened))
  })

  it("has cases", () => expect(cases.length).toBeGreaterThan(0))

  it.each(cases)("$id", (one) => {
    const arrays = modelOf(one).parameters.map((parameter) => ruled(parameter, one))
    for (const engine of engines) compare(engine, one, arrays)
  })
})
