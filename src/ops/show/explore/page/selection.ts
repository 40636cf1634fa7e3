/** Images that a person has picked out, and what can be done with them. */
import { type Archive, classesOf } from "./archive.ts"
import { counted, h } from "./dom.ts"
import { exportLabels, exportResults } from "./exports.ts"

export interface Selection {
  readonly element: HTMLElement
  readonly selected: () => ReadonlySet<number>
  /**
   * Selects an image, or removes it from the selection.
   *
   * @param range whether all images since the one before are selected, in the order shown
   */
  readonly toggle: (image: number, range: boolean, shown: ReadonlyArray<number>) => void
  readonly set: (images: Iterable<number>) => void
}

interface Uses {
  readonly changed: (selected: ReadonlySet<number>) => void
  readonly search: (names: ReadonlyArray<string>) => void
  readonly only: (names: ReadonlyArray<string>) => void
  readonly corrected: () => void
}

/** Most names that an address holds. */
const MOST = 400

/** Boxes that set the labels of all selected images at once. */
const labelPanel = (archive: Archive, images: ReadonlySet<number>, corrected: () => void): HTMLElement => {
  const boxes = archive.contents.classes.map((name, c) => {
    const having = [...images].filter((image) => archive.labels(image)[c] === 1).length
    const box = h("input", {
      type: "checkbox",
      onchange: () => {
        for (const image of images) {
          const labels = archive.labels(image).slice()
          labels[c] = box.checked ? 1 : 0
          archive.corrected.set(image, labels)
        }
        corrected()
      }
    })
    box.checked = having === images.size
    box.indeterminate = having > 0 && having < images.size
    return h("label", {}, box, " ", name)
  })
  return h("div", { class: "panel card" }, ...boxes)
}

export const makeSelection = (archive: Archive, { changed, corrected, only, search }: Uses): Selection => {
  const selected = new Set<number>()
  /** Whether all corrections have been exported: only the page knows them until then. */
  let kept = true
  let last: number | undefined
  const names = () => [...selected].slice(0, MOST).map((image) => archive.names[image])
  const count = h("strong", { "aria-live": "polite" })
  const summary = h("summary", {}, "Labels")
  const panel = h("details", { class: "classes up" }, summary)
  const results = () =>
    [...selected].map((image, i) => ({ image, rank: i + 1, score: undefined, similarity: undefined }))
  const table = h(
    "button",
    {
      type: "button",
      hidden: true,
      onclick: () => {
        exportLabels(archive, archive.names.keys())
        kept = true
      }
    },
    "Corrected labels"
  )
  const button = (text: string, onclick: () => void) => h("button", { type: "button", onclick }, text)
  const named = [
    { text: "Find similar", element: button("", () => search(names())) },
    { text: "Show only these", element: button("", () => only(names())) }
  ]
  const buttons = h(
    "div",
    { class: "choices" },
    ...named.map(({ element }) => element),
    button("CSV", () => exportResults(archive, results(), "csv")),
    button("JSON", () => exportResults(archive, results(), "json")),
    archive.contents.classes.length > 0 && panel,
    button("Clear", () => set([]))
  )
  const element = h(
    "section",
    { class: "selection card", "aria-label": "Selection", hidden: true },
    count,
    buttons,
    table
  )
  const fillPanel = () =>
    panel.replaceChildren(
      summary,
      labelPanel(archive, selected, () => {
        table.hidden = false
        kept = false
        corrected()
      })
    )
  panel.addEventListener("toggle", () => {
    if (panel.open) fillPanel()
  })
  window.addEventListener("beforeunload", (event) => {
    if (!kept) event.preventDefault()
  })
  const show = () => {
    count.textContent =
      selected.size === 0 ? "Labels were corrected" : counted(selected.size, "image selected", "images selected")
    const few = selected.size > MOST ? ` (first ${MOST})` : ""
    for (const { element, text } of named) element.textContent = text + few
    buttons.hidden = selected.size === 0
    element.hidden = selected.size === 0 && archive.corrected.size === 0
    if (panel.open) fillPanel()
    changed(selected)
  }
  const set = (images: Iterable<number>) => {
    selected.clear()
    for (const image of images) selected.add(image)
    show()
  }
  return {
    element,
    set,
    selected: () => selected,
    toggle: (image, range, shown) => {
      const [a, b] = [last === undefined ? -1 : shown.indexOf(last), shown.indexOf(image)]
      if (range && a >= 0 && b >= 0)
        for (const one of shown.slice(Math.min(a, b), Math.max(a, b) + 1)) selected.add(one)
      else if (!selected.delete(image)) selected.add(image)
      last = image
      show()
    }
  }
}

/** Names of the classes that two images have in common. */
export const common = (archive: Archive, a: number, b: number): ReadonlyArray<string> => {
  const others = new Set(classesOf(archive, archive.labels(b)))
  return classesOf(archive, archive.labels(a)).filter((one) => others.has(one))
}
