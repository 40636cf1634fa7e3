/** Line plots as SVG, coloured by the style sheet of the page. */
import { escapeText } from "../html.ts"
import { type Axis, axis } from "./scale.ts"

/** One line of a plot. */
export interface Series {
  readonly name: string
  /** Each [x, y]; finite. */
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  /** Number of the colour in the style sheet, from 1. */
  readonly colour: number
  /** `faint` for single measurements behind their mean; `dots` marks each point. */
  readonly look: "line" | "faint" | "dashed" | "dots"
}

/** A plot and the titles of its axes. */
export interface Plot {
  /** The description for readers who do not see the plot. */
  readonly title: string
  readonly x: string
  readonly y: string
  /** True if x counts something. */
  readonly wholeX?: boolean
  readonly series: ReadonlyArray<Series>
}

const WIDTH = 420
const HEIGHT = 280
/** Margins for tick labels and titles of the axes. */
const BOX = { left: 52, right: 12, top: 12, bottom: 46 }

const at = (value: number): string => value.toFixed(1)
const across =
  ({ high, low }: Axis) =>
  (x: number) =>
    BOX.left + ((x - low) / (high - low)) * (WIDTH - BOX.left - BOX.right)
const upward =
  ({ high, low }: Axis) =>
  (y: number) =>
    HEIGHT - BOX.bottom - ((y - low) / (high - low)) * (HEIGHT - BOX.top - BOX.bottom)

const line = ({ colour, look, points }: Series, x: (v: number) => number, y: (v: number) => number): string => {
  const path = points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${at(x(px))} ${at(y(py))}`).join("")
  const drawn = `<path class="line ${look} c${colour}" d="${path}"/>`
  if (look !== "dots") return drawn
  const dots = points.map(([px, py]) => `<circle class="dot c${colour}" cx="${at(x(px))}" cy="${at(y(py))}" r="3"/>`)
  return drawn + dots.join("")
}

const frame = (horizontal: Axis, vertical: Axis, { x, y }: Plot): string => {
  const px = across(horizontal)
  const py = upward(vertical)
  const bottom = HEIGHT - BOX.bottom
  const rows = vertical.ticks.map(
    (tick) =>
      `<line class="grid" x1="${BOX.left}" x2="${WIDTH - BOX.right}" y1="${at(py(tick))}" y2="${at(py(tick))}"/>` +
      `<text class="tick" x="${BOX.left - 7}" y="${at(py(tick) + 4)}" text-anchor="end">${vertical.format(tick)}</text>`
  )
  const columns = horizontal.ticks.map(
    (tick) =>
      `<line class="axis" x1="${at(px(tick))}" x2="${at(px(tick))}" y1="${bottom}" y2="${bottom + 4}"/>` +
      `<text class="tick" x="${at(px(tick))}" y="${bottom + 17}" text-anchor="middle">${horizontal.format(tick)}</text>`
  )
  const middle = (BOX.top + bottom) / 2
  return [
    ...rows,
    ...columns,
    `<line class="axis" x1="${BOX.left}" x2="${WIDTH - BOX.right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="label" x="${(BOX.left + WIDTH - BOX.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeText(x)}</text>`,
    `<text class="label" transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${escapeText(y)}</text>`
  ].join("")
}

const legend = (series: ReadonlyArray<Series>): string =>
  series
    .map(
      ({ colour, look, name }) =>
        `<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="line ${look} c${colour}" d="M1 4H23"/></svg>${escapeText(name)}</li>`
    )
    .join("")

/** An SVG element and, below it, its legend as a list. Every text is escaped. */
export const linePlot = (plot: Plot): string => {
  const drawn = plot.series.filter(({ points }) => points.length > 0)
  const points = drawn.flatMap((series) => series.points)
  const horizontal = axis(
    points.map(([x]) => x),
    6,
    plot.wholeX ?? false
  )
  const vertical = axis(points.map(([, y]) => y))
  const lines = drawn.map((series) => line(series, across(horizontal), upward(vertical)))
  return [
    `<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(plot.title)}">`,
    frame(horizontal, vertical, plot),
    ...lines,
    `</svg><ul class="legend">${legend(drawn)}</ul>`
  ].join("")
}
