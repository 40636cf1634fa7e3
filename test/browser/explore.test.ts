/** The explorer in a real browser, opened from disk. */
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import sharp from "sharp"
import { afterAll, beforeAll, expect, it } from "vitest"
import { openArchive } from "../../src/ops/data/archives/open-archive.ts"
import { decodeTiffBands } from "../../src/ops/formats/tiff/read.ts"
import { explorerServer, openExplorer } from "../../src/ops/show/explore/serve.ts"
import { runHere } from "../experiments/in-process.ts"
import { axeViolations, describeInBrowser, hasAxe, overflow, type Page } from "./chromium.ts"
import { CLASSES, cell, type Explored, explored, labelsOf } from "./explored.ts"
import { exploredNetwork } from "./explored-network.ts"

/** Waits until an expression is true. Playwright's own wait evaluates text in the page, which the page's policy forbids. */
const until = async (page: Page, expression: string, seconds = 20): Promise<void> => {
  for (let tries = 0; !(await page.evaluate<boolean>(`Boolean(${expression})`)); tries++) {
    if (tries > seconds * 20) throw new Error(`never became true: ${expression}`)
    await page.waitForTimeout(50)
  }
}

/** Waits until the page shows what its address asks for. */
const shown = async (page: Page): Promise<void> => {
  await until(page, "document.querySelectorAll('.tile').length > 0 && !document.querySelector('progress')")
  await page.waitForTimeout(100)
}

interface Tile {
  readonly name: string
  readonly rank: string | undefined
  readonly score: string | undefined
}

const tilesOf = (page: Page) =>
  page.evaluate<ReadonlyArray<Tile>>("[...document.querySelectorAll('.tile')].map(({ dataset }) => ({ ...dataset }))")

const namesOf = async (page: Page) => (await tilesOf(page)).map(({ name }) => name)

