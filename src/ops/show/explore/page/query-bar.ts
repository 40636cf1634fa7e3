/** The examples of a query: their pictures, names and labels, each with a button that removes it. */
import type { View } from "../kit/address.ts"
import { GAMMA } from "../kit/query.ts"
import { type Archive, classesOf } from "./archive.ts"
import { h } from "./dom.ts"
import type { Uploaded } from "./results.ts"
import { drawThumbnail } from "./thumbnails.ts"
import { ends } from "./tiles.ts"

export interface QueryBar {
  readonly element: HTMLElement
  readonly show: (view: View, uploaded: Uploaded | undefined) => void
  /** Shows which examples are selected. */
  readonly mark: (selected: ReadonlySet<number>) => void
}

interface Uses {
  readonly go: (change: Partial<View>) => void
  readonly dropUpload: () => void
  readonly select: (image: number) => void
}

const card = (
  kind: "like" | "unlike",
  picture: HTMLCanvasElement,
  name: string,
  text: string,
  ...buttons: ReadonlyArray<HTMLElement>
) =>
  h(
    "li",
    { class: `example ${kind}` },
    picture,
    h(
      "div",
      {},
      h("p", { class: "kind" }, kind === "like" ? "like" : "not like"),
      h("p", { class: "name", title: name }, ...ends(name)),
      h("p", { class: "labels" }, text)
    ),
    ...buttons
  )

const removing = (name: string, onclick: () => void) =>
  h("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}`, title: "Remove", onclick }, "×")

export const makeQueryBar = (archive: Archive, { dropUpload, go, select }: Uses): QueryBar => {
  const list = h("ul", { class: "examples" })
  const note = h("p", { class: "soft" })
  const element = h("section", { class: "query card", "aria-label": "Examples", hidden: true }, list, note)

  const example = (kind: "like" | "unlike", name: string, view: View) => {
    const image = archive.find(name)
    if (image === undefined) return []
    const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" })
    drawThumbnail(archive, image, canvas)
    const text = classesOf(archive, archive.labels(image)).join(", ")
    const choose = h(
      "button",
      {
        type: "button",
        class: "quiet choose",
        title: "Select, for example to correct the labels",
        "aria-label": `Select ${name}`,
        "aria-pressed": "false",
        "data-image": image,
        onclick: () => select(image)
      },
      "✓"
    )
    const remove = removing(name, () => go({ [kind]: view[kind].filter((one) => one !== name) }))
    return [card(kind, canvas, name, text, choose, remove)]
  }

  return {
    element,
    mark: (selected) => {
      for (const button of list.querySelectorAll<HTMLElement>(".choose"))
        button.setAttribute("aria-pressed", String(selected.has(Number(button.dataset.image))))
    },
    show: (view, uploaded) => {
      const { like, unlike } = view
      const own =
        uploaded === undefined
          ? []
          : [card("like", uploaded.picture, uploaded.name, "your file", removing(uploaded.name, dropUpload))]
      const cards = [
        ...own,
        ...like.flatMap((name) => example("like", name, view)),
        ...unlike.flatMap((name) => example("unlike", name, view))
      ]
      element.hidden = cards.length === 0
      list.replaceChildren(...cards)
      note.textContent =
        cards.length < 2
          ? "Add examples with + and − on the pictures below."
          : `The query is the mean direction of the examples, minus ${GAMMA} times that of the examples to avoid (Rocchio).`
    }
  }
}
