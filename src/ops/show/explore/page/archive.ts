/** The archive in the page: names, labels, vectors, pictures. */
import { bytesFrom, unpackBits } from "../kit/base64.ts"
import { type Contents, type ImagesPart, PIECE, partName } from "../kit/contents.ts"
import { whenIdle } from "./dom.ts"
import { indexFor, serverIndex } from "./indexes.ts"
import { part } from "./load.ts"

export interface Archive {
  readonly contents: Contents
  /** Names of the images that have been loaded so far. */
  readonly names: ReadonlyArray<string>
  readonly find: (name: string) => number | undefined
  /** Multi-hot labels of an image, as corrected by hand. */
  readonly labels: (image: number) => Uint8Array
  /** Corrected labels by image. */
  readonly corrected: Map<number, Uint8Array>
  readonly pictured: (image: number) => boolean
  /** Vectors of images; all must have been loaded. */
  readonly vectors: (images: ReadonlyArray<number>) => Promise<ReadonlyArray<Float64Array>>
  /** Cosines of a query with all images. */
  readonly cosines: (query: Float64Array) => Promise<Float64Array>
  /** Resolves once all names and vectors are there. */
  readonly ready: Promise<void>
  readonly isReady: () => boolean
}

/** Names of the classes of a row of labels. */
export const classesOf = ({ contents }: Archive, labels: Uint8Array): ReadonlyArray<string> =>
  contents.classes.filter((_, c) => labels[c] !== 0)

/** Opens the archive: resolves when the first images are known, and loads the rest meanwhile. */
export const openArchive = async (progress: (share: number) => void): Promise<Archive> => {
  const contents = await part<Contents>("contents")
  const { classes, count } = contents
  const width = classes.length
  const names: Array<string> = []
  const numbers = new Map<string, number>()
  const labels = new Uint8Array(count * width)
  const pictured = new Uint8Array(count)
  const corrected = new Map<number, Uint8Array>()
  const loadImages = async (number: number) => {
    const from = number * PIECE
    const loaded = await part<ImagesPart>(partName("images", number))
    loaded.names.forEach((name, i) => {
      names[from + i] = name
      if (!numbers.has(name)) numbers.set(name, from + i)
    })
    labels.set(unpackBits(bytesFrom(loaded.labels), loaded.names.length * width), from * width)
    pictured.set(unpackBits(bytesFrom(loaded.pictured), loaded.names.length), from)
  }
  await loadImages(0)
  const index = contents.served === true ? serverIndex(contents) : indexFor(contents)
  let ready = false
  const loadRest = async () => {
    const steps = Math.ceil(count / PIECE) - 1 + contents.pieces.length
    let done = 0
    for (let number = 1; number * PIECE < count; number++) {
      await loadImages(number)
      progress(++done / steps)
    }
    for (const [number, rows] of contents.served === true ? [] : contents.pieces.entries()) {
      await index.add(await part<string>(partName("vectors", number)), rows)
      progress(++done / steps)
    }
    ready = true
    whenIdle(() => void index.prepare())
  }
  return {
    contents,
    names,
    corrected,
    find: (name) => numbers.get(name),
    labels: (image) => corrected.get(image) ?? labels.subarray(image * width, (image + 1) * width),
    pictured: (image) => pictured[image] === 1,
    vectors: index.vectors,
    cosines: index.cosines,
    ready: loadRest(),
    isReady: () => ready
  }
}
