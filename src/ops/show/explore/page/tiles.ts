/** The grid of pictures. */
import { type Archive, classesOf } from "./archive.ts"
import { h, whenIdle } from "./dom.ts"
import type { Result } from "./results.ts"
import { drawThumbnail } from "./thumbnails.ts"

/** What a person does with a picture. */
export interface Actions {
  readonly search: (image: number, byKey: boolean) => void
  readonly more: (image: number) => void
  readonly less: (image: number) => void
  readonly select: (image: number, range: boolean) => void
  readonly hover: (image: number | undefined) => void
}

/** Milliseconds after which pictures far below the window are drawn, too, so that printing finds them. */
const LATER = 1500

/** Pictures are drawn when they come near the window, and all of them if the reader stays. */
const makeDrawing = (archive: Archive) => {
  const waiting = new Set<HTMLCanvasElement>()
  const draw = (canvas: HTMLCanvasElement) => {
    waiting.delete(canvas)
    observer.unobserve(canvas)
    drawThumbnail(archive, Number(canvas.dataset.image), canvas)
  }
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) draw(target as HTMLCanvasElement)
    },
    { rootMargin: "600px" }
  )
  let timer: number | undefined
  return {
    add: (canvas: HTMLCanvasElement) => {
      waiting.add(canvas)
      observer.observe(canvas)
      clearTimeout(timer)
      timer = window.setTimeout(() => whenIdle(() => [...waiting].forEach(draw)), LATER)
    },
    clear: () => {
      clearTimeout(timer)
      observer.disconnect()
      waiting.clear()
    }
  }
}

/** Words for a cosine and a label similarity. */
const described = ({ rank, score, similarity }: Result): string =>
  [
    score === undefined ? "" : `, rank ${rank}, cosine ${score.toFixed(3)}`,
    similarity === undefined ? "" : `, label similarity ${similarity.toFixed(2)}`
  ].join("")

const action = (label: string, sign: string, act: () => void, pressed?: boolean) =>
  h(
    "button",
    {
      type: "button",
      tabindex: -1,
      title: label,
      "aria-label": label,
      "aria-pressed": pressed === undefined ? undefined : String(pressed),
      onclick: act
    },
    sign
  )

/** A number as a bar, whose width is set by script, since the page's policy forbids style in elements. */
const bar = (share: number): HTMLElement => {
  const inner = h("i")
  inner.style.width = `${Math.round(100 * Math.max(0, Math.min(1, share)))}%`
  return h("span", { class: "bar", "aria-hidden": "true" }, inner)
}

/** Letters at the end of a name that are always shown: names of one archive often differ there. */
const TAIL = 8

/** A name in two parts: the first is cut if there is no room. */
export const ends = (name: string): ReadonlyArray<HTMLElement> =>
  name.length <= 2 * TAIL
    ? [h("span", {}, name)]
    : [h("span", {}, name.slice(0, -TAIL)), h("span", {}, name.slice(-TAIL))]

export interface Tiles {
  readonly element: HTMLElement
  /** Replaces the pictures. */
  readonly show: (results: ReadonlyArray<Result>, shared: ReadonlySet<string>) => void
  readonly add: (results: ReadonlyArray<Result>, shared: ReadonlySet<string>) => void
  /** Shows which pictures are selected. */
  readonly mark: (selected: ReadonlySet<number>) => void
  readonly focusFirst: () => void
}

/** Number of columns that the browser has made. */
const columnsOf = (items: ReadonlyArray<HTMLElement>): number => {
  const top = items[0]?.offsetTop
  const next = items.findIndex((item) => item.offsetTop !== top)
  return next < 0 ? Math.max(1, items.length) : next
}

/** Moves the focus by arrow keys, as in a grid; one picture of all can be reached by Tab. */
const moveFocus = (list: HTMLElement, event: KeyboardEvent): boolean => {
  const items = Array.from(list.children, (item) => item as HTMLElement)
  const at = items.findIndex((item) => item.contains(document.activeElement))
  if (at < 0) return false
  const columns = columnsOf(items)
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -at,
    End: items.length - 1 - at
  }
  const step = steps[event.key]
  if (step === undefined) return false
  const next = items[at + step]
  if (next === undefined) return true
  items[at].querySelector(".picture")?.setAttribute("tabindex", "-1")
  const picture = next.querySelector<HTMLElement>(".picture")
  picture?.setAttribute("tabindex", "0")
  picture?.focus()
  return true
}

