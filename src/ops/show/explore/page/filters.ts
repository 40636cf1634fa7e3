/** Filters of the results: text in names, classes. */
import { addressOf, EMPTY, type View } from "../kit/address.ts"
import type { Archive } from "./archive.ts"
import { h } from "./dom.ts"

export interface Filters {
  readonly element: HTMLElement
  readonly show: (view: View) => void
}

/** Closes a panel when the reader clicks elsewhere, or presses Escape in it. */
const closing = (panel: HTMLDetailsElement): HTMLDetailsElement => {
  document.addEventListener("click", (event) => {
    if (!panel.contains(event.target as Node)) panel.open = false
  })
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    panel.open = false
    panel.querySelector("summary")?.focus()
  })
  return panel
}

/** Latitude, longitude and radius that results must lie within. */
const placeFilter = (go: (change: Partial<View>) => void) => {
  const number = (label: string, bound: number) =>
    h("input", { type: "number", step: "any", min: -bound, max: bound, required: true, "aria-label": label })
  const [latitude, longitude, km] = [number("Latitude", 90), number("Longitude", 180), number("Kilometres", 20_040)]
  km.min = "0.001"
  km.value = "50"
  const summary = h("summary", {}, "Place")
  const form = h(
    "form",
    {
      class: "card panel place",
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault()
        go({ near: [latitude.valueAsNumber, longitude.valueAsNumber, km.valueAsNumber] })
      }
    },
    h("label", {}, "Latitude ", latitude),
    h("label", {}, "Longitude ", longitude),
    h("label", {}, "Within km ", km),
    h("button", { type: "submit" }, "Show"),
    h("button", { type: "button", class: "quiet", onclick: () => go({ near: undefined }) }, "Anywhere")
  )
  return {
    element: closing(h("details", { class: "classes" }, summary, form)),
    show: ({ near }: View) => {
      summary.textContent = near === undefined ? "Place" : `Place (${near[2]} km)`
      if (near === undefined) return
      latitude.value = String(near[0])
      longitude.value = String(near[1])
      km.value = String(near[2])
    }
  }
}

export const makeFilters = (archive: Archive, go: (change: Partial<View>, replace?: boolean) => void): Filters => {
  const { classes } = archive.contents
  const text = h("input", {
    type: "search",
    id: "text",
    placeholder: "Part of a name",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => go({ text: text.value }, true)
  })
  const boxes = classes.map((name) =>
    h("input", {
      type: "checkbox",
      value: name,
      onchange: () => go({ labels: boxes.filter(({ checked }) => checked).map(({ value }) => value) })
    })
  )
  const summary = h("summary", {}, "Classes")
  const panel = h("div", { class: "card panel" }, ...boxes.map((box) => h("label", {}, box, " ", box.value)))
  const details = closing(h("details", { class: "classes" }, summary, panel))
  const place = archive.contents.places ? placeFilter(go) : undefined
  const clear = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => go(EMPTY) }, "Clear all")
  document.addEventListener("keydown", (event) => {
    const typing = (event.target as HTMLElement).matches("input, textarea, select")
    if (event.key !== "/" || typing) return
    event.preventDefault()
    text.focus()
  })
  const element = h(
    "search",
    { class: "filters" },
    h("label", { for: "text", class: "hidden" }, "Text in names"),
    text,
    classes.length > 0 && details,
    place?.element,
    clear
  )
  return {
    element,
    show: (view) => {
      if (document.activeElement !== text) text.value = view.text
      for (const box of boxes) box.checked = view.labels.includes(box.value)
      summary.textContent = view.labels.length === 0 ? "Classes" : `Classes (${view.labels.length})`
      place?.show(view)
      clear.hidden = addressIsEmpty(view)
    }
  }
}

const addressIsEmpty = (view: View): boolean => addressOf({ ...view, view: "images" }) === ""
