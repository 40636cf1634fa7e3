/** A small archive of one's own and its explorer, for tests in a browser. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import sharp from "sharp"
import { random } from "../../src/pipeline/random.ts"
import { runHere } from "../experiments/in-process.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"

export interface Explored {
  readonly home: string
  readonly url: string
  readonly names: ReadonlyArray<string>
  readonly npy: string
  readonly csv: string
}

/** A name that would be an element if a page took it for HTML, and one with characters that addresses escape. */
const ODD = ["<img src=x onerror=alert(1)>", "a,b & c=d #1"]

export const CLASSES = ["water", "forest", "town"]

/** Labels of image i: every combination in turn. */
export const labelsOf = (i: number): ReadonlyArray<number> => [i & 1, (i >> 1) & 1, (i >> 2) & 1]

/** Place of image i: along a line through Europe. */
export const placeOf = (i: number): readonly [number, number] => [40 + i / 10, 5 + i / 10]

export const cell = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * Writes embeddings, labels and pictures of images, and runs configs/explore.yaml on them.
 *
 * @param count number of images
 * @param pictures whether pictures are written, too
 */
export const explored = async (
  count: number,
  { dim = 16, pictures = true, set = [] as ReadonlyArray<string> } = {}
): Promise<Explored> => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-explore-"))
  const names = Array.from({ length: count }, (_, i) => ODD[i - 3] ?? `image-${String(i).padStart(4, "0")}`)
  const draw = random(3, 0, 0, "vectors")
  const vectors = Float32Array.from({ length: count * dim }, () => draw.normal())
  const [npy, csv] = [join(home, "E.npy"), join(home, "L.csv")]
  writeNpy(npy, vectors, count, dim)
  const rows = names.map((name, i) => [cell(name), ...labelsOf(i)].join())
  writeFileSync(csv, `name,${CLASSES.join()}\n${rows.join("\n")}\n`)
  const folder = join(home, "pictures")
  mkdirSync(folder)
  for (let i = 0; pictures && i < count; i++) {
    if (/[<>]/.test(names[i])) continue
    const background = { r: (37 * i) % 256, g: (91 * i) % 256, b: (53 * i) % 256 }
    const picture = sharp({ create: { width: 24, height: 24, channels: 3, background } })
    writeFileSync(join(folder, `${names[i]}.png`), await picture.png().toBuffer())
  }
  const places = join(home, "places.csv")
  const spots = names.map((name, i) => `${cell(name)},${(placeOf(i)[0]).toFixed(4)},${placeOf(i)[1].toFixed(4)}`)
  writeFileSync(places, `name,latitude,longitude\n${spots.join("\n")}\n`)
  const out = join(home, "explore")
  const { error } = await runHere(
    resolve(import.meta.dirname, "../../configs/explore.yaml"),
    [
      `embeddings=${npy}`,
      `labels=${csv}`,
      `images=${pictures ? folder : "nothing"}`,
      `root_dir=${home}`,
      `places=${places}`,
      ...set
    ],
    { out, fresh: true }
  )
  if (error !== "") throw new Error(error)
  return { home, url: pathToFileURL(join(out, "index.html")).href, names, npy, csv }
}
