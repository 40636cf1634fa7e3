/** Thumbnails: parts of sheets, which are loaded when they are needed. */
import { sheetName } from "../kit/contents.ts"
import type { Archive } from "./archive.ts"

/** Sheets that have been loaded, the one used last at the end. */
const sheets = new Map<number, Promise<HTMLImageElement>>()
const MOST_SHEETS = 250

const sheet = (number: number): Promise<HTMLImageElement> => {
  const known = sheets.get(number)
  sheets.delete(number)
  const image =
    known ??
    new Promise<HTMLImageElement>((resolve, reject) => {
      const loading = new Image()
      loading.onload = () => resolve(loading)
      loading.onerror = () => reject(new Error(`${sheetName(number)} cannot be loaded`))
      loading.src = sheetName(number)
    })
  sheets.set(number, image)
  const [oldest] = sheets.keys()
  if (sheets.size > MOST_SHEETS) sheets.delete(oldest)
  return image
}

/** What waits to be drawn, by sheet. */
const waiting = new Map<HTMLImageElement, Array<() => boolean>>()

/** Draws what waits for one sheet, which the browser decodes now. A sheet per frame leaves it time for the reader's clicks. */
const drawNext = (): void => {
  for (const [loaded, drawings] of waiting) {
    waiting.delete(loaded)
    const drawn = drawings.filter((draw) => draw())
    if (drawn.length > 0) break
  }
  if (waiting.size > 0) requestAnimationFrame(drawNext)
}

const drawSoon = (loaded: HTMLImageElement, draw: () => boolean): void => {
  if (waiting.size === 0) requestAnimationFrame(drawNext)
  const drawings = waiting.get(loaded) ?? []
  drawings.push(draw)
  waiting.set(loaded, drawings)
}

/**
 * Draws the thumbnail of an image on a canvas as soon as its sheet is there; leaves the canvas empty without a picture, and if it
 * has left the page meanwhile.
 */
export const drawThumbnail = ({ contents, pictured }: Archive, image: number, canvas: HTMLCanvasElement): void => {
  if (contents.sheets === undefined || !pictured(image)) return
  const { columns, edge, rows } = contents.sheets
  const at = image % (columns * rows)
  canvas.dataset.image = String(image)
  void sheet(Math.floor(image / (columns * rows)))
    .then((loaded) =>
      drawSoon(loaded, () => {
        if (!canvas.isConnected || canvas.dataset.image !== String(image)) return false
        canvas.width = edge
        canvas.height = edge
        const [x, y] = [(at % columns) * edge, Math.floor(at / columns) * edge]
        canvas.getContext("2d")?.drawImage(loaded, x, y, edge, edge, 0, 0, edge, edge)
        canvas.dataset.drawn = "yes"
        return true
      })
    )
    .catch(() => undefined)
}
