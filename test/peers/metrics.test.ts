/** Retrieval metrics beside those of torchmetrics. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { averagePrecisionAt } from "../../src/ops/measure/metrics/map-at-k.ts"
import { random } from "../../src/pipeline/random.ts"
import { peer } from "./python.ts"

describe("mAP@k", () => {
  peer(
    "equals torchmetrics' RetrievalMAP with top_k, queries without a hit among the first k included",
    ["torchmetrics"],
    async (python) => {
      const { int } = random(7, 0, 0, "rankings")
      const hits = Array.from({ length: 60 }, (_, query) =>
        Array.from({ length: 40 }, () => (int(1 + (query % 20)) === 0 ? 1 : 0))
      )
      const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
      const path = join(folder, "hits.json")
      writeFileSync(path, JSON.stringify(hits))
      const depths = [1, 5, 20, 40]
      const theirs = (await python("retrieval_map", path, ...depths)) as ReadonlyArray<ReadonlyArray<number>>
      depths.forEach((k, i) => {
        hits.forEach((own, query) => {
          const positions = own.flatMap((hit, rank) => (hit === 1 ? [rank] : []))
          expect(averagePrecisionAt(positions, k)).toBeCloseTo(theirs[i][query], 6)
        })
      })
      rmSync(folder, { recursive: true })
    }
  )
})
