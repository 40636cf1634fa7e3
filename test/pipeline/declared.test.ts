import { Stream } from "effect"
import { describe, expect, it } from "vitest"
import { allSteps, declaredBy, readsOf, shapeAfter, trainingOf } from "../../src/pipeline/declared.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { Flag, Name, PositiveInt, param } from "../../src/pipeline/param.ts"
import { add, count, group, Num, plus } from "./toys.ts"

const sized = operator({
  name: "sized",
  about: "Gives a size.",
  from: Num,
  to: Num,
  params: { size: param(PositiveInt, "Edge.") },
  declares: { gives: ({ size }) => ({ size }) },
  run: () => (numbers) => numbers
})
const coloured = operator({
  name: "coloured",
  about: "Gives channels.",
  from: Num,
  to: Num,
  params: { channels: param(PositiveInt, "How many.") },
  declares: { gives: ({ channels }) => ({ channels }) },
  run: () => (numbers) => numbers
})
const reader = operator({
  name: "reader",
  about: "Reads a file and trains.",
  from: Num,
  to: Num,
  params: { file: param(Name, "File."), resume: param(Flag, "Whether.", true) },
  declares: {
    reads: ({ file }, { folder, root }) => [`${root}/${file}`, `${folder}/${file}`],
    writes: ({ file }) => [`${file}.csv`],
    training: ({ resume }) => (resume ? "resumes" : "restarts")
  },
  run: () => (numbers) => Stream.map(numbers, (number) => number)
})
const places = { folder: "/run", root: "/data" }

describe("declarations of operators", () => {
  it("give the shape of images after some steps, each the part that it fixes", () => {
    const { steps } = count().pipe(sized({ size: 4 }), coloured({ channels: 3 }), sized({ size: 2 }))
    expect([0, 1, 2, 3, 4].map((n) => shapeAfter(steps.slice(0, n)))).toEqual([
      {},
      {},
      { size: 4 },
      { size: 4, channels: 3 },
      { size: 2, channels: 3 }
    ])
  })

  it("are found in the pipelines of parameters too", () => {
    const inner = count().pipe(reader({ file: "b" }), group({ size: 1 }), add())
    const outer = count().pipe(reader({ file: "a" }), plus({ other: inner }))
    expect(readsOf(outer, places)).toEqual(["/data/a", "/run/a", "/data/b", "/run/b"])
    expect(allSteps(outer).map(({ name }) => name)).toEqual([
      "count",
      "reader",
      "plus",
      "count",
      "reader",
      "group",
      "add"
    ])
    expect(declaredBy(outer.steps[1]).writes?.(outer.steps[1].params)).toEqual(["a.csv"])
  })

  it("say whether a pipeline trains, which that of a parameter does not decide", () => {
    const inner = count().pipe(reader({ file: "b" }), group({ size: 1 }), add())
    expect(trainingOf(count().pipe(plus({ other: inner })))).toBeUndefined()
    expect(trainingOf(count().pipe(reader({ file: "a" })))).toBe("resumes")
    expect(trainingOf(count().pipe(reader({ file: "a", resume: false })))).toBe("restarts")
  })
})
