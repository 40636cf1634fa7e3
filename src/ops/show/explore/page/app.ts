/** The page: what the address asks for is what is shown. */
import { addressOf, EMPTY, type View, viewOf } from "../kit/address.ts"
import { bytesFrom } from "../kit/base64.ts"
import { PIECE } from "../kit/contents.ts"
import type { Figures } from "../kit/figures.ts"
import { makeAbout } from "./about.ts"
import type { Archive } from "./archive.ts"
import { classesOf } from "./archive.ts"
import { counted, grouped, h } from "./dom.ts"
import { exportResults } from "./exports.ts"
import { makeFilters } from "./filters.ts"
import { part } from "./load.ts"
import { makeMaps } from "./maps.ts"
import { makeQueryBar } from "./query-bar.ts"
import { type Found, filterOf, findImages, numbersOf, type Uploaded } from "./results.ts"
import { makeSelection } from "./selection.ts"
import { makeStrangers } from "./strangers.ts"
import { makeTiles } from "./tiles.ts"
import { makeUnderstand } from "./understand.ts"
import { embedFiles } from "./upload.ts"

/** Pictures per page of results. */
const STEP = 60

export interface App {
  readonly element: HTMLElement
  readonly nav: HTMLElement
}

export const makeApp = (archive: Archive): App => {
  const { contents } = archive
  let view: View = EMPTY
  let uploaded: Uploaded | undefined
  /** All files that were searched by: the browser's history holds their numbers, so that going back finds them again. */
  const uploads: Array<Uploaded> = []
  const state = () => (uploaded === undefined ? null : { upload: uploads.indexOf(uploaded) })
  /** Whether an image passes the filters of the view. */
  let allowed: ((image: number) => boolean) | undefined
  let top = STEP
  let found: Found | undefined
  let turn = 0
  let shownHash = ""

  /** Goes to another view; the one before stays in the browser's history. */
  const go = (change: Partial<View>, replace = false): void => {
    const hash = `#${addressOf({ ...view, ...change })}`
    if (replace) window.history.replaceState(state(), "", hash)
    else if (hash !== window.location.hash) window.history.pushState(state(), "", hash)
    void render()
  }

  const status = h("p", { class: "status", role: "status", "aria-live": "polite" })
  const title = h("h2", { tabindex: -1 }, "Images")
  const more = h("button", { type: "button", class: "more", hidden: true, onclick: () => grow() }, "Show more")

  const unique = (names: ReadonlyArray<string>, name: string) => [...names.filter((one) => one !== name), name]
  const without = (names: ReadonlyArray<string>, name: string) => names.filter((one) => one !== name)
  const selection = makeSelection(archive, {
    changed: (selected) => {
      tiles.mark(selected)
      queryBar.mark(selected)
      markMaps()
    },
    search: (names) => {
      uploaded = undefined
      go({ like: names, unlike: [], view: "images" })
    },
    only: (names) => go({ only: names, view: "images" }),
    corrected: () => void render()
  })
  const tiles = makeTiles(archive, {
    search: (image, byKey) => {
      openImage(image, byKey)
      // Scrolling has the browser lay out the page, so it waits for the results.
      void rendering.then(() => window.scrollTo({ top: 0 }))
    },
    more: (image) => {
      const name = archive.names[image]
      go({ like: unique(view.like, name), unlike: without(view.unlike, name) })
    },
    less: (image) => {
      const name = archive.names[image]
      go({ unlike: unique(view.unlike, name), like: without(view.like, name) })
    },
    select: (image, range) =>
      selection.toggle(
        image,
        range,
        (found?.results ?? []).map((one) => one.image)
      ),
    hover: () => undefined
  })
  const openImage = (image: number, byKey: boolean) => {
    uploaded = undefined
    go({ like: [archive.names[image]], unlike: [] })
    if (byKey) void rendering.then(() => tiles.focusFirst())
  }
  const figures: Promise<Figures | undefined> = contents.figures ? part<Figures>("figures") : Promise.resolve(undefined)
  const precisions = figures.then((known) => (known === undefined ? undefined : bytesFrom(known.ap)))
  const maps = makeMaps(archive, precisions, { open: openImage, choose: (images) => selection.set(images) })
  const markMaps = () => {
    const [like, unlike] = [numbersOf(archive, view.like), numbersOf(archive, view.unlike)]
    const results = found?.scores === undefined ? [] : found.results.map(({ image }) => image)
    const selected = selection.selected()
    maps.mark({ scores: found?.scores, results, like, unlike, selected, shown: allowed })
  }
  const queryBar = makeQueryBar(archive, {
    go,
    dropUpload: () => {
      uploaded = undefined
      go({}, true)
    },
    select: (image) => selection.toggle(image, false, [])
  })
  const filters = makeFilters(archive, go)
  const strangers = makeStrangers(archive, go)
  const isKnown = (name: string) => archive.find(name) !== undefined
  const fault = h("p", { class: "fault", role: "alert", hidden: true })
  /** Searches by a file of the reader's own. */
  const upload = async (files: ReadonlyArray<File>): Promise<void> => {
    if (files.length === 0) return
    fault.hidden = true
    status.textContent = `Reading ${files[0].name}…`
    // The words must be on the screen before the network keeps the browser busy.
    await new Promise((done) => setTimeout(done, 30))
    try {
      uploaded = await embedFiles(files, contents.dim)
      uploads.push(uploaded)
      window.history.pushState(state(), "", `#${addressOf({ ...view, like: [], unlike: [], view: "images" })}`)
    } catch (cause) {
      fault.textContent = (cause as Error).message
      fault.hidden = false
    }
    await render()
  }
  const chooser = h("input", {
    type: "file",
    multiple: true,
    accept: ".tif,.tiff,.png,.jpg,.jpeg",
    class: "hidden",
    id: "upload",
    onchange: () => void upload([...(chooser.files ?? [])])
  })
  if (contents.network) {
    filters.element.append(chooser, h("label", { for: "upload", class: "button" }, "Search by a file…"))
    document.addEventListener("dragover", (event) => event.preventDefault())
    document.addEventListener("drop", (event) => {
      event.preventDefault()
      void upload([...(event.dataTransfer?.files ?? [])])
    })
  }

  const heading = (): string => {
    const { ap, only } = view
    const [like, unlike] = [view.like.filter(isKnown), view.unlike.filter(isKnown)]
    if (uploaded !== undefined) return `Most similar to ${uploaded.name}`
    if (like.length === 1 && unlike.length === 0) return `Most similar to ${like[0]}`
    if (like.length > 0) return `Most similar to ${counted(like.length, "example")}`
    if (unlike.length > 0) return `Least similar to ${counted(unlike.length, "example")}`
    if (ap !== undefined) return `Queries with an average precision of ${ap.join(" to ")}`
    return only.length > 0 ? "Chosen images" : "All images"
  }

  const announce = ({ matching, results, scores }: Found) => {
    const shown = `${grouped(results.length)} of ${counted(matching, "image")}`
    const by = scores === undefined ? "in the order of the archive" : "by cosine of the embeddings"
    status.textContent = matching === 0 ? "No image matches." : `${shown}, ${by}.`
  }

  const sharedClasses = (): ReadonlySet<string> => {
    const image = view.like.length === 1 ? archive.find(view.like[0]) : undefined
    return new Set(image === undefined ? [] : classesOf(archive, archive.labels(image)))
  }

  const search = () => findImages(archive, view, uploaded, allowed, top)

  const images = h("div", { class: "images" })
  const understand = h("div", { hidden: true })
  const about = h("div", { hidden: true })
  const links = (["images", "understand", "about"] as const).map((one) =>
    h("a", { "data-view": one }, { images: "Images", understand: "Understand", about: "About" }[one])
  )
  /** Shows the part of the page that the address asks for; a part is made when it is first shown. */
  const showPart = () => {
    images.hidden = view.view !== "images"
    understand.hidden = view.view !== "understand"
    about.hidden = view.view !== "about"
    for (const one of links) {
      const target = one.dataset.view as View["view"]
      one.href = `#${addressOf({ ...view, view: target })}`
      if (target === view.view) one.setAttribute("aria-current", "page")
      else one.removeAttribute("aria-current")
    }
    if (view.view === "about" && about.childElementCount === 0) about.append(makeAbout(archive))
    if (view.view === "understand" && understand.childElementCount === 0)
      void figures.then((known) => {
        const none = h("p", {}, "This explorer was made without figures.")
        understand.replaceChildren(known === undefined ? none : makeUnderstand(archive, known))
      })
  }

  let rendering: Promise<void> = Promise.resolve()
  const render = (): Promise<void> => {
    rendering = update()
    return rendering
  }
  const update = async (): Promise<void> => {
    const now = ++turn
    shownHash = window.location.hash
    view = viewOf(shownHash)
    top = STEP
    document.title = view.like.length > 0 ? `${view.like.join(", ")}: explorer` : `${contents.experiment}: explorer`
    filters.show(view)
    showPart()
    const asks = view.like.length + view.unlike.length > 0 || uploaded !== undefined
    if (asks && !archive.isReady()) {
      status.textContent = "Loading the vectors…"
      await archive.ready
      if (now !== turn) return
    }
    title.textContent = heading()
    queryBar.show(view, uploaded)
    strangers.show(view)
    if (view.near !== undefined) await maps.placed.catch(() => undefined)
    const ap = view.ap === undefined ? undefined : await precisions
    if (now !== turn) return
    allowed = filterOf(archive, view, maps.place, ap)
    const next = await search()
    if (now !== turn) return
    found = next
    tiles.show(found.results, sharedClasses())
    tiles.mark(selection.selected())
    queryBar.mark(selection.selected())
    more.hidden = found.results.length >= Math.min(found.matching, archive.names.length)
    announce(found)
    markMaps()
    document.documentElement.dataset.turn = String(turn)
  }
  const grow = async (): Promise<void> => {
    top += STEP
    found = await search()
    tiles.add(found.results, sharedClasses())
    more.hidden = found.results.length < top
    announce(found)
  }

  window.addEventListener("popstate", (event) => {
    uploaded = uploads[event.state?.upload ?? -1]
    void render()
  })
  // Going back fires both events.
  window.addEventListener("hashchange", () => {
    if (window.location.hash !== shownHash) void render()
  })

  const exports = h(
    "div",
    { class: "exports", role: "group", "aria-label": "Export results" },
    h("button", { type: "button", onclick: () => found && exportResults(archive, found.results, "csv") }, "CSV"),
    h("button", { type: "button", onclick: () => found && exportResults(archive, found.results, "json") }, "JSON")
  )
  images.append(
    filters.element,
    h(
      "div",
      { class: contents.maps === undefined ? "columns" : "columns beside" },
      h(
        "section",
        { class: "found", "aria-label": "Results" },
        fault,
        strangers.element,
        queryBar.element,
        h("div", { class: "line" }, title, exports),
        status,
        tiles.element,
        more
      ),
      maps.element
    )
  )
  const element = h("main", {}, images, understand, about, selection.element)
  const nav = h("nav", { "aria-label": "Parts of the page" }, ...links)
  void render()
  // Pictures stay as they are unless there are more images now, so the one that has the focus keeps it.
  if (contents.count > PIECE) void archive.ready.then(render, () => undefined)
  return { element, nav }
}
