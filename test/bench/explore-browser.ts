/** How soon an explorer's page in Chromium shows images and answers searches. */
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"

interface Page {
  readonly goto: (url: string, options: { readonly waitUntil: string }) => Promise<unknown>
  readonly evaluate: <A>(script: string) => Promise<A>
}
interface Playwright {
  readonly chromium: {
    readonly launch: (options: object) => Promise<{
      readonly newPage: () => Promise<Page>
      readonly close: () => Promise<void>
    }>
  }
}

export interface Waited {
  readonly what: "first picture" | "first search" | "next search"
  readonly milliseconds: number
}

const program = process.env.CHROMIUM ?? "/usr/bin/chromium"

/** Loads a package that a clone does not install; `name` is a variable so that the compiler does not look for it. */
const load = async (name: string): Promise<Playwright | undefined> => {
  try {
    const loaded = (await import(name)) as Playwright & { readonly default?: Playwright }
    return loaded.chromium === undefined ? loaded.default : loaded
  } catch {
    return undefined
  }
}

/** Waits until an expression is true in the page. */
const until = async (page: Page, expression: string): Promise<void> => {
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) await new Promise((done) => setTimeout(done, 5))
}

/** Milliseconds from a click on a picture until its results are on the screen, by the page's own clock. */
const clicked = (page: Page, picture: number): Promise<number> =>
  page.evaluate<number>(`new Promise((done) => {
    const root = document.documentElement
    const begun = performance.now()
    new MutationObserver((_, observer) => {
      if (!document.querySelector("[data-rank]")) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)))
    }).observe(root, { attributeFilter: ["data-turn"] })
    // The detail of a mouse; without it, the page moves the focus as after a key.
    document.querySelectorAll(".picture")[${picture}].dispatchEvent(new MouseEvent("click", { detail: 1, bubbles: true }))
  })`)

/** Milliseconds that a reader looks at the page before the first click. */
const LOOKING = 1000

/** Opens the page from disk, and searches by two of its images once its vectors are loaded; empty without Chromium. */
export const inBrowser = async (file: string): Promise<ReadonlyArray<Waited>> => {
  const playwright = existsSync(program) ? await load("playwright-core") : undefined
  if (playwright === undefined) return []
  const browser = await playwright.chromium.launch({
    executablePath: program,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
  })
  try {
    const page = await browser.newPage()
    const begun = performance.now()
    await page.goto(pathToFileURL(file).href, { waitUntil: "commit" })
    await until(page, "document.querySelector('canvas[data-drawn]')")
    const first = performance.now() - begun
    await until(page, "!document.querySelector('progress')")
    await new Promise((done) => setTimeout(done, LOOKING))
    return [
      { what: "first picture", milliseconds: first },
      { what: "first search", milliseconds: await clicked(page, 3) },
      { what: "next search", milliseconds: await clicked(page, 9) }
    ]
  } finally {
    await browser.close()
  }
}
