/** Searching in memory: whom a name finds among batches, queries with labels and without, and the messages in full. */
import { describe, expect, it } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { byName, searchOne, withQueries } from "../../../../src/ops/retrieve/search/find.ts"
import { embeddings } from "../cases.ts"

/** Five images in batches of two, with one label of two classes each, but for the last. */
const five = embeddings(
  Float32Array.of(1, 0, 0, 2, 3, 0, 0, 4, -5, 1),
  Uint8Array.of(1, 0, 0, 1, 1, 0, 0, 1, 0, 0),
  2,
  2,
  2
)
const [first] = five
const asked = (name: string, vector: ReadonlyArray<number>, ...labels: ReadonlyArray<number>): Embeddings => ({
  ...embeddings(Float32Array.from(vector), Uint8Array.from(labels), 2, 2)[0],
  names: Array.from({ length: vector.length / 2 }, (_, i) => `${name}-${i}`)
})
const unlabelled = (name: string, ...vector: ReadonlyArray<number>): Embeddings => ({
  ...asked(name, vector),
  classes: []
})
const message = (search: () => unknown): string => {
  try {
    search()
  } catch (fault) {
    return (fault as Error).message
  }
  return "nothing was refused"
}

describe("a search by name", () => {
  it.each([
    [0, [1, 0]],
    [1, [0, 2]],
    [2, [3, 0]],
    [3, [0, 4]],
    [4, [-5, 1]]
  ])("takes the vector of image %d, in whichever batch it stands", (image, vector) => {
    const { names, queries, vectors } = byName(five, `patch-${image}`, "dot")
    expect(vectors.map((one) => [...one])).toEqual([vector])
    expect([...queries].map((query) => names[query])).toEqual([`patch-${image}`])
  })

  it("suggests names in archives of any size, also long ones", () => {
    const long = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_overlapping_acquisition"
    const names = [...Array.from({ length: 3000 }, (_, i) => `${long}_${i}`), "beach"]
    const many = [{ ...first, size: names.length, names }]
    const asked = (name: string) => message(() => byName(many, name, "dot"))
    expect(asked(`${long}_77777`)).toContain(`; did you mean \`${long}_777\``)
    expect(asked("BEACH.tif")).toContain("; did you mean `beach`. Name one")
    expect(asked("acquisition_29")).toContain(`did you mean \`${long}_29\`, \`${long}_290\` or \`${long}_291\`.`)
    expect(asked("xyz")).toBe("query xyz: none of 3001 images has this name. Name one of the images.")
  })

  it("names the one that was meant, whatever marks are in names", () => {
    const odd = [{ ...first, names: ["is it?-1", "other"] }]
    expect(message(() => byName(odd, "is it?-2", "dot"))).toBe(
      "query is it?-2: none of 2 images has this name; did you mean `is it?-1`. Name one of the images."
    )
  })

  it("refuses a name that several have, the first of all among them", () => {
    const twice = [first, { ...first, names: ["other", "patch-0"] }]
    expect(message(() => byName(twice, "patch-0", "dot"))).toBe(
      "query patch-0: several images have this name. Give every image a unique name."
    )
  })
})

describe("a search for others", () => {
  it("has their names and labels behind those that are searched", () => {
    const others = [asked("new", [1, 1, 2, 2], 1, 1, 0, 1), asked("last", [3, 3], 1, 0)]
    const what = withQueries(five, others, "dot")
    expect([what.images, what.labelled]).toEqual([5, true])
    expect(Array.from(what.queries, (query) => what.names[query])).toEqual(["new-0", "new-1", "last-0"])
    expect([...what.labels]).toEqual([...five.flatMap(({ labels }) => [...labels]), 1, 1, 0, 1, 1, 0])
    expect(what.vectors.map((vector) => [...vector])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3]
    ])
  })

  it("knows no labels where one batch has none, and takes the rest for what they are", () => {
    const what = withQueries(five, [unlabelled("new", 1, 1, 2, 2), asked("last", [3, 3], 1, 0)], "dot")
    expect(what.labelled).toBe(false)
    expect([...what.labels.subarray(10)]).toEqual([0, 0, 0, 0, 1, 0])
    expect(searchOne(what, 2, 1).gallery.unlabelled).toBe(true)
    expect(searchOne(withQueries(five, [asked("last", [3, 3], 1, 0)], "dot"), 0, 1).gallery.unlabelled).toBe(false)
  })

  it("refuses none, other dimensions and other classes", () => {
    expect(message(() => withQueries(five, [], "dot"))).toBe(
      "queries: none arrived. Give a pipeline that embeds images."
    )
    const longer = embeddings(new Float32Array(3), new Uint8Array(2), 3, 2)
    expect(message(() => withQueries(five, longer, "dot"))).toBe(
      "patch-0: its embedding has 3 dimensions, but the embeddings before it have 2. Embed all patches with one model."
    )
    expect(message(() => withQueries(five, [{ ...asked("new", [1, 1], 1, 0), classes: ["a", "b"] }], "dot"))).toBe(
      "new-0: its labels use other classes than the patches before it. Read all patches in one nomenclature."
    )
  })
})

describe("one search", () => {
  it("is a ranking of what was found, by ascending number, and its order", () => {
    const { gallery, ...ranking } = searchOne(byName(five, "patch-3", "l2"), 0, 3)
    expect([...gallery.database]).toEqual([0, 1, 2])
    expect(ranking).toEqual({
      kind: "ranking",
      from: 0,
      to: 1,
      order: Int32Array.of(1, 0, 2),
      scores: Float32Array.of(-2, -Math.sqrt(17), -5)
    })
  })

  it("finds all others where so many are asked for, and all that there are for a new image", () => {
    const found = (what: Parameters<typeof searchOne>[0]) => [...searchOne(what, 0, 9).gallery.database]
    expect(found(byName(five, "patch-1", "dot"))).toEqual([0, 2, 3, 4])
    expect(found(withQueries(five, [asked("new", [1, 1], 1, 0)], "dot"))).toEqual([0, 1, 2, 3, 4])
    expect(found(withQueries(five, [{ ...asked("new", [1, 1], 1, 0), names: ["patch-4"] }], "dot"))).toEqual([
      0, 1, 2, 3
    ])
  })

  const without = (...vector: ReadonlyArray<number>) => [{ ...first, vectors: Float32Array.from(vector) }]
  it("refuses a query that cannot be compared", () => {
    expect(message(() => searchOne(byName(without(1, 0, 0, 0), "patch-1", "cosine"), 0, 1))).toBe(
      "patch-1: the embedding is zero or not finite, so it has no direction. Check the weights and the pixels."
    )
    const others = [asked("new", [1, 1, Number.NaN, 0], 1, 0, 0, 1)]
    expect(message(() => searchOne(withQueries(five, others, "l2"), 1, 1))).toBe(
      "new-1: the embedding is not finite. Check the weights and the pixels."
    )
  })

  it("refuses an image that cannot be compared with, the first of all among them", () => {
    const why = "the embedding is zero, too large or not finite. Check the weights and the pixels."
    expect(message(() => searchOne(byName(without(0, 0, 1, 0), "patch-1", "cosine"), 0, 1))).toBe(`patch-0: ${why}`)
    expect(message(() => searchOne(byName(without(1, 0, Number.NaN, 0), "patch-0", "l2"), 0, 1))).toBe(
      `patch-1: ${why}`
    )
    // Each is finite, their product is not.
    expect(message(() => searchOne(byName(without(2e38, 0, 2, 0), "patch-1", "dot"), 0, 1))).toBe(`patch-0: ${why}`)
  })
})
