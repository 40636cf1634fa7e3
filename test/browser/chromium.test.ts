import { expect, it } from "vitest"
import { axeViolations, describeInBrowser, hasAxe, overflow } from "./chromium.ts"

const show = (body: string) => `data:text/html,${encodeURIComponent(`<!doctype html><title>t</title>${body}`)}`

describeInBrowser("a page in Chromium", (open) => {
  it("has the width that it was opened with, and overflows if its content is wider", async () => {
    const page = await open({ width: 390, height: 800 })
    await page.goto(show("<div>narrow</div>"))
    expect(await page.evaluate("innerWidth")).toBe(390)
    expect(await overflow(page)).toBe(0)
    await page.goto(show('<meta name="viewport" content="width=device-width"><div style="width:1000px">wide</div>'))
    expect(await overflow(page)).toBeGreaterThan(500)
  })

  it.skipIf(!hasAxe)("is found inaccessible if a picture has no text", async () => {
    const page = await open()
    await page.goto(show('<html lang="en"><main><h1>a</h1><img src="data:,"></main>'))
    expect((await axeViolations(page)).join()).toContain("image-alt")
    await page.goto(show('<html lang="en"><main><h1>a</h1></main>'))
    expect(await axeViolations(page)).toEqual([])
  })
})
