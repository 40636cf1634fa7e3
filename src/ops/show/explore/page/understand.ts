/** Figures about the archive. Each bar, cell and pair is a link to its images. */

import { addressOf, EMPTY, type View } from "../kit/address.ts"
import { bytesFrom } from "../kit/base64.ts"
import { type Curve, type Doubt, type Figures, inRange, type Pair, SAME } from "../kit/figures.ts"
import type { Archive } from "./archive.ts"
import { counted, grouped, h, s } from "./dom.ts"
import { drawThumbnail } from "./thumbnails.ts"

/** Most classes of the table of pairs of classes. */
const MOST_CLASSES = 40
/** Pairs and images that are shown at first. */
const MOST_SHOWN = 18

const link = (view: Partial<View>): string => `#${addressOf({ ...EMPTY, ...view })}`

const section = (title: string, about: string, ...body: ReadonlyArray<HTMLElement>) =>
  h("section", { class: "card figure" }, h("h2", {}, title), h("p", { class: "soft" }, about), ...body)

const barOf = (share: number): HTMLElement => {
  const inner = h("i")
  inner.style.width = `${(100 * share).toFixed(1)}%`
  return h("span", { class: "bar", "aria-hidden": "true" }, inner)
}

/** Classes with their sizes and average precisions. */
const classTable = ({ contents }: Archive, { classes, sizes }: Figures) => {
  const most = Math.max(1, ...sizes)
  const order = contents.classes.map((_, c) => c).sort((a, b) => sizes[b] - sizes[a])
  return h(
    "table",
    { class: "bars" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "class"),
        h("th", { scope: "col" }, "images"),
        h("th", { scope: "col" }, "average precision")
      )
    ),
    h(
      "tbody",
      {},
      ...order.map((c) => {
        const value = classes[c]
        return h(
          "tr",
          {},
          h("th", { scope: "row" }, h("a", { href: link({ labels: [contents.classes[c]] }) }, contents.classes[c])),
          h("td", {}, barOf(sizes[c] / most), grouped(sizes[c])),
          h("td", {}, value === null ? "no query" : barOf(value), value === null ? undefined : value.toFixed(3))
        )
      })
    )
  )
}

/** Images of two classes at once, as a table of shades. */
const togetherTable = ({ contents }: Archive, { sizes, together }: Figures) => {
  const width = contents.classes.length
  const chosen = contents.classes
    .map((_, c) => c)
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, MOST_CLASSES)
  const most = Math.max(1, ...chosen.flatMap((a) => chosen.filter((b) => b !== a).map((b) => together[a * width + b])))
  const cellOf = (a: number, b: number) => {
    const count = together[a * width + b]
    const [one, other] = [contents.classes[a], contents.classes[b]]
    const cell = h("td", { class: a === b ? "self" : undefined })
    if (count === 0 || a === b) return cell
    const anchor = h(
      "a",
      {
        href: link({ labels: [one, other] }),
        title: `${one} and ${other}: ${count}`,
        "aria-label": `${one} and ${other}: ${counted(count, "image")}`
      },
      String(count)
    )
    const share = count / most
    anchor.style.background = `color-mix(in srgb, var(--c1) ${Math.round(6 + 38 * share)}%, transparent)`
    cell.append(anchor)
    return cell
  }
  const table = h(
    "table",
    { class: "together" },
    h(
      "thead",
      {},
      h("tr", {}, h("td"), ...chosen.map((c) => h("th", { scope: "col" }, h("span", {}, contents.classes[c]))))
    ),
    h(
      "tbody",
      {},
      ...chosen.map((a) =>
        h("tr", {}, h("th", { scope: "row" }, contents.classes[a]), ...chosen.map((b) => cellOf(a, b)))
      )
    )
  )
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Classes together, scrolls" }, table)
}

const COLOURS: Readonly<Record<Curve["level"], string>> = { easy: "c1", medium: "c2", hard: "c3" }

