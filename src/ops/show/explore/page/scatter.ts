/** A map of points on a canvas: zoom, pan, choice by lasso or rectangle, and all of it by the keyboard. */
import type { Camera, Look, Points } from "../kit/cover.ts"
import { h } from "./dom.ts"
import { makePointLayer } from "./point-layer.ts"

export interface ScatterOptions {
  readonly label: string
  readonly background?: (context: CanvasRenderingContext2D, camera: Camera, width: number, height: number) => void
  readonly open: (image: number, byKey: boolean) => void
  readonly choose: (images: ReadonlyArray<number>) => void
  readonly hover: (image: number | undefined, x: number, y: number) => void
}

export interface Scatter {
  readonly element: HTMLElement
  /** Shows other points; they are drawn once there is a look. */
  readonly show: (points: Points) => void
  readonly look: (look: Look) => void
  /** Draws again, for backgrounds that have loaded something. */
  readonly redraw: () => void
}

type Mode = "move" | "lasso" | "rectangle"
type Spot = readonly [x: number, y: number]

/** Whether a spot lies in a polygon (even-odd rule). */
export const inside = ([x, y]: Spot, polygon: ReadonlyArray<Spot>): boolean => {
  let within = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]
    const [xj, yj] = polygon[j]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within
  }
  return within
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Pixels within which a click meets a point. */
const REACH = 14
/** Points up to which each is drawn by a call of its own, and their edge in pixels. */
const FEW = 5_000
const EDGE = 5
/** Best results that have a ring; more would cover the colours of the points. */
const RINGS = 20
/** Selected images up to which each has a ring; if there are more, all others are faint. */
const RINGED = 500
/** Share of the canvas that an arrow key moves the cross. */
const STEP = 0.03