describeInBrowser("the explorer from disk", (open) => {
  let made: Explored
  const faults: Array<string> = []
  beforeAll(async () => {
    made = await explored(90)
  })
  afterAll(() => rmSync(made.home, { recursive: true, force: true }))

  const opened = async (hash = "", size = {}): Promise<Page> => {
    const page = await open(size)
    page.on("pageerror", ((fault: Error) => faults.push(fault.message)) as never)
    page.on("console", ((message: { type: () => string; text: () => string }) => {
      if (message.type() === "error") faults.push(message.text())
    }) as never)
    await page.goto(made.url + hash)
    await shown(page)
    return page
  }

  const byNode = async (query: string, top: number) => {
    const out = join(made.home, "search")
    const { error } = await runHere(
      resolve(import.meta.dirname, "../../configs/search.yaml"),
      [
        `embeddings=${made.npy}`,
        `labels=${made.csv}`,
        `query=${JSON.stringify(query)}`,
        `top=${top}`,
        `root_dir=${made.home}`
      ],
      { out, fresh: true }
    )
    expect(error).toBe("")
    const [{ results }] = JSON.parse(readFileSync(join(out, "search.json"), "utf8"))
    return results as ReadonlyArray<{ name: string; score: number; label_similarity: number }>
  }

  it("shows the archive in its order, with names as text", async () => {
    const page = await opened()
    expect(await namesOf(page)).toEqual(made.names.slice(0, 60))
    expect(await page.locator(".tile .name").nth(3).textContent()).toBe(made.names[3])
    expect(await page.locator(".tile img").count()).toBe(0)
    expect(await page.locator("canvas[data-drawn]").count()).toBeGreaterThan(10)
    await page.locator("button.more").click()
    expect((await namesOf(page)).length).toBe(90)
  })

  it("a click searches by that image, with the ranking, scores and label similarities of Node", async () => {
    const page = await opened()
    await page.locator(".tile .picture").nth(5).click()
    await until(page, "location.hash === '#like=image-0005' && document.querySelector('[data-rank]')")
    const nodes = await byNode("image-0005", 60)
    const tiles = await tilesOf(page)
    expect(tiles.map(({ name }) => name)).toEqual(nodes.map(({ name }) => name))
    expect(tiles.map(({ rank }) => Number(rank))).toEqual(nodes.map((_, i) => i + 1))
    expect(tiles.map(({ score }) => Math.fround(Number(score)))).toEqual(nodes.map(({ score }) => Math.fround(score)))
    expect(await page.locator(".score span").first().textContent()).toBe(nodes[0].label_similarity.toFixed(2))
    await page.goBack()
    await until(page, "!document.querySelector('[data-rank]')")
    expect(await namesOf(page)).toEqual(made.names.slice(0, 60))
    await page.goForward()
    await until(page, "document.querySelector('[data-rank]')")
    expect((await namesOf(page))[0]).toBe(nodes[0].name)
  })

  it("an address searches by one image, by several, and without some", async () => {
    const [a, b, c] = ["image-0000", made.names[4], "image-0007"]
    const page = await opened(`#like=${encodeURIComponent(a)},${encodeURIComponent(b)}&unlike=${c}`)
    const found = await namesOf(page)
    expect(found.length).toBe(60)
    for (const one of [a, b, c]) expect(found).not.toContain(one)
    expect(await page.locator(".example").count()).toBe(3)
    expect(await page.locator(".query .soft").textContent()).toContain("Rocchio")
  })

  it("explains in one place that no image has a name, and suggests names", async () => {
    const page = await opened("#like=IMAGE-0012.tif")
    expect(await page.locator("h2").first().textContent()).toBe("All images")
    expect(await page.locator("[role=alert]:not([hidden])").textContent()).toBe(
      "No image of this archive has the name IMAGE-0012.tif. Did you mean image-0012? Search without it"
    )
    expect(await page.locator(".example").count()).toBe(0)
    expect(await page.locator("[role=status]").textContent()).toBe("60 of 90 images, in the order of the archive.")
    await page.locator("[role=alert] a").click()
    await until(page, "location.hash === '#like=image-0012' && document.querySelector('[data-rank]')")
    expect(await page.locator("[role=alert]:not([hidden])").count()).toBe(0)
    const mixed = await opened("#like=image-0001&unlike=nobody")
    expect(await mixed.locator("h2").first().textContent()).toBe("Most similar to image-0001")
    expect(await mixed.locator("[role=alert]:not([hidden])").textContent()).toContain(
      "the name nobody. Search without it"
    )
    await mixed.locator("[role=alert] button").click()
    await until(mixed, "location.hash === '#like=image-0001'")
  })

  it("colours points by classes, and by the cosine once there is a query, unless the reader has chosen", async () => {
    const page = await opened()
    const by = () => page.evaluate<string>("document.querySelector('[aria-label=\"Colour of the points\"]').value")
    expect(await by()).toBe("classes")
    expect(await page.locator(".legend span").allTextContents()).toEqual([...CLASSES, "none of these"])
    await page.locator(".tile .picture").nth(5).click()
    await until(page, "document.querySelector('[data-rank]')")
    expect(await by()).toBe("cosine")
    await page.locator("[aria-label='Colour of the points']").selectOption("plain")
    await page.locator(".tile .picture").nth(2).click()
    await until(page, "document.querySelectorAll('.example').length === 1 && !location.hash.includes('image-0005')")
    await until(page, "!document.querySelector('.tile[data-name=\"image-0002\"]')")
    expect(await by()).toBe("plain")
    await page.locator("[aria-label='Colour of the points']").selectOption("cosine")
    await page.locator(".filters > button.quiet").click()
    await until(page, "!document.querySelector('[data-rank]')")
    expect(await by()).toBe("classes")
  })

  it("selects an example, so that its labels can be corrected", async () => {
    const page = await opened("#like=image-0005")
    await page.locator(".example .choose").click()
    expect(await page.locator(".example .choose").getAttribute("aria-pressed")).toBe("true")
    expect(await page.locator(".selection strong").textContent()).toBe("1 image selected")
    await page.locator(".selection summary").click()
    await until(page, "document.querySelector('.selection input')")
    const leaves = () =>
      page.evaluate<boolean>(
        "(() => { const leaving = new Event('beforeunload', { cancelable: true }); return window.dispatchEvent(leaving) })()"
      )
    expect(await leaves()).toBe(true)
    await page.locator(".selection input").first().click()
    expect(await leaves()).toBe(false)
    await page.locator(".selection > button").click()
    expect(await leaves()).toBe(true)
  })

  it("searches once for a step back, and closes a panel by Escape or a click elsewhere", async () => {
    const page = await opened()
    const turn = () => page.evaluate<number>("Number(document.documentElement.dataset.turn)")
    await page.locator(".tile .picture").nth(5).click()
    await until(page, "document.querySelector('[data-rank]')")
    const before = await turn()
    await page.goBack()
    await until(page, "!document.querySelector('[data-rank]')")
    await page.waitForTimeout(200)
    expect(await turn()).toBe(before + 1)
    const summaries = page.locator(".filters summary")
    for (const i of [0, 1]) {
      await summaries.nth(i).click()
      expect(await page.locator(".filters details[open]").count()).toBe(1)
      await page.keyboard.press("Escape")
      expect(await page.locator(".filters details[open]").count()).toBe(0)
      expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY")
      await summaries.nth(i).click()
      await page.locator("h1").click()
      expect(await page.locator(".filters details[open]").count()).toBe(0)
    }
  })

  it("filters by text and by classes, and keeps the filter in the address", async () => {
    const page = await opened()
    await page.locator("#text").fill("image-001")
    await until(page, "document.querySelectorAll('.tile').length === 10")
    expect(page.url()).toContain("text=image-001")
    await page.locator("details.classes summary").first().click()
    await page.locator("details.classes input[value=water]").first().click()
    await until(page, "document.querySelectorAll('.tile').length === 5")
    expect(await namesOf(page)).toEqual([11, 13, 15, 17, 19].map((i) => made.names[i]))
    expect(page.url()).toContain("labels=water")
  })

  it("several images are selected, found similar to, and shown alone", async () => {
    const page = await opened()
    await page
      .locator(".tile .picture")
      .nth(5)
      .click({ modifiers: ["Control"] })
    await page
      .locator(".tile .picture")
      .nth(7)
      .click({ modifiers: ["Shift"] })
    expect(await page.locator(".selection strong").textContent()).toBe("3 images selected")
    await page.locator(".selection button").nth(1).click()
    await until(page, "document.querySelectorAll('.tile').length === 3")
    await page.locator(".selection button").nth(0).click()
    await until(page, "location.hash.includes('like=image-0005,image-0006,image-0007')")
  })

  it("a lasso and a rectangle on the maps select images, and a place restricts them", async () => {
    const page = await opened()
    const drag = async (map: number, tool: string) => {
      await page.locator(`.mapped [aria-label="${tool}"]`).nth(map).click()
      const box = await page.locator("canvas.map").nth(map).boundingBox()
      if (box === null) throw new Error("the map has no place on the page")
      const corners = [
        [0.02, 0.02],
        [0.8, 0.02],
        [0.8, 0.98],
        [0.02, 0.98]
      ]
      for (const [i, [x, y]] of corners.entries()) {
        await page.mouse.move(box.x + x * box.width, box.y + y * box.height)
        if (i === 0) await page.mouse.down()
        if (i === 2 && tool.includes("rectangle")) break
      }
      await page.mouse.up()
      return Number((await page.locator(".selection strong").textContent())?.split(" ")[0])
    }
    for (const map of [0, 1]) {
      const [lasso, rectangle] = [await drag(map, "Drag draws a lasso"), await drag(map, "Drag draws a rectangle")]
      expect(lasso).toBeGreaterThan(20)
      expect(rectangle).toBe(lasso)
    }
    const near = await opened("#near=40,5,40")
    // A step is 11 km to the north and 8.5 km to the east.
    expect(await namesOf(near)).toEqual(made.names.slice(0, 3))
    expect(await near.locator("summary").allTextContents()).toContain("Place (40 km)")
  })

  it("fingers tap, draw a lasso and a rectangle, and zoom without selecting; all targets are 40 pixels", async () => {
    const page = await opened("", { width: 390, height: 844, touch: true })
    const tools = await page.context().newCDPSession(page)
    const touch = (type: string, ...points: ReadonlyArray<readonly [number, number]>) =>
      tools.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: points.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id }))
      })
    const selected = async () => Number((await page.locator(".selection strong").textContent())?.split(" ")[0])
    /** The canvas of the first map, in the window. */
    const box = async () => {
      await page.evaluate("document.querySelector('canvas.map').scrollIntoView({ block: 'center' })")
      const found = await page.locator("canvas.map").first().boundingBox()
      if (found === null) throw new Error("the map has no place on the page")
      return found
    }
    const choose = (tool: string) => page.locator(`.mapped [aria-label="${tool}"]`).first().click()
    const draw = async (corners: ReadonlyArray<readonly [number, number]>) => {
      const { height, width, x, y } = await box()
      const at = corners.map(([a, b]) => [x + a * width, y + b * height] as const)
      await touch("touchStart", at[0])
      for (const one of at.slice(1)) await touch("touchMove", one)
      await touch("touchEnd")
    }
    await choose("Drag draws a rectangle")
    await draw([
      [0.02, 0.02],
      [0.5, 0.5],
      [0.78, 0.98]
    ])
    const chosen = await selected()
    expect(chosen).toBeGreaterThan(20)
    await choose("Drag draws a lasso")
    const lasso = [
      [0.02, 0.02],
      [0.78, 0.02],
      [0.78, 0.98],
      [0.02, 0.98]
    ] as const
    await draw(lasso)
    expect(await selected()).toBe(chosen)
    // Two fingers that part zoom in; what was selected stays so, and the same lasso holds fewer points afterwards.
    const { height, width, x, y } = await box()
    const middle = [x + width / 2, y + height / 2] as const
    await touch("touchStart", middle, [middle[0] + 20, middle[1]])
    for (const far of [40, 60, 80]) await touch("touchMove", middle, [middle[0] + far, middle[1]])
    await touch("touchEnd")
    expect(await selected()).toBe(chosen)
    await draw(lasso)
    expect(await selected()).toBeLessThan(chosen)
    const small = await page.evaluate<ReadonlyArray<string>>(`
      [...document.querySelectorAll("button, select, summary, nav a, .button, input:not(.hidden)")]
        .filter((one) => one.checkVisibility() && one.type !== "checkbox")
        .map((one) => [one.getBoundingClientRect(), one.getAttribute("aria-label") ?? one.textContent])
        .filter(([{ height, width }]) => height < 40 || width < 40)
        .map(([{ height, width }, name]) => name + " " + width + " x " + height)`)
    expect(small).toEqual([])
    const [first] = await namesOf(page)
    // On a busy machine Chromium takes a tap for a long press now and then, which is no click.
    for (let tries = 0; tries < 10 && !page.url().includes("#like="); tries++) {
      await page.locator(".picture").first().tap()
      await page.waitForTimeout(500)
    }
    await until(page, "document.querySelector('[data-rank]')")
    expect(page.url()).toContain(`#like=${encodeURIComponent(first)}`)
  })

  it("after a zoom, the finger that stays on the map neither zooms nor fails", async () => {
    const page = await opened("", { width: 390, height: 844, touch: true })
    const tools = await page.context().newCDPSession(page)
    await page.evaluate("document.querySelector('canvas.map').scrollIntoView({ block: 'center' })")
    const box = await page.locator("canvas.map").first().boundingBox()
    if (box === null) throw new Error("the map has no place on the page")
    const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]
    const touch = (type: string, ...touchPoints: ReadonlyArray<{ readonly id: number; readonly x: number }>) =>
      tools.send("Input.dispatchTouchEvent", { type, touchPoints: touchPoints.map((one) => ({ ...one, y })) })
    const before = faults.length
    await touch("touchStart", { id: 0, x }, { id: 1, x: x + 20 })
    await touch("touchMove", { id: 0, x }, { id: 1, x: x + 40 })
    await touch("touchEnd", { id: 0, x })
    for (const far of [60, 80]) await touch("touchMove", { id: 1, x: x + far })
    await touch("touchEnd")
    expect(await page.evaluate("document.querySelector('.selection strong')?.textContent ?? ''")).toBe("")
    expect(faults.slice(before)).toEqual([])
  })

  it("a map works by the keyboard: a rectangle, and a search by the nearest point", async () => {
    const page = await opened()
    await page.locator("canvas.map").first().focus()
    for (const key of [
      "Shift+ArrowLeft",
      "Shift+ArrowUp",
      " ",
      "Shift+ArrowRight",
      "Shift+ArrowRight",
      "Shift+ArrowDown",
      "Shift+ArrowDown",
      " "
    ])
      await page.keyboard.press(key)
    expect(await page.locator(".selection strong").textContent()).toMatch(/^\d+ images? selected$/)
    await page.locator("canvas.map").first().focus()
    await page.keyboard.press("Enter")
    await until(page, "location.hash.startsWith('#like=') && document.querySelector('[data-rank]')")
  })

  it("figures lead to the images behind them", async () => {
    const page = await opened("#view=understand")
    await page.locator(".understand h2").first().waitFor()
    expect(await page.locator(".understand h2").allTextContents()).toEqual(
      expect.arrayContaining([
        "Classes",
        "Precision and recall",
        "Classes together",
        "Nearest pairs",
        "Likely wrong labels"
      ])
    )
    if (hasAxe) expect(await axeViolations(page)).toEqual([])
    await page.locator(".bars a").first().click()
    await until(page, "location.hash.startsWith('#labels=')")
    expect((await tilesOf(page)).length).toBe(45)
    await page.goBack()
    const bars = page.locator(".histogram a")
    const images = await bars.first().locator("b").textContent()
    await bars.first().click()
    await until(page, "location.hash.startsWith('#ap=')")
    expect(await page.locator("h2").first().textContent()).toMatch(/^Queries with an average precision of \d/)
    await until(page, `document.querySelectorAll('.tile').length === Math.min(60, ${images})`)
    await page.goBack()
    await page.locator(".keys a").click()
    await until(page, "location.hash === '#ap=0,1'")
    await page.goBack()
    const pairs = page.locator(".figure:has(.more)").first()
    expect(await pairs.locator(".pairs li").count()).toBe(18)
    const all = Number(/\d+/.exec((await pairs.locator(".more").textContent()) ?? ""))
    await pairs.locator(".more").click()
    expect(await page.locator(".pairs li").count()).toBeGreaterThanOrEqual(all)
    await page.locator(".pairs a").first().click()
    await until(page, "document.querySelectorAll('.tile').length === 2")
    const about = await opened("#view=about")
    expect(await about.locator("main").textContent()).toContain("float32")
    if (hasAxe) expect(await axeViolations(about)).toEqual([])
  })

  it("exports results, and labels corrected by hand that an archive of one's own reads back", async () => {
    const page = await opened("#like=image-0001")
    await page.evaluate(
      "kept = []; const made = URL.createObjectURL.bind(URL); URL.createObjectURL = (blob) => { kept.push(blob.text()); return made(blob) }"
    )
    const last = () => page.evaluate<string>("kept.at(-1)")
    await page.locator(".exports button").nth(0).click()
    const [header, first] = (await last()).split("\n")
    const [{ name, score }] = await tilesOf(page)
    expect(header).toBe("rank,name,score,label_similarity,labels")
    expect(first.startsWith(`1,${name},${score},`)).toBe(true)
    await page.locator(".exports button").nth(1).click()
    expect(JSON.parse(await last())[0]).toMatchObject({ rank: 1, name, score: Number(score) })
    await page.locator(`.tile[data-name="${name}"] .picture`).click({ modifiers: ["Control"] })
    await page.locator(".selection summary").click()
    await until(page, "document.querySelector('.selection input')")
    const before = await page.evaluate<boolean>("document.querySelector('.selection input').checked")
    await page.locator(".selection input").first().click()
    await page.locator(".selection > button").click()
    const table = join(made.home, "pictures", "labels.csv")
    writeFileSync(table, await last())
    const archive = await openArchive(join(made.home, "pictures"), { kind: "folder" })
    const read = async (one: string) => {
      const { labels } = await archive.reference(one)
      return CLASSES.map((label) => (labels.includes(label) ? 1 : 0))
    }
    const number = made.names.indexOf(name)
    expect(await read(name)).toEqual([before ? 0 : 1, ...labelsOf(number).slice(1)])
    expect(await read("image-0001")).toEqual(labelsOf(1))
    rmSync(table)
  })

  it("works by the keyboard alone", async () => {
    const page = await opened()
    await page.keyboard.press("/")
    expect(await page.evaluate("document.activeElement.id")).toBe("text")
    await page.locator(".tile .picture").first().focus()
    for (const key of ["ArrowRight", "ArrowRight", "x", "ArrowLeft", "+"]) await page.keyboard.press(key)
    await until(page, "location.hash === '#like=image-0001'")
    expect(await page.locator(".selection strong").textContent()).toBe("1 image selected")
    await page.locator(".tile .picture").first().focus()
    await page.keyboard.press("Enter")
    await until(page, "location.hash !== '#like=image-0001'")
    await until(page, "document.activeElement.className === 'picture'")
  })

  it("fits a phone, light and dark, and breaks no rule of accessibility", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 390]) {
        const page = await opened("#like=image-0001,image-0002", { width, colorScheme })
        await page.locator(".tile .acts button").nth(2).click({ force: true })
        expect(await overflow(page)).toBe(0)
        if (hasAxe) expect(await axeViolations(page)).toEqual([])
      }
    }
  })

  it("moves nothing for readers who want no motion", async () => {
    const page = await opened()
    const motion = () => page.evaluate<string>("getComputedStyle(document.querySelector('.acts')).transitionDuration")
    await page.emulateMedia({ reducedMotion: "no-preference" })
    expect(await motion()).toBe("0.12s")
    await page.emulateMedia({ reducedMotion: "reduce" })
    expect(await motion()).toBe("0s")
  })

  it("prints its pictures, dark on white", async () => {
    const page = await opened("#like=image-0001", { colorScheme: "dark" })
    await page.emulateMedia({ media: "print" })
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(28, 36, 48)")
    await page.emulateMedia({ media: null })
    const pdf = Buffer.from(await page.pdf()).toString("latin1")
    expect(pdf.match(/\/Subtype\s*\/Image/g)?.length ?? 0).toBeGreaterThan(5)
  })

  it("meets no error and no blocked request", () => {
    expect(cell("a,b")).toBe('"a,b"')
    expect(faults).toEqual([])
  })
})

