/** Many points at once, as pixels: a call per point takes seconds at 590,000 points. */
import { type Camera, cover, type Look, type Points } from "../kit/cover.ts"

/** Opacity of points that pass the filters, and of the others, from 0 to 255. */
const [CLEAR, FAINT] = [217, 64]

/** Edge of a point in pixels of the page, by the number of points. */
const edgeOf = (count: number): number => (count > 50_000 ? 2 : 3)

/** Returns a function that gives the pixel of a colour of CSS with a wanted opacity, its four bytes as one number. */
const makeColourReader = () => {
  const canvas = document.createElement("canvas")
  canvas.width = 1
  canvas.height = 1
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D
  return (colour: string, opacity: number): number => {
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const { data } = context.getImageData(0, 0, 1, 1)
    data[3] = opacity
    return new Uint32Array(data.buffer)[0]
  }
}

/** Draws points of a look on a canvas; `soft` is the colour of points that do not pass the filters. */
export const makePointLayer = () => {
  const layer = document.createElement("canvas")
  const context = layer.getContext("2d") as CanvasRenderingContext2D
  const colourOf = makeColourReader()
  return (
    target: CanvasRenderingContext2D,
    points: Points,
    { colours, palette, shown }: Look,
    camera: Camera,
    [width, height]: readonly [number, number],
    ratio: number,
    soft: string
  ): void => {
    layer.width = Math.round(width * ratio)
    layer.height = Math.round(height * ratio)
    const number = (point: number) => (shown === undefined || shown(point) ? colours[point] + 2 : 1)
    const scaled = { ...camera, scale: camera.scale * ratio }
    const edge = Math.max(2, Math.round(edgeOf(points.x.length) * ratio))
    const covered = cover(points, scaled, layer.width, layer.height, edge, number)
    const clear = palette.map((colour) => colourOf(colour, CLEAR))
    const fills = [colourOf(soft, FAINT), ...clear]
    const image = context.createImageData(layer.width, layer.height)
    const pixels = new Uint32Array(image.data.buffer)
    for (let at = 0; at < covered.length; at++) if (covered[at] > 0) pixels[at] = fills[covered[at] - 1]
    context.putImageData(image, 0, 0)
    target.drawImage(layer, 0, 0, width, height)
  }
}
