/** From what the address asks for to the images that are shown. */
import { labelSimilarity } from "../../../measure/relevance.ts"
import type { View } from "../kit/address.ts"
import { inRange, UNKNOWN } from "../kit/figures.ts"
import { best, queryOf } from "../kit/query.ts"
import type { Archive } from "./archive.ts"

export interface Result {
  readonly image: number
  /** Position from 1 on. */
  readonly rank: number
  /** Cosine with the query; undefined without a query. */
  readonly score: number | undefined
  /** 1 - Jaccard distance of its labels and those of the only example; undefined if there is no such example. */
  readonly similarity: number | undefined
}

export interface Found {
  readonly results: ReadonlyArray<Result>
  /** How many images pass the filters. */
  readonly matching: number
  /** Cosines of all images with the query. */
  readonly scores: Float64Array | undefined
}

/** An image that is not of the archive. */
export interface Uploaded {
  readonly name: string
  readonly vector: Float64Array
  readonly picture: HTMLCanvasElement
}

const EARTH = 6371

/** Distance on the sphere in kilometres (haversine). */
export const kilometres = (a: readonly [number, number], b: readonly [number, number]): number => {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const [dy, dx] = [radians(b[0] - a[0]), radians(b[1] - a[1])]
  const under = Math.sin(dy / 2) ** 2 + Math.cos(radians(a[0])) * Math.cos(radians(b[0])) * Math.sin(dx / 2) ** 2
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(under)))
}

/**
 * Whether an image passes the filters of a view, decided once for all images; undefined if there are no filters.
 *
 * @param precisions as `ap` of the figures; without them, average precision restricts nothing
 */
export const filterOf = (
  archive: Archive,
  { ap, labels, near, only, text }: View,
  place: (image: number) => readonly [number, number] | undefined,
  precisions: Uint8Array | undefined
): ((image: number) => boolean) | undefined => {
  const wanted = labels.map((name) => archive.contents.classes.indexOf(name))
  const part = text.trim().toLowerCase()
  const kept = only.length === 0 ? undefined : new Set(only.map((name) => archive.find(name)))
  const range = precisions === undefined ? undefined : ap
  const free = wanted.length === 0 && part === "" && range === undefined
  if (free && kept === undefined && near === undefined) return undefined
  const passes = (image: number): boolean => {
    if (kept !== undefined && !kept.has(image)) return false
    if (range !== undefined && !inRange(precisions?.[image] ?? UNKNOWN, range)) return false
    if (part !== "" && !archive.names[image].toLowerCase().includes(part)) return false
    const own = archive.labels(image)
    if (!wanted.every((c) => own[c] === 1)) return false
    if (near === undefined) return true
    const at = place(image)
    return at !== undefined && kilometres([near[0], near[1]], at) <= near[2]
  }
  const passed = new Uint8Array(archive.contents.count)
  for (let image = 0; image < archive.names.length; image++) if (passes(image)) passed[image] = 1
  return (image) => passed[image] === 1
}

/** Numbers of the images with these names; a name that no image has is left out. */
export const numbersOf = (archive: Archive, names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names.flatMap((name) => archive.find(name) ?? [])

/**
 * Finds what a view asks for: the nearest images to its examples, or without examples all images in their own order.
 *
 * @param top how many
 */
export const findImages = async (
  archive: Archive,
  view: View,
  uploaded: Uploaded | undefined,
  allowed: ((image: number) => boolean) | undefined,
  top: number
): Promise<Found> => {
  const like = numbersOf(archive, view.like)
  const unlike = numbersOf(archive, view.unlike)
  const count = archive.names.length
  let matching = allowed === undefined ? count : 0
  for (let image = 0; allowed !== undefined && image < count; image++) if (allowed(image)) matching++
  if (uploaded === undefined && like.length + unlike.length === 0) {
    const results: Array<Result> = []
    for (let image = 0; image < count && results.length < top; image++) {
      if (allowed !== undefined && !allowed(image)) continue
      results.push({ image, rank: results.length + 1, score: undefined, similarity: undefined })
    }
    return { results, matching, scores: undefined }
  }
  const towards = [...(uploaded === undefined ? [] : [uploaded.vector]), ...(await archive.vectors(like))]
  const scores = await archive.cosines(queryOf(towards, await archive.vectors(unlike)))
  const own = uploaded === undefined ? undefined : archive.find(uploaded.name)
  const left = new Set([...like, ...unlike, ...(own === undefined ? [] : [own])])
  const example = uploaded === undefined && like.length === 1 ? archive.labels(like[0]) : undefined
  const compared = archive.contents.classes.length === 0 ? undefined : example
  const results = Array.from(
    best(scores, allowed, left, top),
    (image, i): Result => ({
      image,
      rank: i + 1,
      score: scores[image],
      similarity: compared === undefined ? undefined : labelSimilarity(compared, archive.labels(image))
    })
  )
  return { results, matching, scores }
}
