import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { runInNewContext } from "node:vm"
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { Report } from "../../../../src/ops/elements.ts"
import { Run } from "../../../../src/ops/run.ts"
import { page } from "../../../../src/ops/show/report/page.ts"
import type { StripWithPictures } from "../../../../src/ops/show/report/page-pictures.ts"
import { report } from "../../../../src/ops/show/report/report.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const made = (value: number | null): Report => ({
  kind: "report",
  queries: 4,
  counted: 3,
  database: 16,
  results: { mAP: { easy: value, medium: value, hard: value }, "ACG@20": 1.5 },
  notes: ["Relevant is <what> the rule says.", `Noted at ${value}.`]
})
const run = (one: Report, params: { as?: string; beside?: ReadonlyArray<string> }) =>
  report.run(
    { as: undefined, beside: [], ...params },
    { expect: () => {} }
  )(Stream.make(one) as never) as unknown as Stream.Stream<Report, Error, Run>

const strip: StripWithPictures = {
  file: "00000_1.00.png",
  row: 0,
  query: { name: 'q"0', labels: ["Beaches, dunes, sands", "<script>"] },
  results: [{ name: "d0", labels: ["<script>", "Marine waters"], similarity: 1 / 3, score: 0.9 }],
  ap: 0.25,
  pictures: [0, 1]
}

/** Runs the page's script on the few things that it asks of a browser. */
const opened = (html: string) => {
  const [script] = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text)
  const strips = [...html.matchAll(/data-ap="([^"]*)" data-labels="([^"]*)"/g)].map(([, ap, labels]) => ({
    dataset: { ap, labels },
    hidden: false
  }))
  const listeners: Array<() => void> = []
  const options: ReadonlyArray<{ readonly value: string; readonly text: string }> = [
    ...html.matchAll(/<option value="([^"]*)">([^<]*)</g)
  ].map(([, value, text]) => ({ value, text }))
  const select = (value: string) => ({
    value,
    options,
    addEventListener: (_: string, run: () => void) => listeners.push(run)
  })
  const [classes, order, output] = [select(""), select("drawn"), { textContent: "" }]
  const children = [...strips]
  const box = {
    children: strips,
    append: (one: (typeof strips)[number]) => {
      children.splice(children.indexOf(one), 1)
      children.push(one)
    }
  }
  const tools = { hidden: true, querySelectorAll: () => [classes, order], querySelector: () => output }
  runInNewContext(script, {
    document: { getElementById: (id: string) => (id === "strips" ? box : tools) },
    location: { hash: "", pathname: "/report.html", search: "" },
    history: { replaceState: () => {} },
    addEventListener: () => {},
    URLSearchParams,
    NaN
  })
  expect(tools.hidden).toBe(false)
  const set = (what: { value: string }) => (value: string) => {
    what.value = value
    listeners[0]()
  }
  return {
    choose: set(order),
    filter: set(classes),
    shown: () => children.filter(({ hidden }) => !hidden).map(({ dataset }) => dataset.ap),
    count: () => output.textContent
  }
}

describe("the page", () => {
  const { kind: _, ...figures } = made(0.5)
  const content = (strips: ReadonlyArray<StripWithPictures>) => ({
    experiment: "Trial <1> & co",
    reports: [
      { name: "un<trained>", report: { ...figures, results: { mAP: { hard: 0.25 } } } },
      { name: "trained", report: figures }
    ],
    plots: [{ title: "Loss", x: "step", y: "loss", series: [] }],
    strips,
    pictures: [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)],
    leftOut: {
      skipped: { decode: [{ name: "p<0>", why: "p<0>_B05.tif: is damaged." }] },
      findings: {
        archive: [{ what: "labels have no image", count: 7, examples: ["a&b"], severity: "warn", remedy: "Get them" }]
      }
    } as const,
    configuration: "rule: 'a < b'"
  })
  const html = page(content([strip]))
  const chosen = page(content([strip, { ...strip, row: 1, ap: 0.5 }]))

  it("escapes every text", () => {
    const own = html.replace(/<script>[\s\S]*?<\/script>/g, "")
    for (const raw of ["<1>", "un<trained>", "<what>", "<script>", 'q"0', "a < b", "p<0>", "a&b"])
      expect(own).not.toContain(raw)
    for (const shown of ["Trial &lt;1&gt; &amp; co", "un&lt;trained&gt;", "&lt;script&gt;", "a &lt; b", "q&quot;0"]) {
      expect(html).toContain(shown)
    }
  })

  it("needs no network, and says so to the browser", () => {
    expect(html).not.toMatch(/https?:|\/\/[a-z]|<link|@import|url\((?!data:)|\bsrc=/)
    expect(html).toContain("url(data:image/webp;base64,AQID)")
    expect(html).toContain("default-src 'none'; img-src data:")
    // Without strips there is no script at all.
    expect(page(content([]))).not.toContain("<script>")
  })

  it("marks the better figure, and which labels the query shares", () => {
    expect(html).toMatch(/<td><span>0\.2500<\/span><\/td><td class="best"><span title="best">0\.5000</)
    expect(html).toContain('<li class="shared">&lt;script&gt;</li><li class="other">Marine waters</li>')
    expect(html).toContain("<b>0.33</b>")
  })

  it("lists what was left out and why; a run that left out nothing has no such section", () => {
    expect(html).toContain("<li>7 labels have no image: a&amp;b, and 6 more. Get them.</li>")
    expect(html).toContain("<summary>1 patch skipped by decode</summary>")
    expect(html).toContain("<li><strong>p&lt;0&gt;</strong>: p&lt;0&gt;_B05.tif: is damaged.</li>")
    expect(page({ ...content([]), leftOut: {} })).not.toContain("left out")
  })

  it("names the record where a step skipped more than can be shown", () => {
    const decode = Array.from({ length: 1203 }, (_, i) => ({ name: `n${i}`, why: "is missing" }))
    const long = page({ ...content([]), leftOut: { skipped: { decode } } })
    expect(long).toContain("<summary>1,203 patches skipped by decode</summary>")
    expect(long.match(/is missing/g)).toHaveLength(200)
    expect(long).toContain("<li>and 1,003 patches more: see skipped.decode in record.json</li>")
  })

  it("is readable on a phone and in the dark", () => {
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(html).toContain("prefers-color-scheme: dark")
  })

  it("lets readers choose a class, and order queries by average precision", () => {
    const page = opened(chosen)
    expect(page.shown()).toEqual(["0.25", "0.5"])
    page.choose("best")
    expect(page.shown()).toEqual(["0.5", "0.25"])
    page.choose("worst")
    expect(page.shown()).toEqual(["0.25", "0.5"])
    page.filter("7")
    expect([page.shown(), page.count()]).toEqual([[], "0 of 2 queries"])
    page.filter("1")
    expect([page.shown(), page.count()]).toEqual([["0.25", "0.5"], "2 queries"])
    expect(chosen).toContain('<option value="1">Beaches, dunes, sands</option>')
    expect(chosen).toContain('<span class="ap">AP 0.250</span>')
  })

  it("has balanced tags", () => {
    const open: Array<string> = []
    const body = chosen.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "").replace("<!doctype html>", "")
    for (const [, end, tag, self] of body.matchAll(/<(\/?)([a-z0-9]+)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
      if (self === "/" || tag === "meta") continue
      if (end === "/") expect(open.pop()).toBe(tag)
      else open.push(tag)
    }
    expect(open).toEqual([])
  })
})