export const makeTiles = (archive: Archive, actions: Actions): Tiles => {
  const list = h("ol", { class: "tiles", "aria-label": "Images" })
  const drawing = makeDrawing(archive)
  let selected: ReadonlySet<number> = new Set()

  const tile = (result: Result, shared: ReadonlySet<string>, first: boolean): HTMLElement => {
    const { image, rank, score, similarity } = result
    const name = archive.names[image]
    const classes = classesOf(archive, archive.labels(image))
    const canvas = h("canvas", { "data-image": image, "aria-hidden": "true", width: 1, height: 1 })
    drawing.add(canvas)
    const picture = h(
      "button",
      {
        type: "button",
        class: "picture",
        tabindex: first ? 0 : -1,
        "aria-label": `Find images like ${name}${described(result)}${classes.length === 0 ? "" : `, ${classes.join(", ")}`}`,
        onclick: (event: MouseEvent) =>
          event.shiftKey || event.ctrlKey || event.metaKey
            ? actions.select(image, event.shiftKey)
            : actions.search(image, event.detail === 0),
        onpointerenter: () => actions.hover(image),
        onpointerleave: () => actions.hover(undefined),
        onfocus: () => actions.hover(image),
        onblur: () => actions.hover(undefined)
      },
      canvas,
      archive.pictured(image) ? undefined : h("span", { class: "none" }, name.slice(0, 24))
    )
    return h(
      "li",
      {
        class: selected.has(image) ? "tile selected" : "tile",
        "data-name": name,
        "data-image": image,
        "data-rank": score === undefined ? undefined : rank,
        "data-score": score === undefined ? undefined : score
      },
      h(
        "div",
        { class: "frame" },
        picture,
        score !== undefined && h("span", { class: "rank", "aria-hidden": "true" }, String(rank)),
        h(
          "div",
          { class: "acts" },
          action(`More like ${name}`, "+", () => actions.more(image)),
          action(`Less like ${name}`, "−", () => actions.less(image)),
          action(`Select ${name}`, "✓", () => actions.select(image, false), selected.has(image))
        )
      ),
      score !== undefined &&
        h(
          "p",
          { class: "score" },
          h("b", { title: "cosine of the embeddings" }, score.toFixed(3)),
          similarity !== undefined &&
            h("span", { title: "label similarity: 1 - Jaccard distance" }, bar(similarity), similarity.toFixed(2))
        ),
      h("p", { class: "name", title: name }, ...ends(name)),
      classes.length > 0 &&
        h(
          "p",
          { class: "labels" },
          ...classes.flatMap((one, i) => [
            i > 0 && ", ",
            shared.has(one) ? h("b", { title: "also a label of the query" }, one) : one
          ])
        )
    )
  }

  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (moveFocus(list, event)) return event.preventDefault()
    const item = (event.target as HTMLElement).closest<HTMLElement>(".tile")
    if (item === null) return
    const image = Number(item.dataset.image)
    const act = { "+": actions.more, "=": actions.more, "-": actions.less }[event.key]
    if (act !== undefined) act(image)
    else if (event.key === "x" || event.key === "X") actions.select(image, event.shiftKey)
    else return
    event.preventDefault()
  })

  const add = (results: ReadonlyArray<Result>, shared: ReadonlySet<string>) => {
    const before = list.children.length
    list.append(...results.slice(before).map((result, i) => tile(result, shared, before + i === 0)))
  }
  return {
    element: list,
    add,
    show: (results, shared) => {
      drawing.clear()
      list.replaceChildren()
      add(results, shared)
    },
    mark: (now) => {
      selected = now
      for (const item of list.children) {
        const chosen = now.has(Number((item as HTMLElement).dataset.image))
        item.classList.toggle("selected", chosen)
        item.querySelector("[aria-pressed]")?.setAttribute("aria-pressed", String(chosen))
      }
    },
    focusFirst: () => list.querySelector<HTMLElement>(".picture")?.focus()
  }
}