describeInBrowser("files that are dropped on the explorer", (open) => {
  let made: Awaited<ReturnType<typeof exploredNetwork>>
  beforeAll(async () => {
    made = await exploredNetwork(8)
  })
  afterAll(() => rmSync(made.home, { recursive: true, force: true }))

  it("a GeoTIFF is embedded as Node embeds it, and searched for; back undoes it", async () => {
    const page = await open()
    await page.goto(made.url)
    await shown(page)
    for (const i of [0, 5]) {
      await page.locator("#upload").setInputFiles(made.copy(i, `mine-${i}.tif`))
      await until(page, `document.querySelector('h2')?.textContent === 'Most similar to mine-${i}'`)
      const [first, second] = await tilesOf(page)
      expect(first.name).toBe(`scene-${i}`)
      // Of vectors of length 1, |a - b|^2 = 2 - 2 cos: each value is then within 1e-4.
      expect(Number(first.score)).toBeGreaterThan(1 - 5e-9)
      expect(Number(second.score)).toBeLessThan(Number(first.score))
    }
    const heading = (text: string) => until(page, `document.querySelector('h2')?.textContent === '${text}'`)
    await page.goBack()
    await heading("Most similar to mine-0")
    await page.goBack()
    await until(page, "document.querySelectorAll('[data-rank]').length === 0")
    await page.goForward()
    await heading("Most similar to mine-0")
    await page.locator("nav a").nth(1).click()
    await page.locator(".understand h2").first().waitFor()
    await page.goBack()
    await heading("Most similar to mine-0")
    await page.locator(".example button").click()
    await heading("All images")
  })

  it("TIFFs of other packings are embedded as well; ZSTD and 16-bit PNG are refused with the remedy", async () => {
    const page = await open()
    await page.goto(made.url)
    await shown(page)
    const bands = await decodeTiffBands(readFileSync(made.copy(3, "plain.tif")), "plain.tif")
    const [{ height, width }] = bands
    const pixels = Uint16Array.from({ length: height * width * 3 }, (_, i) => bands[i % 3].data[Math.floor(i / 3)])
    const image = () => sharp(pixels, { raw: { width, height, channels: 3 } }).toColourspace("rgb16")
    const file = async (name: string, made16: ReturnType<typeof image>) => {
      const path = join(made.home, name)
      writeFileSync(path, await made16.toBuffer())
      return path
    }
    for (const compression of ["lzw", "deflate"] as const) {
      const path = await file(`${compression}.tif`, image().tiff({ compression, predictor: "horizontal" }))
      await page.locator("#upload").setInputFiles(path)
      await until(page, `document.querySelector('h2')?.textContent === 'Most similar to ${compression}'`)
      const [first] = await tilesOf(page)
      expect(first.name).toBe("scene-3")
      expect(Number(first.score)).toBeGreaterThan(1 - 5e-9)
    }
    // sharp packs no ZSTD; the number of the packing is enough for the message.
    const packed = readFileSync(made.copy(3, "packed.tif"))
    packed.writeUInt16LE(50_000, packed.indexOf(Buffer.from([3, 1, 3, 0, 1, 0, 0, 0])) + 8)
    writeFileSync(join(made.home, "packed.tif"), packed)
    for (const [path, said] of [
      [join(made.home, "packed.tif"), "ZSTD is not read in the browser"],
      [await file("deep.png", image().png()), "deep.png: has 16 bits per channel. Convert it to a TIFF."]
    ]) {
      await page.locator("#upload").setInputFiles(path)
      await until(page, `document.querySelector('[role=alert]')?.textContent.includes(${JSON.stringify(said)})`)
    }
  })

  it("what cannot be read is explained, and the page goes on", async () => {
    const page = await open()
    await page.goto(made.url)
    await shown(page)
    const broken = join(made.home, "broken.tif")
    writeFileSync(broken, "no image")
    for (const [path, said] of [
      [broken, "broken.tif"],
      [join(made.home, "constants.json"), "constants.json"]
    ]) {
      await page.locator("#upload").setInputFiles(path)
      await until(page, `document.querySelector('[role=alert]')?.textContent.includes(${JSON.stringify(said)})`)
    }
    const several = [made.copy(1, "one.tif"), made.copy(2, "two.tif")]
    await page.locator("#upload").setInputFiles(several)
    await until(page, "document.querySelector('[role=alert]')?.textContent.includes('several images')")
    expect((await tilesOf(page)).length).toBe(8)
    if (hasAxe) expect(await axeViolations(page)).toEqual([])
  })
})

