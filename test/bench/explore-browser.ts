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
  readonly what: "first images" | "first search" | "next search"
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

/** Milliseconds from an action until an expression is true in the page. */
const until = async (page: Page, act: () => Promise<unknown>, expression: string): Promise<number> => {
  const begun = performance.now()
  await act()
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) await new Promise((done) => setTimeout(done, 5))
  return performance.now() - begun
}

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
    const address = pathToFileURL(file).href
    const first = await until(
      page,
      () => page.goto(address, { waitUntil: "commit" }),
      "document.querySelector('.tile')"
    )
    await until(page, async () => undefined, "!document.querySelector('progress')")
    const names = await page.evaluate<ReadonlyArray<string>>(
      "[...document.querySelectorAll('.tile')].map(({ dataset }) => dataset.name)"
    )
    const searched = async (name: string) => {
      const turn = await page.evaluate<string>("document.documentElement.dataset.turn")
      return until(
        page,
        () => page.evaluate(`location.hash = "like=" + encodeURIComponent(${JSON.stringify(name)})`),
        `document.documentElement.dataset.turn !== ${JSON.stringify(turn)} && document.querySelector('[data-rank]')`
      )
    }
    return [
      { what: "first images", milliseconds: first },
      { what: "first search", milliseconds: await searched(names[3]) },
      { what: "next search", milliseconds: await searched(names[9]) }
    ]
  } finally {
    await browser.close()
  }
}
