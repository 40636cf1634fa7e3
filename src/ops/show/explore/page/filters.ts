/** Filters of the results: text in names, classes. */
import { EMPTY, type View } from "../kit/address.ts"
import type { Archive } from "./archive.ts"
import { h } from "./dom.ts"

export interface Filters {
  readonly element: HTMLElement
  readonly show: (view: View) => void
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
  const details = h(
    "details",
    { class: "classes" },
    summary,
    h("div", { class: "card panel" }, ...boxes.map((box) => h("label", {}, box, " ", box.value)))
  )
  const clear = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => go(EMPTY) }, "Clear all")
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target as Node)) details.open = false
  })
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    details.open = false
    summary.focus()
  })
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
    clear
  )
  return {
    element,
    show: (view) => {
      if (document.activeElement !== text) text.value = view.text
      for (const box of boxes) box.checked = view.labels.includes(box.value)
      summary.textContent = view.labels.length === 0 ? "Classes" : `Classes (${view.labels.length})`
      clear.hidden = addressIsEmpty(view)
    }
  }
}

const addressIsEmpty = ({ labels, like, near, only, text, unlike }: View): boolean =>
  labels.length + like.length + only.length + unlike.length === 0 && text === "" && near === undefined
