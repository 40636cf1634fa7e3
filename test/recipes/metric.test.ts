import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Ranking } from "../../src/ops/elements.ts"
import type { Plan } from "../../src/ops/measure/prepare.ts"
import { compile, type Followed, follow, remove } from "./recipe.ts"

const ranking: Ranking = {
  kind: "ranking",
  gallery: {
    names: ["q1", "q2", "c", "d", "e"],
    classes: ["x", "y"],
    labels: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1, 0),
    queries: Int32Array.of(0, 1),
    database: Int32Array.of(2, 3, 4)
  },
  from: 0,
  to: 2,
  order: Int32Array.of(1, 0, 2, 0, 1, 2),
  scores: new Float32Array(6)
}

describe("the recipe of a metric", () => {
  let followed: Followed
  const load = <A>(file: string) => import(join(followed.folder, "src", file)) as Promise<A>
  beforeAll(() => {
    followed = follow("metric")
  })
  afterAll(() => remove(followed))

  it("touches two files, and compiles; without its label or formula it does not", () => {
    expect(followed.files).toEqual(["src/ops/measure/metrics/hit-rate.ts", "src/ops/measure/metrics.ts"])
    compile(followed)
    const path = join(followed.folder, followed.files[0])
    const whole = readFileSync(path, "utf8")
    for (const forgotten of [/^ {2}label: .*\n/m, /^ {2}kind: .*\n/m, /^ {2}of: .*\n/m]) {
      expect(whole).toMatch(forgotten)
      writeFileSync(path, whole.replace(forgotten, ""))
      expect(() => compile(followed), String(forgotten)).toThrow(/error TS/)
    }
    writeFileSync(path, whole)
  })

  it("reaches results, tables by query and the documentation", async () => {
    const { prepare } = await load<typeof import("../../src/ops/measure/prepare.ts")>("ops/measure/prepare.ts")
    const { tally } = await load<typeof import("../../src/ops/measure/accumulate.ts")>("ops/measure/accumulate.ts")
    const { toReport } = await load<typeof import("../../src/ops/measure/to-report.ts")>("ops/measure/to-report.ts")
    const { perQueryCsv } = await load<typeof import("../../src/ops/measure/per-query.ts")>("ops/measure/per-query.ts")
    const plan = {
      at: [1],
      precisionAt: 2,
      thresholds: { easy: 0.6, medium: 0.4, hard: 0.2 },
      original: false,
      // The name is not in the types of our own source.
      standard: { metrics: ["hit-rate"], relations: ["exact", "any"] }
    } as unknown as Plan
    const prepared = prepare(ranking.gallery, plan)
    const all = tally(prepared, ranking)
    // q1 finds an equal set second, and one that shares a label first; of q2 no set is equal, and one shares, second.
    expect(toReport(prepared, all).results).toEqual({
      "hit rate@1": { exact: 0, any: 0.5 },
      "hit rate@2": { exact: 1, any: 1 }
    })
    expect(perQueryCsv(prepared, all).split("\n")[0]).toBe(
      "query,counted,hit rate@1 exact,hit rate@1 any,hit rate@2 exact,hit rate@2 any,thresholds"
    )
    const { measure } = await load<typeof import("../../src/ops/measure/measure.ts")>("ops/measure/measure.ts")
    const { language } = await load<typeof import("../../src/experiments/plan/plan.ts")>("experiments/plan/plan.ts")
    const { catalogue, catalogueMarkdown } =
      await load<typeof import("../../src/pipeline/catalogue.ts")>("pipeline/catalogue.ts")
    const { load: loadText } = await load<typeof import("../../src/pipeline/load.ts")>("pipeline/load.ts")
    expect(catalogueMarkdown(catalogue([measure]))).toContain("| `hit-rate` | hit rate: share of queries")
    const text = `pipelines:\n  a:\n    - embeddings: { from: E.npy, labels: L.csv }\n    - rank\n    ${followed.yaml}`
    const message = Result.match(loadText(text, "recipe.yaml", language), {
      onSuccess: () => "",
      onFailure: ({ message }) => message
    })
    expect(message).toBe("")
  })
})
