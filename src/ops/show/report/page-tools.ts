/** What a reader of the page can choose: queries of a class, and their order. Without scripts the page shows all of them. */
import { escapeText } from "../html.ts"

/** Runs in the reader's browser: plain JavaScript, and nothing of the data in it. */
const SCRIPT = `
(() => {
  const box = document.getElementById("strips")
  const tools = document.getElementById("tools")
  const [chosen, order] = tools.querySelectorAll("select")
  const count = tools.querySelector("output")
  const all = [...box.children]
  const ap = (strip) => (strip.dataset.ap === "" ? NaN : Number(strip.dataset.ap))
  const ways = {
    drawn: () => 0,
    worst: (a, b) => ap(a) - ap(b),
    best: (a, b) => ap(b) - ap(a)
  }
  const show = () => {
    const sorted = [...all].sort((a, b) => {
      const missing = Number(Number.isNaN(ap(a))) - Number(Number.isNaN(ap(b)))
      return order.value === "drawn" ? all.indexOf(a) - all.indexOf(b) : missing || ways[order.value](a, b) || 0
    })
    let shown = 0
    for (const strip of sorted) {
      const has = chosen.value === "" || strip.dataset.labels.split(" ").includes(chosen.value)
      strip.hidden = !has
      if (has) shown++
      box.append(strip)
    }
    count.textContent = shown === all.length ? all.length + " queries" : shown + " of " + all.length + " queries"
  }
  chosen.addEventListener("change", show)
  order.addEventListener("change", show)
  tools.hidden = false
  show()
})()
`

const option = (value: string | number, text: string): string => `<option value="${value}">${escapeText(text)}</option>`

/**
 * @param classes of the queries; a strip names them by their number in `data-labels`
 * @param judged whether strips know their average precision, in `data-ap`
 */
export const stripTools = (classes: ReadonlyArray<string>, judged: boolean): string => {
  const orders = [
    option("drawn", "as chosen"),
    ...(judged ? [option("worst", "worst first"), option("best", "best first")] : [])
  ]
  return [
    '<div id="tools" class="card" hidden>',
    `<label>Class <select>${option("", "all")}${classes.map((name, i) => option(i, name)).join("")}</select></label>`,
    `<label>Order <select>${orders.join("")}</select></label>`,
    "<output></output>",
    "</div>"
  ].join("")
}

/** Stands behind the strips, so that they are there when it runs. */
export const toolsScript = `<script>${SCRIPT}</script>`
