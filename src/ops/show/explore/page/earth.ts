/** The Earth behind a map, in the Mercator projection of web maps, so that tiles fit. */
import type { Camera, Points } from "../kit/cover.ts"

/** Latitude at which the projection ends. */
const EDGE = 85.0511

/** Unit coordinates of a place: x from 180° west to 180° east, y from north to south. */
export const projected = (latitude: number, longitude: number): readonly [number, number] => {
  const y = Math.max(-EDGE, Math.min(EDGE, latitude))
  const sin = Math.sin((y * Math.PI) / 180)
  return [(longitude + 180) / 360, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)]
}

/** Points of latitudes and longitudes, float32 [count, 2]. */
export const pointsOf = (places: Float32Array): Points => {
  const count = places.length / 2
  const [x, y] = [new Float32Array(count), new Float32Array(count)]
  for (let i = 0; i < count; i++) {
    const at = Number.isNaN(places[2 * i]) ? [Number.NaN, Number.NaN] : projected(places[2 * i], places[2 * i + 1])
    x[i] = at[0]
    y[i] = at[1]
  }
  return { x, y }
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Draws the land from its rings of longitude and latitude in hundredths of a degree. */
export const landBehind = (rings: ReadonlyArray<ReadonlyArray<number>>) => {
  const land = new Path2D()
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = projected(ring[i + 1] / 100, ring[i] / 100)
      if (i === 0) land.moveTo(x, y)
      else land.lineTo(x, y)
    }
    land.closePath()
  }
  return (context: CanvasRenderingContext2D, camera: Camera, width: number, height: number) => {
    context.save()
    context.translate(width / 2 - camera.x * camera.scale, height / 2 - camera.y * camera.scale)
    context.scale(camera.scale, camera.scale)
    context.fillStyle = colour("--land")
    context.fill(land, "evenodd")
    context.lineWidth = 0.8 / camera.scale
    context.strokeStyle = colour("--soft")
    context.stroke(land)
    context.restore()
  }
}

/** Finest tiles that are asked for. */
const DEEPEST = 19
const MOST_TILES = 200

/** Draws tiles from an address with {z}, {x} and {y}; `redraw` is called when one has arrived. */
export const tilesBehind = (address: string, redraw: () => void) => {
  const tiles = new Map<string, HTMLImageElement>()
  const tile = (z: number, x: number, y: number): HTMLImageElement => {
    const key = `${z}/${x}/${y}`
    const known = tiles.get(key)
    if (known !== undefined) return known
    const image = new Image()
    image.onload = redraw
    image.src = address.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y))
    tiles.set(key, image)
    const [oldest] = tiles.keys()
    if (tiles.size > MOST_TILES) tiles.delete(oldest)
    return image
  }
  return (context: CanvasRenderingContext2D, camera: Camera, width: number, height: number) => {
    const z = Math.max(0, Math.min(DEEPEST, Math.round(Math.log2(camera.scale / 256))))
    const across = 2 ** z
    const edge = camera.scale / across
    const [left, top] = [camera.x - width / 2 / camera.scale, camera.y - height / 2 / camera.scale]
    const [right, bottom] = [left + width / camera.scale, top + height / camera.scale]
    for (let x = Math.max(0, Math.floor(left * across)); x < Math.min(across, right * across); x++)
      for (let y = Math.max(0, Math.floor(top * across)); y < Math.min(across, bottom * across); y++) {
        const image = tile(z, x, y)
        if (!image.complete || image.naturalWidth === 0) continue
        context.drawImage(image, (x / across - left) * camera.scale, (y / across - top) * camera.scale, edge, edge)
      }
  }
}