describe("report", () => {
  effect("writes results, the record and the page, and says a table beside earlier results", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const file = (...path: ReadonlyArray<string>) => join(fake.folder, ...path)
      writeFileSync(file("curve.csv"), "epoch,step,loss,floor\n1,1,0.9,0.8\n1,2,0.85,0.8\n")
      writeFileSync(
        file("record.json"),
        JSON.stringify({
          configuration: { settings: { seed: 24 }, pipelines: { test: [{ rank: { queries: 0.2 } }] } },
          skipped: { decode: [{ name: "S2A_7", why: "S2A_7_B05.tif: is missing." }] }
        })
      )
      expect(yield* Stream.runCollect(run(made(0.25), { as: "untrained" })).pipe(provided)).toEqual([made(0.25)])
      fake.said.length = 0
      yield* Stream.runDrain(run(made(0.75), { as: "trained", beside: ["untrained"] })).pipe(provided)

      const { kind: _, ...figures } = made(0.75)
      expect(JSON.parse(readFileSync(file("results", "trained.json"), "utf8"))).toEqual(figures)
      expect(fake.recorded["results.trained"]).toEqual(figures.results)
      expect(fake.recorded["results.untrained"]).toEqual(made(0.25).results)
      expect(fake.said).toEqual([
        "",
        "            untrained     trained",
        "mAP easy       0.2500      0.7500*",
        "    medium     0.2500      0.7500*",
        "    hard       0.2500      0.7500*",
        "ACG @20        1.5000      1.5000",
        "",
        "Relevant is <what> the rule says.",
        "Noted at 0.75.",
        `report: ${file("report.html")}`
      ])
      const html = readFileSync(file("report.html"), "utf8")
      expect(html).toContain("queries: 0.2")
      expect(html).toContain("<strong>S2A_7</strong>: S2A_7_B05.tif: is missing.")
      expect(html).toContain('class="line dashed c2"')
      expect(html).toContain("untrained: Noted at 0.25.")
      expect(fake.wrote.slice(-2)).toEqual([file("results", "trained.json"), file("results", "trained.csv")])
      expect(readFileSync(file("results", "trained.csv"), "utf8")).toMatch(/^figure,part,value\n/)
    })
  )

  effect("records a lone evaluation directly, undefined figures as a dash", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      yield* Stream.runDrain(run(made(null), {})).pipe(Effect.provideService(Run, fake.run))
      const figures = Object.entries(made(null).results).map(([name, figure]) => [`results.${name}`, figure])
      expect(fake.recorded).toEqual({ ...Object.fromEntries(figures), notes: made(null).notes })
      expect(fake.said[2]).toMatch(/^mAP easy +-$/)
      expect(readFileSync(join(fake.folder, "results", "evaluation.json"), "utf8")).toContain('"easy": null')
    })
  )

  effect("refuses earlier results that are not there, and strips that are none", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const missing = yield* Effect.flip(Stream.runDrain(run(made(1), { as: "b", beside: ["a"] })).pipe(provided))
      expect(missing.message).toBe(
        `${join(fake.folder, "results", "a.json")}: there are no results named a to compare with. Run the pipeline that ends in \`report: { as: a }\` before this one.`
      )
      mkdirSync(join(fake.folder, "strips"))
      writeFileSync(join(fake.folder, "strips", "strips.json"), "{}")
      const broken = yield* Effect.flip(Stream.runDrain(run(made(1), { as: "b" })).pipe(provided))
      expect(broken.message).toMatch(/strips\.json: is not a list of strips\. Move it to another folder/)
    })
  )

  it("takes plain names only", () => {
    expect(() => report({ as: "../elsewhere" })).toThrow("expected a name of letters, digits, - and _")
    expect(() => report({ as: "a.b" })).toThrow("expected a name of letters, digits, - and _")
  })
})