/** Precision over recall. */
const curvesPlot = (curves: ReadonlyArray<Curve>) => {
  const [width, height, left, bottom] = [420, 260, 52, 34]
  const x = (recall: number) => left + recall * (width - left - 10)
  const y = (precision: number) => 8 + (1 - precision) * (height - bottom - 8)
  const ticks = [0, 0.25, 0.5, 0.75, 1]
  const plot = s(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      class: "plot",
      role: "img",
      "aria-label": `Precision over recall. ${curves.map(({ level, mean }) => `mAP ${level} ${mean.toFixed(3)}`).join(", ")}`
    },
    ...ticks.flatMap((at) => [
      s("line", { class: "gridline", x1: x(0), x2: x(1), y1: y(at), y2: y(at) }),
      s("text", { x: x(0) - 5, y: y(at) + 4, "text-anchor": "end" }, String(at)),
      s("text", { x: x(at), y: height - 18, "text-anchor": "middle" }, String(at))
    ]),
    s("text", { x: x(0.5), y: height - 3, "text-anchor": "middle" }, "recall"),
    s("text", { x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, "precision"),
    ...curves.map(({ level, precision }) =>
      s("polyline", {
        class: `curve ${COLOURS[level]}`,
        points: precision
          .map((value, i) => `${x(i / (precision.length - 1)).toFixed(1)},${y(value).toFixed(1)}`)
          .join(" ")
      })
    )
  )
  const said = (queries: number) => counted(queries, "query", "queries")
  const legend = curves.map(({ level, mean, queries }) =>
    h(
      "li",
      {},
      h("i", { class: COLOURS[level] }),
      `${level}: mAP ${mean.toFixed(3)} over `,
      // The page knows which images were queries with relevant images at this level alone.
      level === "hard" && queries > 0 ? h("a", { href: link({ ap: [0, 1] }) }, said(queries)) : said(queries)
    )
  )
  return [plot as unknown as HTMLElement, h("ul", { class: "keys" }, ...legend)]
}

/** Images by their average precision, in ten bars. */
const histogram = (ap: Uint8Array) => {
  const bins = Array.from({ length: 10 }, (_, i) => {
    const range = [i / 10, (i + 1) / 10] as const
    return { range, images: ap.reduce((sum, value) => sum + (inRange(value, range) ? 1 : 0), 0) }
  })
  const most = Math.max(1, ...bins.map(({ images }) => images))
  return h(
    "ol",
    { class: "histogram" },
    ...bins.map(({ images, range }) => {
      const fill = h("i")
      fill.style.height = `${(100 * images) / most}%`
      const inside = [
        h("b", {}, images === 0 ? "" : grouped(images)),
        h("span", { class: "hidden" }, images === 1 ? " image from " : " images from "),
        fill,
        h("span", {}, range[0].toFixed(1)),
        h("span", { class: "hidden" }, ` to ${range[1].toFixed(1)}`)
      ]
      return h("li", {}, images === 0 ? h("div", {}, ...inside) : h("a", { href: link({ ap: range }) }, ...inside))
    })
  )
}

const thumbnail = (archive: Archive, image: number) => {
  const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" })
  drawThumbnail(archive, image, canvas)
  return canvas
}

/** A list whose first items are shown, and a button that shows the others. */
const longList = <Item>(items: ReadonlyArray<Item>, one: (item: Item) => HTMLElement): ReadonlyArray<HTMLElement> => {
  const list = h("ul", { class: "pairs" }, ...items.slice(0, MOST_SHOWN).map(one))
  if (items.length <= MOST_SHOWN) return [list]
  const more = h(
    "button",
    {
      type: "button",
      class: "more",
      onclick: () => {
        const rest = items.slice(MOST_SHOWN).map(one)
        list.append(...rest)
        more.remove()
        rest[0].querySelector("a")?.focus()
      }
    },
    `Show all ${items.length}`
  )
  return [list, more]
}

/** Pairs of images, with what is to be said below each. */
const pairList = (archive: Archive, pairs: ReadonlyArray<Pair>, below: (pair: Pair) => string) =>
  longList(pairs, (pair) => {
    const [a, b] = pair
    const names = [archive.names[a], archive.names[b]]
    return h(
      "li",
      {},
      h(
        "a",
        {
          href: link({ only: names }),
          title: names.join("\n"),
          "aria-label": `${names.join(" and ")}: ${below(pair)}`
        },
        h("span", { class: "two" }, thumbnail(archive, a), thumbnail(archive, b)),
        h("span", {}, below(pair))
      )
    )
  })

