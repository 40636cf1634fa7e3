/**
 * Tests of pages in a real browser. They need the package `playwright-core` and Chromium: `/usr/bin/chromium`, or the program
 * that `CHROMIUM` names. Without them the tests are skipped, and their names say what is missing. `axe-core` checks that pages
 * are accessible.
 *
 * The interfaces below hold the part of Playwright that the tests use, so that they compile without the package.
 */
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { afterAll, beforeAll, describe } from "vitest"

export interface Locator {
  readonly click: (options?: { readonly modifiers?: ReadonlyArray<string>; readonly force?: boolean }) => Promise<void>
  readonly tap: () => Promise<void>
  readonly fill: (text: string) => Promise<void>
  readonly focus: () => Promise<void>
  readonly press: (key: string) => Promise<void>
  readonly hover: () => Promise<void>
  readonly count: () => Promise<number>
  readonly first: () => Locator
  readonly nth: (index: number) => Locator
  readonly locator: (selector: string) => Locator
  readonly isVisible: () => Promise<boolean>
  readonly textContent: () => Promise<string | null>
  readonly getAttribute: (name: string) => Promise<string | null>
  readonly allTextContents: () => Promise<ReadonlyArray<string>>
  readonly selectOption: (value: string | { readonly label: string }) => Promise<unknown>
  readonly setInputFiles: (paths: string | ReadonlyArray<string>) => Promise<void>
  readonly boundingBox: () => Promise<{ x: number; y: number; width: number; height: number } | null>
  readonly waitFor: (options?: { readonly state?: string; readonly timeout?: number }) => Promise<void>
}

/** Chromium's own protocol, for fingers on the screen. */
export interface DevTools {
  readonly send: (method: string, parameters?: object) => Promise<unknown>
}

export interface Page {
  readonly goto: (url: string, options?: { readonly waitUntil?: string }) => Promise<unknown>
  readonly goBack: () => Promise<unknown>
  readonly goForward: () => Promise<unknown>
  readonly reload: () => Promise<unknown>
  readonly url: () => string
  readonly locator: (selector: string) => Locator
  /** Runs JavaScript in the page; the value of the last expression comes back, awaited. */
  readonly evaluate: <A = unknown>(script: string) => Promise<A>
  /** Waits until the expression is true in the page. */
  readonly waitForFunction: (
    script: string,
    argument?: unknown,
    options?: { readonly timeout?: number }
  ) => Promise<unknown>
  readonly waitForTimeout: (milliseconds: number) => Promise<void>
  readonly setViewportSize: (size: { readonly width: number; readonly height: number }) => Promise<void>
  readonly emulateMedia: (options: {
    readonly media?: "screen" | "print" | null
    readonly colorScheme?: "light" | "dark" | null
    readonly reducedMotion?: "reduce" | "no-preference" | null
  }) => Promise<void>
  readonly keyboard: {
    readonly press: (key: string) => Promise<void>
    readonly type: (text: string) => Promise<void>
    readonly down: (key: string) => Promise<void>
    readonly up: (key: string) => Promise<void>
  }
  readonly mouse: {
    readonly move: (x: number, y: number) => Promise<void>
    readonly down: () => Promise<void>
    readonly up: () => Promise<void>
  }
  readonly screenshot: (options?: { readonly path?: string; readonly fullPage?: boolean }) => Promise<Uint8Array>
  readonly pdf: (options?: { readonly path?: string; readonly format?: string }) => Promise<Uint8Array>
  readonly context: () => { readonly newCDPSession: (page: Page) => Promise<DevTools> }
  readonly on: (event: string, listener: (event: never) => void) => void
  readonly close: () => Promise<void>
}

export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: "light" | "dark"
  readonly touch?: boolean
}

interface Browser {
  readonly newContext: (options: object) => Promise<{ readonly newPage: () => Promise<Page> }>
  readonly close: () => Promise<void>
}

/** Loads a package that a clone does not install; `name` is a variable so that the compiler does not look for it. */
const load = async <A>(name: string): Promise<A | undefined> => {
  try {
    return (await import(name)) as A
  } catch {
    return undefined
  }
}

interface Playwright {
  readonly chromium: { readonly launch: (options: object) => Promise<Browser> }
}

const program = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && existsSync(path)
)
const playwright = await load<Playwright | { readonly default: Playwright }>("playwright-core")

/** Packages and programs that this machine lacks. */
const missing = [
  ...(program === undefined ? ["Chromium"] : []),
  ...(playwright === undefined ? ["playwright-core"] : [])
]

/** Opens a page of the given size: 1280 x 900 by default. */
export type OpenPage = (options?: PageOptions) => Promise<Page>

/**
 * A group of tests that share one browser. It is skipped if Chromium or Playwright is absent.
 *
 * @param tests gets the function that opens a page; only tests call it
 */
export const describeInBrowser = (name: string, tests: (open: OpenPage) => void): void => {
  const title = missing.length === 0 ? name : `${name} (skipped without ${missing.join(" and ")})`
  describe.skipIf(missing.length > 0)(title, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      const api = playwright as Playwright & { readonly default?: Playwright }
      const { chromium } = api.chromium === undefined ? (api.default as Playwright) : api
      browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu"] })
    })
    afterAll(() => browser?.close())
    tests(async ({ colorScheme = "light", height = 900, touch = false, width = 1280 } = {}) => {
      const context = await browser?.newContext({ viewport: { width, height }, colorScheme, hasTouch: touch })
      return (await context?.newPage()) as Page
    })
  })
}

const require = createRequire(import.meta.url)

/** The source of axe-core; undefined if the package is absent. */
const axeSource = (): string | undefined => {
  try {
    return readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")
  } catch {
    return undefined
  }
}

/** Whether `axe-core` is installed; tests of accessibility are skipped without it. */
export const hasAxe = axeSource() !== undefined

/** Accessibility rules that the page breaks, each with the elements concerned; an empty list if it breaks none. */
export const axeViolations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(`${axeSource()}; undefined`)
  return page.evaluate<ReadonlyArray<string>>(
    `axe.run({ preload: false }).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => id + " (" + help + "): " + target.join(" "))))`
  )
}

/** How many pixels the page is wider than its window; more than 0 makes the reader scroll sideways. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth")
