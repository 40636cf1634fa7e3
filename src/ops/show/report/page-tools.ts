/**
 * Controls of the strips: the choice of a class, the order of the queries, and the larger form of a picture. Without scripts the
 * page shows all strips.
 */
import { escapeText } from "../html.ts"

/**
 * Filter and order. They are kept in the address (`#class=NAME&order=worst`), so that a link shows the same. The script is plain
 * JavaScript that contains no data.
 */
const FILTER = `
(() => {
  const box = document.getElementById("strips")
  const tools = document.getElementById("tools")
  if (!tools) return
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
  const nameOf = (select) => [...select.options].find((option) => option.value === select.value)?.text ?? ""
  const write = () => {
    const state = new URLSearchParams()
    if (chosen.value !== "") state.set("class", nameOf(chosen))
    if (order.value !== "drawn") state.set("order", order.value)
    const hash = state.toString()
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : "#" + hash)
  }
  const read = () => {
    const state = new URLSearchParams(location.hash.slice(1))
    const name = state.get("class")
    chosen.value = [...chosen.options].find((option) => option.value !== "" && option.text === name)?.value ?? ""
    order.value = [...order.options].some((option) => option.value === state.get("order")) ? state.get("order") : "drawn"
    show()
  }
  for (const select of [chosen, order]) select.addEventListener("change", () => (show(), write()))
  addEventListener("hashchange", read)
  tools.hidden = false
  read()
})()
`

/** The larger form of a picture: left and right go through its strip, Escape closes it. */
const LARGER = `
(() => {
  const dialog = document.getElementById("larger")
  const image = dialog.querySelector(".picture")
  let tiles = []
  let at = 0
  const show = () => {
    const tile = tiles[at]
    const button = tile.querySelector("button")
    image.className = button.className
    image.setAttribute("aria-label", button.title)
    dialog.querySelector("h2").textContent = button.title
    const labels = tile.querySelector(".labels")
    dialog.querySelector(".labels").replaceWith(labels.cloneNode(true))
    const about = tile.querySelector(".about")
    dialog.querySelector(".about").replaceChildren(...(about ? about.cloneNode(true).children : []))
    const facts = [...tile.querySelectorAll(".place")].map((line) => [...line.children].map((part) => part.textContent).join(" "))
    dialog.querySelector(".facts").textContent = facts.join(" · ")
  }
  const move = (by) => {
    at = (at + by + tiles.length) % tiles.length
    show()
  }
  document.getElementById("strips").addEventListener("click", (event) => {
    const button = event.target.closest("button.picture")
    if (!button) return
    tiles = [...button.closest(".strip").querySelectorAll(".tile")]
    at = tiles.indexOf(button.closest(".tile"))
    show()
    dialog.showModal()
  })
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by) move(by)
  })
  dialog.addEventListener("click", (event) => {
    const { by } = event.target.dataset
    if (by) move(Number(by))
    else if (event.target === dialog || event.target.dataset.close) dialog.close()
  })
})()
`

const option = (value: string | number, text: string): string => `<option value="${value}">${escapeText(text)}</option>`

/**
 * The choice of a class and of an order.
 *
 * @param classes classes of the queries; a strip lists their numbers in `data-labels`
 * @param judged whether strips have their average precision in `data-ap`
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

/** The dialog and the scripts of pages with strips; they belong after the strips. */
export const toolsScript = `<dialog id="larger" aria-labelledby="larger-name"><div class="picture" role="img" aria-label=""></div>
<h2 id="larger-name"></h2><p class="facts"></p><ul class="labels"></ul><ul class="about"></ul>
<p class="buttons"><button type="button" data-by="-1">Previous</button><button type="button" data-by="1">Next</button><button type="button" data-close="true">Close</button></p></dialog>
<script>${FILTER}</script><script>${LARGER}</script>`
