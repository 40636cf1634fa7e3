/** Names in the address that no image has, each with the names that may be meant. */
import { likelyNames } from "../../../retrieve/search/likely-names.ts"
import { addressOf, type View } from "../kit/address.ts"
import type { Archive } from "./archive.ts"
import { h } from "./dom.ts"

export interface Strangers {
  readonly element: HTMLElement
  readonly show: (view: View) => void
}

export const makeStrangers = (archive: Archive, go: (change: Partial<View>) => void): Strangers => {
  const element = h("div", { class: "fault", role: "alert", hidden: true })

  const paragraph = (kind: "like" | "unlike", name: string, view: View) => {
    const others = view[kind].filter((one) => one !== name)
    const links = likelyNames(name, archive.names).map((one) =>
      h("a", { href: `#${addressOf({ ...view, [kind]: [...others, one] })}` }, one)
    )
    return h(
      "p",
      {},
      `No image of this archive has the name ${name}.`,
      links.length > 0 && " Did you mean ",
      ...links.flatMap((link, i) => [i > 0 && (i === links.length - 1 ? " or " : ", "), link]),
      links.length > 0 ? "? " : " ",
      h("button", { type: "button", onclick: () => go({ [kind]: others }) }, "Search without it")
    )
  }

  return {
    element,
    show: (view) => {
      const strange = (["like", "unlike"] as const).flatMap((kind) =>
        view[kind].filter((name) => archive.find(name) === undefined).map((name) => paragraph(kind, name, view))
      )
      element.hidden = strange.length === 0
      element.replaceChildren(...strange)
    }
  }
}
