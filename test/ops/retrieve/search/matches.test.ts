/** What a search prints, line by line. */
import { describe, expect, it } from "vitest"
import type { Ranking } from "../../../../src/ops/elements.ts"
import type { Searched } from "../../../../src/ops/retrieve/search/find.ts"
import { type Found, type Matches, matchesOf, matchLines } from "../../../../src/ops/retrieve/search/matches.ts"

const found = (name: string, score: number, label_similarity: number | null, ...labels: Array<string>): Found => ({
  name,
  score,
  label_similarity,
  labels
})
const matches = (given: Partial<Matches>): Matches => ({
  query: { name: "harbour", labels: ["Sea", "Port"] },
  by: "cosine",
  searched: 40,
  results: [],
  ...given
})

describe("the table of a search", () => {
  it("has the query's labels, and for each image its score and labels", () => {
    const results = [found("a-long-name", 0.98765, 0.5, "Sea", "Beach"), found("b", -0.5, 0)]
    expect(matchLines(matches({ results }))).toEqual([
      "",
      "2 of 40 images most similar to harbour",
      "(Sea; Port)",
      "",
      "   name           cosine  labels",
      "1  a-long-name    0.9877    0.50  Sea; Beach",
      "2  b             -0.5000    0.00",
      "",
      "`labels` is 1 minus the Jaccard distance of the label sets."
    ])
  })

  it("has distances, not their negatives, for l2", () => {
    expect(matchLines(matches({ by: "l2", results: [found("b", -12.5, 1, "Sea", "Port")] }))).toEqual([
      "",
      "1 of 40 images most similar to harbour",
      "(Sea; Port)",
      "",
      "   name  distance  labels",
      "1  b      12.5000    1.00  Sea; Port",
      "",
      "`labels` is 1 minus the Jaccard distance of the label sets."
    ])
  })

  it("names inner products `dot`, and a query without labels so", () => {
    const lines = matchLines(matches({ by: "dot", query: { name: "ice", labels: [] }, results: [found("snow", 3, 1)] }))
    expect(lines.slice(1, 6)).toEqual([
      "1 of 40 images most similar to ice",
      "(no label)",
      "",
      "   name       dot  labels",
      "1  snow    3.0000    1.00"
    ])
  })

  it("compares no labels where the query's are not known", () => {
    const results = [found("b", 0.5, null, "Sea", "Port"), found("c", 0.25, null)]
    expect(matchLines(matches({ query: { name: "new", labels: null }, results }))).toEqual([
      "",
      "2 of 40 images most similar to new",
      "(labels not known)",
      "",
      "   name    cosine  labels",
      "1  b       0.5000  Sea; Port",
      "2  c       0.2500",
      ""
    ])
  })

  it("keeps its columns where there are ten and more, and its head where there are none", () => {
    const ten = matchLines(matches({ results: Array.from({ length: 10 }, (_, i) => found(`p${i}`, 0, 0, "Sea")) }))
    expect([ten[4], ten[5], ten[14]]).toEqual([
      "    name    cosine  labels",
      " 1  p0      0.0000    0.00  Sea",
      "10  p9      0.0000    0.00  Sea"
    ])
    const none = matchLines(matches({ searched: 1 }))
    expect([none[1], ...none.slice(4)]).toEqual([
      "0 of 1 images most similar to harbour",
      "   name    cosine  labels",
      "",
      "`labels` is 1 minus the Jaccard distance of the label sets."
    ])
  })
})

describe("what a search has found", () => {
  const ranking: Ranking = {
    kind: "ranking",
    gallery: {
      names: ["a", "b", "c", "query"],
      classes: ["Sea", "Port"],
      labels: Uint8Array.of(1, 0, 0, 1, 0, 0, 1, 1),
      queries: Int32Array.of(0, 3),
      database: Int32Array.of(0, 1, 2)
    },
    from: 1,
    to: 2,
    order: Int32Array.of(1, 2, 0),
    scores: Float32Array.of(4, 2, -1)
  }
  const what = { by: "dot", images: 3, labelled: true } as Searched

  it("is named, best first, with its labels and how like the query's they are", () => {
    expect(matchesOf(ranking, what)).toEqual({
      query: { name: "query", labels: ["Sea", "Port"] },
      by: "dot",
      searched: 3,
      results: [found("b", 4, 0.5, "Port"), found("c", 2, 0), found("a", -1, 0.5, "Sea")]
    })
  })

  it("says nothing of labels that are not known", () => {
    const { query, results } = matchesOf(ranking, { ...what, labelled: false })
    expect(query).toEqual({ name: "query", labels: null })
    expect(results).toEqual([found("b", 4, null, "Port"), found("c", 2, null), found("a", -1, null, "Sea")])
  })
})
