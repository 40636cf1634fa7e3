/** Names that a user may have meant, among any number of names. */

/** Number of names that are suggested. */
const MOST = 3

/** A name without folder and extension, in lower case. */
const stem = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^.*[/\\]/, "")
    .replace(/\.[a-z0-9]{1,5}$/, "")

/** Length of the common beginning and of the common end of two names, together. */
const common = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length)
  let begin = 0
  while (begin < shorter && a[begin] === b[begin]) begin++
  let end = 0
  while (end < shorter - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return begin + end
}

/**
 * Up to three names that are most like an unknown one: names that differ only in case, folder or extension; else names that
 * contain it; else the names with the longest common beginning and end, if that is more than half of the name. It is one pass
 * over the names, however many there are.
 *
 * @example
 * likelyNames("HARBOUR_7.tif", ["harbour_7", "harbour_71"]) // => ["harbour_7"]
 * likelyNames("bour_7", ["harbour_7", "harbour_71", "beach"]) // => ["harbour_7", "harbour_71"]
 * likelyNames("harbuor_71", ["harbour_7", "harbour_71", "beach"]) // => ["harbour_71"]
 * likelyNames("tree", ["harbour_7", "beach"]) // => []
 */
export const likelyNames = (name: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = stem(name)
  if (wanted === "") return []
  const same = names.filter((one) => stem(one) === wanted)
  if (same.length > 0) return same.slice(0, MOST)
  const containing = names.filter((one) => one.toLowerCase().includes(wanted))
  if (containing.length > 0) return containing.slice(0, MOST)
  let longest = Math.floor(wanted.length / 2) + 1
  let found: Array<string> = []
  for (const one of names) {
    const length = common(wanted, stem(one))
    if (length < longest) continue
    if (length > longest) found = []
    longest = length
    if (found.length < MOST) found.push(one)
  }
  return found
}
