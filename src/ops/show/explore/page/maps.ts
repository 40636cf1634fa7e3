/** The maps beside the pictures: of the embeddings, and of the Earth. */
import { bytesFrom } from "../kit/base64.ts"
import type { Look, Points } from "../kit/cover.ts"
import { type Archive, classesOf } from "./archive.ts"
import { type ColourBy, coloured } from "./colours.ts"
import { afterFrame, h } from "./dom.ts"
import { landBehind, pointsOf, tilesBehind } from "./earth.ts"
import { part } from "./load.ts"
import { makeScatter, type Scatter } from "./scatter.ts"
import { drawThumbnail } from "./thumbnails.ts"

/** What the maps show besides the points. */
export interface Marks {
  readonly scores: Float64Array | undefined
  readonly results: ReadonlyArray<number>
  readonly like: ReadonlyArray<number>
  readonly unlike: ReadonlyArray<number>
  readonly selected: ReadonlySet<number>
  readonly shown: ((image: number) => boolean) | undefined
}

export interface Maps {
  readonly element: HTMLElement
  readonly mark: (marks: Marks) => void
  /** Latitude and longitude of an image, if they are known. */
  readonly place: (image: number) => readonly [number, number] | undefined
  /** Resolves once the places are loaded. */
  readonly placed: Promise<void>
}

interface Uses {
  readonly open: (image: number, byKey: boolean) => void
  readonly choose: (images: ReadonlyArray<number>) => void
}

const NAMES = { umap: "UMAP", pca: "PCA" } as const

/** Points in the unit square from coordinates of 16 bits, y upwards. */
const pointsIn = (text: string): Points => {
  const values = new Uint16Array(bytesFrom(text).buffer)
  const count = values.length / 2
  const [x, y] = [new Float32Array(count), new Float32Array(count)]
  for (let i = 0; i < count; i++) {
    x[i] = values[2 * i] / 65535
    y[i] = 1 - values[2 * i + 1] / 65535
  }
  return { x, y }
}

/** A picture with its name that follows the pointer. */
const makeTip = (archive: Archive) => {
  const canvas = h("canvas", { width: 1, height: 1 })
  const name = h("b")
  const labels = h("span")
  const element = h("div", { class: "tip card", hidden: true, "aria-hidden": "true" }, canvas, name, labels)
  document.body.append(element)
  let now: number | undefined
  return (image: number | undefined, x: number, y: number) => {
    element.hidden = image === undefined
    if (image === undefined) return
    element.style.left = `${Math.min(x + 14, window.innerWidth - 200)}px`
    element.style.top = `${Math.min(y + 14, window.innerHeight - 180)}px`
    if (image === now) return
    now = image
    name.textContent = archive.names[image]
    labels.textContent = classesOf(archive, archive.labels(image)).join(", ")
    canvas.width = 1
    canvas.hidden = !archive.pictured(image)
    drawThumbnail(archive, image, canvas)
  }
}

export const makeMaps = (
  archive: Archive,
  precisions: Promise<Uint8Array | undefined>,
  { choose, open }: Uses
): Maps => {
  const { contents } = archive
  const hover = makeTip(archive)
  let marks: Marks | undefined
  /** What the reader has chosen to colour points by. */
  let chosen: ColourBy | undefined
  let ap: Uint8Array | undefined
  let places: Float32Array | undefined
  let kind = contents.maps?.kinds[0] ?? "pca"
  const layouts = contents.maps === undefined ? undefined : part<Record<string, string>>("map")

  const legend = h("p", { class: "legend" })
  /** The colouring that was chosen; by default the cosine with the query, and without a query the commonest classes. */
  const colourBy = (scores: Float64Array | undefined): ColourBy => {
    byCosine.disabled = scores === undefined
    const own = scores !== undefined ? "cosine" : contents.classes.length > 0 ? "classes" : "plain"
    const by = chosen === undefined || (chosen === "cosine" && scores === undefined) ? own : chosen
    if (typeof by === "string") colouring.value = by
    return by
  }
  const lookNow = (): Look | undefined => {
    if (marks === undefined) return undefined
    const { colours, legend: entries, palette } = coloured(archive, colourBy(marks.scores), marks.scores, ap)
    legend.replaceChildren(
      ...entries.map(([fill, text]) => {
        const swatch = h("i")
        swatch.style.background = fill
        return h("span", {}, swatch, text)
      })
    )
    const { like, results, selected, shown, unlike } = marks
    return { colours, palette, like, unlike, results, selected, shown }
  }
  const scatters: Array<Scatter> = []
  /** Colours and draws the points, after the results that the reader waits for. */
  const update = afterFrame(() => {
    const look = lookNow()
    if (look !== undefined) for (const scatter of scatters) scatter.look(look)
  })

  const plane = makeScatter({ label: "Map of the embeddings", open, choose, hover })
  const showPlane = () => void layouts?.then((texts) => plane.show(pointsIn(texts[kind])))
  showPlane()
  const choice = h(
    "select",
    {
      "aria-label": "Projection",
      onchange: () => {
        kind = choice.value as typeof kind
        showPlane()
      }
    },
    ...(contents.maps?.kinds ?? []).map((one) => h("option", { value: one }, NAMES[one]))
  )
  const byCosine = h("option", { value: "cosine" }, "Cosine with the query")
  const colouring = h(
    "select",
    {
      "aria-label": "Colour of the points",
      onchange: () => {
        const label = contents.classes.indexOf(colouring.value.slice(6))
        chosen = colouring.value.startsWith("class ") ? { label } : (colouring.value as Exclude<ColourBy, object>)
        update()
      }
    },
    contents.classes.length > 0 && h("option", { value: "classes" }, "Commonest classes"),
    byCosine,
    h("option", { value: "plain" }, "One colour"),
    contents.figures && contents.classes.length > 0 && h("option", { value: "ap" }, "Average precision"),
    ...contents.classes.map((name) => h("option", { value: `class ${name}` }, name))
  )
  void precisions.then((known) => {
    ap = known
    if (known !== undefined) update()
  })

  const cards: Array<HTMLElement> = []
  if (contents.maps !== undefined) {
    scatters.push(plane)
    cards.push(
      h(
        "section",
        { class: "card mapped", "aria-label": "Map of the embeddings" },
        h("div", { class: "line" }, h("h2", {}, "Embeddings"), h("div", { class: "choices" }, choice, colouring)),
        plane.element,
        legend
      )
    )
  }
  const element = h("aside", { class: "maps", "aria-label": "Maps" }, ...cards)
  let earth: Scatter | undefined
  const openEarth = async () => {
    const rings = await part<ReadonlyArray<ReadonlyArray<number>>>("land")
    places = new Float32Array(bytesFrom(await part<string>("places")).buffer)
    const land = landBehind(rings)
    const tiles = contents.tiles === undefined ? undefined : tilesBehind(contents.tiles, () => earth?.redraw())
    earth = makeScatter({
      ...{ label: "Map of the Earth", open, choose, hover },
      background: (...args) => {
        land(...args)
        tiles?.(...args)
      }
    })
    scatters.push(earth)
    element.append(
      h("section", { class: "card mapped", "aria-label": "Map of the Earth" }, h("h2", {}, "Earth"), earth.element)
    )
    earth.show(pointsOf(places))
    update()
  }
  const placed = contents.places ? openEarth() : Promise.resolve()
  return {
    element,
    placed,
    place: (image) => {
      if (places === undefined || Number.isNaN(places[2 * image])) return undefined
      return [places[2 * image], places[2 * image + 1]]
    },
    mark: (now) => {
      marks = now
      colourBy(now.scores)
      update()
    }
  }
}
