/** Threads change no digit of a loss. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { WORTH_THREADS } from "../../../../src/ops/train/losses/cosine.ts"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { lossTeam } from "../../../../src/ops/train/losses/team.ts"
import type { Loop, Team } from "../../../../src/ops/workers/loops.ts"
import { lossOf } from "./loss-of.ts"

const ROWS = 96
/** Just large enough to be divided. */
const WIDTH = Math.ceil(WORTH_THREADS / ROWS ** 2)

/** A batch with some structure: images of one class point into similar directions. */
const batch = (seed: number, rows = ROWS, classes = 6): LossInput => {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24
  }
  const labels = Uint8Array.from({ length: rows * classes }, () => (next() < 0.25 ? 1 : 0))
  const values = Float32Array.from({ length: rows * WIDTH }, (_, at) => {
    const [row, column] = [Math.floor(at / WIDTH), at % WIDTH]
    return next() - 0.5 + 0.4 * labels[row * classes + (column % classes)]
  })
  return { values, labels, rows, learned: values.slice(0, classes * WIDTH) }
}

/** Computes the parts of a loop between some rows, the last part first, as no thread would. */
const divided = (cuts: ReadonlyArray<number>, names: Array<string> = []): Team => ({
  memory: (_, bytes) => new SharedArrayBuffer(bytes + 8),
  run: (loop, data, count) => {
    names.push(loop.name)
    const ends = [...new Set([0, ...cuts.map((cut) => cut % count), count])].sort((a, b) => b - a)
    ends.slice(1).forEach((from, i) => {
      loop.rows(data)(from, ends[i])
    })
  }
})

/** Value and bits of the gradient. */
const bitsOf = ({ floor, gradient, value }: LossValue) => ({
  value,
  floor,
  gradient: createHash("sha1")
    .update(new Uint8Array(gradient.buffer, gradient.byteOffset, gradient.byteLength))
    .digest("hex")
})

/** Losses, and how many of their loops are divided at least: some divide only those that all losses share. */
const divisible = [
  ...["oml", "smoothap", "happier", "roadmap", "recall_at_k"].map((name) => [name, 5] as const),
  ...["supcon", "margin", "triplet", "hashnet", "proxy_anchor"].map((name) => [name, 4] as const),
  ...["contrastive_avg", "triplet_avg", "triplet_hard"].map((name) => [name, 2] as const),
  ["csq", 1] as const
]

const [large, next] = [batch(1), batch(2)]

describe("losses of large batches", () => {
  const teams = [3, 2].map((size) => lossTeam(size))
  afterAll(() => {
    for (const team of teams) team.close()
  })

  it.each(divisible)("%s gives the same bits on any number of threads, in any division of its rows", (name, loops) => {
    const loss = lossOf(name)
    const alone = bitsOf(loss(large))
    for (const team of name === "oml" ? teams : teams.slice(0, 1)) {
      expect(bitsOf(loss({ ...large, team }))).toEqual(alone)
    }
    fc.assert(
      fc.property(fc.array(fc.nat({ max: ROWS }), { minLength: 1, maxLength: 20 }), (cuts) => {
        const names: Array<string> = []
        expect(bitsOf(loss({ ...large, team: divided(cuts, names) }))).toEqual(alone)
        expect(names.length).toBeGreaterThanOrEqual(loops)
      }),
      { numRuns: 2 }
    )
  })

  it("keep their gradient when the next batch uses the same memory", () => {
    const loss = lossOf("supcon")
    const first = loss({ ...large, team: teams[0] })
    loss({ ...next, team: teams[0] })
    expect(bitsOf(first)).toEqual(bitsOf(loss(large)))
  })

  it("report a failure in a thread", () => {
    const loop: Loop<undefined> = {
      name: "similarities",
      rows: () => () => {
        throw new Error("a bug")
      }
    }
    expect(() => teams[0].run(loop, undefined, 4)).toThrow(/a bug|similarities/)
  })
})

it("small batches are computed on one thread", () => {
  const names: Array<string> = []
  const small = batch(1, ROWS - 1)
  lossOf("oml")({ ...small, team: divided([1], names) })
  expect(names).toEqual([])
})

it("threads know every loop of the losses", () => {
  const folder = resolve(import.meta.dirname, "../../../../src/ops/train/losses")
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"))
  const declared = files.flatMap((code) => [...code.matchAll(/export const (\w+): Loop</g)].map(([, name]) => name))
  const [, list] = /const loops = \[([^\]]+)\]/.exec(readFileSync(join(folder, "loops-work.ts"), "utf8")) ?? []
  expect(declared.length).toBeGreaterThan(5)
  expect(list.trim().split(/,\s*/).toSorted()).toEqual(declared.toSorted())
})