export const makeScatter = ({ background, choose, hover, label, open }: ScatterOptions): Scatter => {
  const canvas = h("canvas", {
    class: "map",
    tabindex: 0,
    role: "application",
    "aria-label": `${label}. Arrow keys move the cross, Enter finds images like the nearest one, Space starts and ends a rectangle, plus and minus zoom.`
  })
  const context = canvas.getContext("2d") as CanvasRenderingContext2D
  const camera: Camera = { x: 0.5, y: 0.5, scale: 1 }
  let home: Camera = { ...camera }
  let points: Points = { x: new Float32Array(0), y: new Float32Array(0) }
  let look: Look | undefined
  let mode: Mode = "move"
  let path: Array<Spot> = []
  let cross: Spot | undefined
  let corner: Spot | undefined
  const size = () => [canvas.clientWidth, canvas.clientHeight] as const

  const screen = (image: number): Spot => {
    const [width, height] = size()
    return [
      width / 2 + (points.x[image] - camera.x) * camera.scale,
      height / 2 + (points.y[image] - camera.y) * camera.scale
    ]
  }

  const drawLayer = makePointLayer()
  const dots = (how: Look, ratio: number) => {
    const { colours, palette, shown } = how
    const [width, height] = size()
    if (points.x.length > FEW) return drawLayer(context, points, how, camera, size(), ratio, colour("--soft"))
    const visit = (wanted: (image: number) => boolean, side: number) => {
      for (let image = 0; image < points.x.length; image++) {
        if (!wanted(image)) continue
        const x = width / 2 + (points.x[image] - camera.x) * camera.scale
        const y = height / 2 + (points.y[image] - camera.y) * camera.scale
        if (x > -side && y > -side && x < width + side && y < height + side)
          context.fillRect(x - side / 2, y - side / 2, side, side)
      }
    }
    if (shown !== undefined) {
      context.globalAlpha = 0.25
      context.fillStyle = colour("--soft")
      visit((image) => !shown(image), EDGE - 2)
    }
    context.globalAlpha = 0.85
    palette.forEach((fill, number) => {
      context.fillStyle = fill
      visit((image) => colours[image] === number && (shown === undefined || shown(image)), EDGE)
    })
    context.globalAlpha = 1
  }

  const ring = (image: number, radius: number, stroke: string, width: number) => {
    const [x, y] = screen(image)
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.lineWidth = width
    context.strokeStyle = stroke
    context.stroke()
  }

  const outline = (spots: ReadonlyArray<Spot>) => {
    context.beginPath()
    for (const [x, y] of spots) context.lineTo(x, y)
    context.closePath()
    context.fillStyle = colour("--accent")
    context.globalAlpha = 0.15
    context.fill()
    context.globalAlpha = 1
    context.lineWidth = 1.5
    context.strokeStyle = colour("--accent")
    context.stroke()
  }

  const box = ([ax, ay]: Spot, [bx, by]: Spot): ReadonlyArray<Spot> => [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by]
  ]

  const draw = () => {
    const [width, height] = size()
    if (width === 0 || look === undefined) return
    const ratio = window.devicePixelRatio || 1
    canvas.width = width * ratio
    canvas.height = height * ratio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    background?.(context, camera, width, height)
    const { selected, shown } = look
    const many = selected.size > RINGED
    dots(many ? { ...look, shown: (image) => selected.has(image) && shown?.(image) !== false } : look, ratio)
    for (const image of look.results.slice(0, RINGS)) ring(image, 5, colour("--ink"), 1.2)
    if (!many) for (const image of selected) ring(image, 6, colour("--accent"), 2.5)
    for (const [images, stroke] of [
      [look.like, colour("--accent")],
      [look.unlike, colour("--less")]
    ] as const) {
      for (const image of images) {
        ring(image, 8, colour("--paper"), 5)
        ring(image, 8, stroke, 3)
      }
    }
    if (path.length > 1) outline(mode === "rectangle" ? box(path[0], path[path.length - 1]) : path)
    if (cross === undefined || document.activeElement !== canvas) return
    if (corner !== undefined) outline(box(corner, cross))
    context.beginPath()
    context.moveTo(cross[0] - 10, cross[1])
    context.lineTo(cross[0] + 10, cross[1])
    context.moveTo(cross[0], cross[1] - 10)
    context.lineTo(cross[0], cross[1] + 10)
    context.lineWidth = 2
    context.strokeStyle = colour("--ink")
    context.stroke()
  }
  let asked = false
  const redraw = () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      draw()
    })
  }

  const nearest = ([x, y]: Spot, reach: number): number | undefined => {
    const [width, height] = size()
    const [px, py] = [camera.x + (x - width / 2) / camera.scale, camera.y + (y - height / 2) / camera.scale]
    let best = (reach / camera.scale) ** 2
    let found = -1
    for (let image = 0; image < points.x.length; image++) {
      const distance = (points.x[image] - px) ** 2 + (points.y[image] - py) ** 2
      // The filters are asked last, since they are slow.
      if (!(distance < best) || look?.shown?.(image) === false) continue
      best = distance
      found = image
    }
    return found < 0 ? undefined : found
  }

  const within = (polygon: ReadonlyArray<Spot>) => {
    const found: Array<number> = []
    for (let image = 0; image < points.x.length; image++) {
      if (look?.shown?.(image) !== false && inside(screen(image), polygon)) found.push(image)
    }
    choose(found)
  }

  const zoom = (factor: number, [x, y]: Spot) => {
    const [width, height] = size()
    const scale = Math.min(Math.max(camera.scale * factor, home.scale / 4), home.scale * 4000)
    const keep = 1 / camera.scale - 1 / scale
    camera.x += (x - width / 2) * keep
    camera.y += (y - height / 2) * keep
    camera.scale = scale
    redraw()
  }

  /** Shows all points. */
  const showAll = () => {
    const [width, height] = size()
    let [x0, x1, y0, y1] = [1, 0, 1, 0]
    for (let image = 0; image < points.x.length; image++) {
      const [x, y] = [points.x[image], points.y[image]]
      if (Number.isNaN(x)) continue
      x0 = Math.min(x0, x)
      x1 = Math.max(x1, x)
      y0 = Math.min(y0, y)
      y1 = Math.max(y1, y)
    }
    const scale = 0.9 * Math.min(width / Math.max(x1 - x0, 0.002), height / Math.max(y1 - y0, 0.002))
    home = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale }
    Object.assign(camera, home)
    redraw()
  }

  const spotOf = (event: PointerEvent | WheelEvent): Spot => {
    const { left, top } = canvas.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }
  const down = new Map<number, Spot>()
  let moved = false
  /** Whether a second finger has come: the gesture zooms then, and neither selects nor opens anything. */
  let pinched = false
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId)
    pinched = down.size > 0
    down.set(event.pointerId, spotOf(event))
    moved = false
    path = [spotOf(event)]
  })
  canvas.addEventListener("pointermove", (event) => {
    const spot = spotOf(event)
    const before = down.get(event.pointerId)
    if (before === undefined) {
      hover(nearest(spot, REACH), event.clientX, event.clientY)
      return
    }
    // A finger that is lifted ends the path while another one stays.
    const [start = spot] = path
    if (Math.hypot(spot[0] - start[0], spot[1] - start[1]) > 4) moved = true
    if (pinched && down.size < 2) return
    if (down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
      const factor =
        Math.hypot(spot[0] - other[0], spot[1] - other[1]) / Math.hypot(before[0] - other[0], before[1] - other[1])
      zoom(Number.isFinite(factor) ? factor : 1, other)
      path = [spot]
    } else if (mode === "move") {
      camera.x -= (spot[0] - before[0]) / camera.scale
      camera.y -= (spot[1] - before[1]) / camera.scale
    } else path.push(spot)
    down.set(event.pointerId, spot)
    redraw()
  })
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return
    const spots = path
    path = []
    redraw()
    if (event.type === "pointercancel" || down.size > 0 || pinched) return
    if (!moved) {
      const image = nearest(spotOf(event), REACH)
      if (image !== undefined) open(image, false)
    } else if (mode !== "move") within(mode === "rectangle" ? box(spots[0], spots[spots.length - 1]) : spots)
  }
  canvas.addEventListener("pointerup", up)
  canvas.addEventListener("pointercancel", up)
  canvas.addEventListener("pointerleave", () => hover(undefined, 0, 0))
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault()
      zoom(1.0015 ** -event.deltaY, spotOf(event))
    },
    { passive: false }
  )
  const ARROWS: Readonly<Record<string, Spot>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1]
  }
  const middle = (): Spot => [size()[0] / 2, size()[1] / 2]
  canvas.addEventListener("keydown", (event) => {
    const [width, height] = size()
    const at = cross ?? middle()
    const step = ARROWS[event.key]
    if (step !== undefined) {
      const far = STEP * (event.shiftKey ? 4 : 1)
      cross = [at[0] + step[0] * far * width, at[1] + step[1] * far * height]
    } else if (event.key === "Enter") {
      const image = nearest(at, Number.POSITIVE_INFINITY)
      if (image !== undefined) open(image, true)
    } else if (event.key === " ") {
      if (corner === undefined) corner = at
      else {
        within(box(corner, at))
        corner = undefined
      }
      cross = at
    } else if (event.key === "Escape") corner = undefined
    else if (event.key === "+" || event.key === "=") zoom(1.4, at)
    else if (event.key === "-") zoom(1 / 1.4, at)
    else if (event.key === "0") showAll()
    else return
    event.preventDefault()
    redraw()
  })
  canvas.addEventListener("focus", redraw)
  canvas.addEventListener("blur", redraw)
  new ResizeObserver(() => {
    if (points.x.length > 0 && home.scale === 1) showAll()
    else redraw()
  }).observe(canvas)
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw)

  const MODES: ReadonlyArray<readonly [Mode, string, string]> = [
    ["move", "✥", "Drag moves the map"],
    ["lasso", "◌", "Drag draws a lasso"],
    ["rectangle", "▭", "Drag draws a rectangle"]
  ]
  const modes = MODES.map(([one, sign, text]) =>
    h(
      "button",
      {
        type: "button",
        title: text,
        "aria-label": text,
        "aria-pressed": String(one === mode),
        onclick: () => {
          mode = one
          for (const [i, button] of modes.entries()) button.setAttribute("aria-pressed", String(MODES[i][0] === mode))
          canvas.dataset.mode = mode
        }
      },
      sign
    )
  )
  const tool = (sign: string, text: string, onclick: () => void) =>
    h("button", { type: "button", title: text, "aria-label": text, onclick }, sign)
  const tools = h(
    "div",
    { class: "tools", role: "group", "aria-label": `Tools of the map: ${label}` },
    ...modes,
    tool("+", "Zoom in", () => zoom(1.6, middle())),
    tool("−", "Zoom out", () => zoom(1 / 1.6, middle())),
    tool("⤢", "Show all", showAll)
  )
  return {
    element: h("div", { class: "scatter" }, canvas, tools),
    redraw,
    look: (now) => {
      look = now
      redraw()
    },
    show: (now) => {
      points = now
      if (size()[0] > 0) showAll()
      else home.scale = 1
    }
  }
}
