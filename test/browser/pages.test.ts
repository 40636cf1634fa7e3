/** Report pages in a real browser: on screens, on a phone, on paper, and with a keyboard. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { axeViolations, describeInBrowser, hasAxe, overflow, type Page } from "./chromium.ts"
import { removePages, samplePages } from "./sample-pages.ts"

const NAMES = ["report", "wide", "compare", "groups", "audit", "search", "list"] as const

describeInBrowser("report pages", (open) => {
  let pages: Awaited<ReturnType<typeof samplePages>>
  beforeAll(async () => {
    pages = await samplePages()
  })
  afterAll(() => removePages(pages))

  const visible = (page: Page) =>
    page.evaluate<ReadonlyArray<string>>(
      `[...document.querySelectorAll(".strip:not([hidden]) h3")].map((heading) => heading.textContent.split(" ")[1])`
    )

  it("fit a phone without scrolling sideways, and show the deciding column", async () => {
    const page = await open({ width: 390, height: 800 })
    for (const name of NAMES) {
      await page.goto(pages[name])
      expect(await overflow(page), name).toBe(0)
    }
    for (const [name, column] of [
      ["report", "trained"],
      ["wide", "ja"],
      ["compare", "outputs/experiment-1-oml"]
    ] as const) {
      await page.goto(pages[name])
      const right = await page.evaluate<number>(
        `[...document.querySelectorAll("thead th")].find((head) => head.textContent === "${column}").getBoundingClientRect().right`
      )
      expect(right, name).toBeLessThanOrEqual(390)
    }
    await page.goto(pages.compare)
    const ends = (cells: string) =>
      page.evaluate<number>(
        `Math.max(...[...document.querySelectorAll("${cells}")].map((one) => one.getBoundingClientRect().right))`
      )
    expect(await ends("tbody td:nth-child(3) small")).toBeLessThanOrEqual(390)
    await page.goto(pages.groups)
    expect(await ends("tbody td:last-child")).toBeLessThanOrEqual(390)
  })

  it("print their pictures and bars, in light colours, with the configuration open and no blank page", async () => {
    const page = await open({ colorScheme: "dark" })
    await page.goto(pages.report)
    const pdf = Buffer.from(await page.pdf({ format: "A4" })).toString("latin1")
    expect(pdf.match(/\/Subtype\s*\/Image/g)?.length).toBeGreaterThanOrEqual(12)
    await page.emulateMedia({ media: "print" })
    const shown = await page.evaluate<Record<string, string | number | boolean>>(`({
      adjust: getComputedStyle(document.querySelector(".bar i")).printColorAdjust,
      configuration: document.querySelector("details pre").checkVisibility({ contentVisibilityAuto: true }),
      height: document.querySelector("details pre").getBoundingClientRect().height,
      ink: getComputedStyle(document.body).color,
      tools: getComputedStyle(document.getElementById("tools")).display
    })`)
    expect(shown).toMatchObject({ adjust: "exact", configuration: true, ink: "rgb(28, 36, 48)", tools: "none" })
    expect(shown.height).toBeGreaterThan(500)
    // What may not be broken must be shorter than a page.
    const tallest = await page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll("*")].filter((one) => getComputedStyle(one).breakInside === "avoid").map((one) => one.getBoundingClientRect().height))`
    )
    expect(tallest).toBeLessThan(900)
  })

  it("keep filter and order in the address, so that a link shows the same", async () => {
    const page = await open()
    await page.goto(pages.report)
    expect(await visible(page)).toHaveLength(8)
    const [classes, order] = [page.locator("#tools select").first(), page.locator("#tools select").nth(1)]
    await classes.selectOption({ label: "Marine waters" })
    expect(await visible(page)).toEqual(["5"])
    await classes.selectOption({ label: "Urban fabric" })
    await order.selectOption("best")
    expect(await visible(page)).toEqual(["6", "1"])
    expect(page.url()).toContain("#class=Urban+fabric&order=best")
    const second = await open()
    await second.goto(page.url())
    expect(await visible(second)).toEqual(["6", "1"])
    await second.goto(`${pages.report}#class=none+such&order=odd`)
    expect(await visible(second)).toHaveLength(8)
  })

  it("enlarge a picture by keyboard, go through its strip, and give the focus back", async () => {
    const page = await open()
    await page.goto(pages.report)
    const dialog = page.locator("#larger")
    const heading = () => dialog.locator("h2").textContent()
    await page.locator(".strip .tiles button").first().focus()
    await page.keyboard.press("Enter")
    expect(await dialog.isVisible()).toBe(true)
    expect(await heading()).toBe("S2B_MSIL2A_20180421T114349_0_0")
    expect(await dialog.locator(".facts").textContent()).toBe("#1 score 0.990 · labels 1.00")
    await page.keyboard.press("ArrowRight")
    expect(await heading()).toBe("S2B_MSIL2A_20180421T114349_0_1")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    expect(await heading()).toBe("S2A_MSIL2A_20170613T101031_0_45")
    await page.keyboard.press("Escape")
    expect(await dialog.isVisible()).toBe(false)
    expect(await page.evaluate("document.activeElement.title")).toBe("S2B_MSIL2A_20180421T114349_0_0")
  })

  it("fill each row of tiles, and paint pictures that are far below the window", async () => {
    const page = await open()
    await page.goto(pages.report)
    const rows = await page.evaluate<ReadonlyArray<number>>(`(() => {
      const tops = [...document.querySelectorAll(".strip:last-child .tiles > li")].map((tile) => tile.offsetTop)
      return [...new Set(tops)].map((top) => tops.filter((one) => one === top).length)
    })()`)
    expect(rows).toEqual([5, 5])
    expect(await page.evaluate(`getComputedStyle(document.querySelector(".strip")).contentVisibility`)).toBe("visible")
  })

  it("mark losses otherwise than gains, and state p-values in the table", async () => {
    const page = await open()
    await page.goto(pages.compare)
    const cells = await page.evaluate<ReadonlyArray<readonly [string, string]>>(
      `[...document.querySelectorAll("tbody tr:first-child td")].map((cell) => [cell.className, cell.innerText])`
    )
    expect(cells[0]).toEqual(["pair", "0.5000"])
    expect(cells[1][0]).toBe("pair best")
    expect(cells[1][1]).toMatch(/\+0\.0500 ▲[\s\S]*p < 0\.001, n = 262/)
    expect(cells[2][0]).toBe("pair worse")
    expect(cells[2][1]).toContain("-0.0600 ▼")
    expect(cells[3][0]).toBe("pair")
    expect(cells[3][1]).toContain("p = 0.610")
    const colour = (kind: string) => page.evaluate(`getComputedStyle(document.querySelector("td.${kind} .mean")).color`)
    expect(await colour("best")).not.toBe(await colour("worse"))
  })

  it("state p-values of groups that resamples cannot tell from 0 as such, and colour losses otherwise than gains", async () => {
    const page = await open()
    await page.goto(pages.groups)
    const cells = await page.evaluate<ReadonlyArray<string>>(
      "[...document.querySelectorAll('.groups tbody td:last-child')].map((cell) => cell.textContent).slice(0, 5)"
    )
    expect(cells).toEqual(["", "< 0.001", "< 0.001", "0.610", ""])
    const colour = (kind: string) => page.evaluate(`getComputedStyle(document.querySelector("td.${kind} span")).color`)
    expect(await colour("up")).not.toBe(await colour("down"))
  })

  it("let the keyboard scroll wide tables", async () => {
    const page = await open({ width: 390, height: 800 })
    await page.goto(pages.compare)
    await page.locator(".scroll").first().focus()
    await page.keyboard.press("ArrowRight")
    await page.waitForFunction(`document.querySelector(".scroll").scrollLeft > 0`)
    const first = await page.locator("tbody th").first().boundingBox()
    expect(first?.x).toBeGreaterThanOrEqual(0)
  })

  it("say that an archive has no splits, without a chart of one bar", async () => {
    const page = await open()
    await page.goto(pages.audit)
    expect(await page.locator("figcaption").allTextContents()).toEqual(["Patches by their number of labels"])
    const sentences = (await page.locator("main p").allTextContents()).join()
    expect(sentences).toContain("Patches by split: all 2,400 under “no split”.")
    expect(sentences).toContain("Distinct label sets: 31.")
  })

  it.skipIf(!hasAxe)("are accessible, in light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ colorScheme })
      for (const name of NAMES) {
        await page.goto(pages[name])
        expect(await axeViolations(page), `${name}, ${colorScheme}`).toEqual([])
      }
    }
  })
})