const doubtText = ({ contents }: Archive, { has, label, share }: Doubt): string =>
  `${has ? "has" : "lacks"} ${contents.classes[label]}; ${Math.round(share * 10)} of 10 neighbours have it`

/** The images with doubtful labels, the surest first, each with all its doubts. */
const doubtList = (archive: Archive, doubts: ReadonlyArray<Doubt>) => {
  const images = [...new Set(doubts.map(({ image }) => image))]
  return longList(images, (image) => {
    const name = archive.names[image]
    const own = doubts.filter((doubt) => doubt.image === image)
    return h(
      "li",
      {},
      h(
        "a",
        { href: link({ like: [name] }), title: name },
        h("span", { class: "two" }, thumbnail(archive, image)),
        h("span", { class: "hidden" }, name),
        ...own.map((doubt) => h("span", {}, doubtText(archive, doubt)))
      )
    )
  })
}

/** How nearest images were looked for, if not every image was compared with every other. */
const rule = ({ neighbours }: Figures): string =>
  neighbours === undefined
    ? ""
    : ` Each image was compared with at least ${grouped(neighbours.compared)} images of its own group and the nearest groups; this finds ${(100 * neighbours.recall).toFixed(1)} % of the ten nearest images.`

const cosine = ([, , value]: Pair): string => `cosine ${value.toFixed(4)}`

/** The page of figures. */
export const makeUnderstand = (archive: Archive, figures: Figures): HTMLElement => {
  const { contents } = archive
  const { across, curves, doubts, pairs, queries, splits } = figures
  const copies = pairs.filter(([, , value]) => value >= SAME)
  const others = pairs.filter(([, , value]) => value < SAME)
  const of =
    queries === contents.count ? "each image is a query" : `each of ${grouped(queries)} drawn images is a query`
  const labelled = contents.classes.length > 0
  const parts: ReadonlyArray<HTMLElement | false> = [
    labelled &&
      section(
        "Classes",
        `Images of each class, and its mean average precision: ${of} against all other images. For a class, the queries and the relevant images are the images that have it.`,
        classTable(archive, figures)
      ),
    labelled &&
      section(
        "Precision and recall",
        `Mean of the interpolated precision over queries: ${of} against all other images. Images within the Jaccard distance of each level are relevant.`,
        ...curvesPlot(curves)
      ),
    labelled &&
      section(
        "Average precision of the queries",
        "At the hard level. A bar leads to its images.",
        histogram(bytesFrom(figures.ap))
      ),
    labelled && section("Classes together", "Images that have both classes.", togetherTable(archive, figures)),
    across.length > 0 &&
      section(
        "Nearest pairs across splits",
        `If such images show the same place, the test is too easy.${rule(figures)}`,
        ...pairList(archive, across, (pair) => `${splits[pair[0]]} and ${splits[pair[1]]}, ${cosine(pair)}`)
      ),
    section(
      "Duplicates",
      copies.length === 0
        ? `No two images${figures.neighbours === undefined ? "" : " that were compared"} have embeddings with a cosine of ${SAME} or more.${rule(figures)}`
        : `${others.length === 0 ? "At least " : ""}${counted(copies.length, "pair")} with a cosine of ${SAME} or more.${rule(figures)}`,
      ...(copies.length === 0 ? [] : pairList(archive, copies, cosine))
    ),
    others.length > 0 &&
      section(
        "Nearest pairs",
        "The most similar images that are not duplicates.",
        ...pairList(archive, others, cosine)
      ),
    labelled &&
      section(
        "Likely wrong labels",
        doubts.length === 0
          ? `No label is contradicted by 8 or more of the 10 nearest images.${rule(figures)}`
          : `At least 8 of the 10 nearest images contradict the label. Choose one to see its neighbours; select it there to correct its labels.${rule(figures)}`,
        ...(doubts.length === 0 ? [] : doubtList(archive, doubts))
      )
  ]
  return h("div", { class: "understand" }, ...parts.filter((one) => one !== false))
}
