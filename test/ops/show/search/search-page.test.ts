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
/** The same with facts about two of the images. */
const known: Ranking = {
  ...found,
  gallery: {
    ...gallery,
    facts: [
      { date: "2017-06-13", latitude: "60.17", longitude: "-24.9" },
      {},
      {},
      { country: "<Fin>", date: "20170614", latitude: "1", longitude: "east" }
    ]
  }
}
const run = (top: number, ranking = found) =>
  searchPage.run({ top }, { expect: () => {} })(Stream.make(ranking) as never) as unknown as Stream.Stream<
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

  effect("shows date, place and other facts, in the table and below the pictures", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const page = Effect.as(Stream.runDrain(run(3, known)), join(fake.folder, "search.html"))
      const table = readFileSync(yield* page.pipe(Effect.provideService(Run, fake.run)), "utf8")
      expect(table).toContain("<p>Sea; Port · 2017-06-13 · 60.1700° N, 24.9000° W</p>")
      expect(table).toContain('<th scope="col" class="text">facts</th>')
      expect(table).toContain(
        '<td class="text">Sea; Port</td><td class="text">20170614<br>country: &lt;Fin&gt;<br>latitude: 1<br>longitude: east</td></tr>'
      )
      expect(table).toContain('<td class="text">Sea</td><td class="text"></td></tr>')
      const content = stripContent(known, 0, 3)
      const side = LAYOUT.margin + LAYOUT.side
      mkdirSync(join(fake.folder, "strips"))
      const bytes = yield* png(blank(leftOf(3) + side, side + 40, [200, 0, 0]), "strip")
      writeFileSync(join(fake.folder, "strips", "s.png"), bytes)
      writeFileSync(join(fake.folder, "strips", "strips.json"), JSON.stringify([{ file: "s.png", ...content }]))
      const html = readFileSync(yield* page.pipe(Effect.provideService(Run, fake.run)), "utf8")
      expect(html).toContain('<ul class="about"><li>2017-06-13</li><li>60.1700° N, 24.9000° W</li></ul></div>')
      expect(html).toContain("<li>20170614</li><li>country: &lt;Fin&gt;</li>")
      // Images without facts have no list; the larger form has one for all.
      expect(html.match(/<ul class="about"><li>/g)).toHaveLength(2)
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
