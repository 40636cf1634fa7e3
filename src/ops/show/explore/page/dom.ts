/** Elements. Text is always set as text, so names that look like HTML stay text. */

type Child = Node | string | undefined | false
type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>

/** Sets attributes; `on…` adds a listener, true an empty attribute, false and undefined none. */
const set = (element: Element, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
}

/** An element of HTML. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  set(element, attributes)
  for (const child of children) if (child !== undefined && child !== false) element.append(child)
  return element
}

/** An element of SVG. */
export const s = (tag: string, attributes: Attributes = {}, ...children: ReadonlyArray<Child>): SVGElement => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  set(element, attributes)
  for (const child of children) if (child !== undefined && child !== false) element.append(child)
  return element
}

/** A number with thousands separators. */
export const grouped = (count: number): string => count.toLocaleString("en")

/** A number with its noun. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`

/** Runs work once the browser has nothing else to do. */
export const whenIdle = (work: () => void): void => {
  // Safari has no `requestIdleCallback`.
  if (window.requestIdleCallback === undefined) setTimeout(work, 200)
  else window.requestIdleCallback(work)
}

/** Returns a function that has `work` run once after the next frame is on the screen, however often it is called before. */
export const afterFrame = (work: () => void): (() => void) => {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() =>
      setTimeout(() => {
        asked = false
        work()
      })
    )
  }
}

/** Offers a text as a file to keep. */
export const download = (name: string, type: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  h("a", { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
