import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import type { Gallery, Ranking } from "../../../../src/ops/elements.ts"
import { Run } from "../../../../src/ops/run.ts"
import { png } from "../../../../src/ops/show/pictures/pictures.ts"
import { blank } from "../../../../src/ops/show/pictures/raster.ts"
import { searchPage } from "../../../../src/ops/show/search/search-page.ts"
import { LAYOUT, leftOf, stripContent } from "../../../../src/ops/show/strips/strip.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const gallery: Gallery = {
  names: ["<harbour>", "a & b", "c", "d"],
  classes: ["Sea", "Port"],
  labels: Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 1),
  queries: Int32Array.of(0),
  database: Int32Array.of(1, 2, 3),
  partial: true
}
const found: Ranking = {
  kind: "ranking",
  gallery,
  from: 0,
  to: 1,
  order: Int32Array.of(2, 0, 1),
  scores: Float32Array.of(0.75, 0.5, -0.25)
}
const run = (top: number) =>
  searchPage.run({ top }, { expect: () => {} })(Stream.make(found) as never) as unknown as Stream.Stream<
    Ranking,
    Error,
    Run
  >

describe("search-page", () => {
  effect("lists names, scores and labels where no pictures were drawn, and hands rankings on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const passed = yield* Stream.runCollect(run(2)).pipe(Effect.provideService(Run, fake.run))
      expect(passed).toEqual([found])
      const path = join(fake.folder, "search.html")
      expect(fake.wrote).toEqual([path])
      expect(fake.said).toEqual([`page: ${path}`])
      const html = readFileSync(path, "utf8")
      expect(html).toContain("<h1>&lt;harbour&gt;</h1>")
      expect(html).toContain('<th scope="row">#1 d</th><td>0.750</td><td>1.00</td><td class="text">Sea; Port</td>')
      expect(html).toContain('<th scope="row">#2 a &amp; b</th><td>0.500</td><td>0.50</td><td class="text">Sea</td>')
      expect(html).not.toContain("#3 c")
      expect(html).not.toMatch(/<script|https?:|<harbour>/)
    })
  )

  effect("shows the strips of the run if they are those of its queries", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const content = stripContent(found, 0, 3)
      const side = LAYOUT.margin + LAYOUT.side
      const bytes = yield* png(blank(leftOf(3) + side, side + 40, [200, 0, 0]), "strip")
      mkdirSync(join(fake.folder, "strips"))
      writeFileSync(join(fake.folder, "strips", "s.png"), bytes)
      const index = join(fake.folder, "strips", "strips.json")
      writeFileSync(index, JSON.stringify([{ file: "s.png", ...content }]))
      const page = Effect.as(Stream.runDrain(run(3)), join(fake.folder, "search.html"))
      const html = readFileSync(yield* page.pipe(Effect.provideService(Run, fake.run)), "utf8")
      expect(html).toContain("<h2>Results</h2>")
      expect(html).toContain('aria-label="Result 2: a &amp; b"')
      expect(html).toContain(".p0{background-image:url(data:image/webp;base64,")
      // Strips of another query are not shown.
      writeFileSync(index, JSON.stringify([{ file: "s.png", ...content, query: { name: "other", labels: [] } }]))
      const other = readFileSync(yield* page.pipe(Effect.provideService(Run, fake.run)), "utf8")
      expect(other).not.toContain('aria-label="Result 2')
      expect(other).toContain("#3 c")
    })
  )
})