describeInBrowser("the explorer over HTTP", (open) => {
  let made: Explored
  let server: Server
  beforeAll(async () => {
    made = await explored(40)
    server = explorerServer(await openExplorer(fileURLToPath(new URL(".", made.url))), {
      token: "a-long-token",
      hosts: undefined
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  })
  afterAll(() => {
    server.close()
    rmSync(made.home, { recursive: true, force: true })
  })

  it("finds by the server what it finds from disk", async () => {
    const faults: Array<string> = []
    const { port } = server.address() as AddressInfo
    const served = await open()
    served.on("pageerror", ((fault: Error) => faults.push(fault.message)) as never)
    // Also files that the server does not have: browsers ask for a picture of the page of their own accord.
    served.on("console", ((message: { type: () => string; text: () => string }) => {
      if (message.type() === "error") faults.push(message.text())
    }) as never)
    await served.goto(`http://127.0.0.1:${port}/?token=a-long-token#like=image-0001&unlike=image-0002`)
    const local = await open()
    await local.goto(`${made.url}#like=image-0001&unlike=image-0002`)
    const [found, expected] = await Promise.all(
      [served, local].map(async (page) => {
        await until(page, "document.querySelector('[data-rank]')")
        return tilesOf(page)
      })
    )
    expect(found.length).toBe(38)
    expect(found).toEqual(expected)
    expect(faults).toEqual([])
  })
})

describeInBrowser("the explorer with tiles of a server", (open) => {
  const asked: Array<string> = []
  let made: Explored
  const tiles = createServer(({ url = "" }, response) => {
    asked.push(url)
    response.writeHead(200, { "content-type": "image/png" }).end(tile)
  })
  let tile: Buffer
  beforeAll(async () => {
    tile = await sharp({ create: { width: 256, height: 256, channels: 3, background: "#ff0000" } })
      .png()
      .toBuffer()
    await new Promise<void>((done) => tiles.listen(0, "127.0.0.1", done))
    const { port } = tiles.address() as AddressInfo
    made = await explored(8, { set: [`page.explore.tiles=http://127.0.0.1:${port}/{z}/{x}/{y}.png`] })
  })
  afterAll(() => {
    tiles.close()
    rmSync(made.home, { recursive: true, force: true })
  })

  it("draws them behind the map of the Earth, and contacts nobody else", async () => {
    const page = await open()
    const requests: Array<string> = []
    page.on("request", ((request: { url: () => string }) => requests.push(request.url())) as never)
    await page.goto(made.url)
    await shown(page)
    await until(page, "document.querySelectorAll('canvas.map').length === 2")
    for (let tries = 0; asked.length === 0 && tries < 100; tries++) await page.waitForTimeout(50)
    expect(asked.length).toBeGreaterThan(0)
    for (const url of asked) expect(url).toMatch(/^\/\d+\/\d+\/\d+\.png$/)
    const { port } = tiles.address() as AddressInfo
    const other = requests.filter((url) => !/^(file|blob|data):/.test(url))
    for (const url of other) expect(url.startsWith(`http://127.0.0.1:${port}/`)).toBe(true)
  })
})
