/** Words for messages: values, lists of names, counts, and the nearest known name. */

/**
 * Characters that act on a terminal or on the order of text: C0 and C1 controls, DEL, line and paragraph separators,
 * marks, embeddings, overrides and isolates of bidirectional text, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu

const escaped = (character: string): string => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
}

/**
 * Text from a file, safe to print: each control character is replaced by a visible escape, so that a name cannot move the
 * cursor, set the title of a window or reverse the text around it. All other characters stay.
 *
 * @example
 * printable("a\u001b]0;title\u0007.tif") // => "a\\x1b]0;title\\x07.tif"
 * printable("Zürich 東京") // => "Zürich 東京"
 */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped)

/**
 * Text of several lines, safe to print: line feeds stay, other control characters are replaced as in `printable`.
 *
 * @example
 * printableLines("one\ntwo\r\u001b[2J") // => "one\ntwo\\x0d\\x1b[2J"
 */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** Characters that JSON leaves as they are, although they act on a terminal or on the order of text. */
const UNPRINTABLE_IN_JSON = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/**
 * JSON text, safe to print and still the same JSON: control characters that JSON does not escape become `\\u` escapes.
 *
 * @example
 * printableJson(JSON.stringify("a\u009b2J")) // => '"a\\u009b2J"'
 */
export const printableJson = (json: string): string =>
  json.replace(UNPRINTABLE_IN_JSON, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** A value as a message shows it: short, one line, text in quotes. */
export const shown = (value: unknown): string => {
  if (value === undefined || value === null) return "nothing"
  const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A key as a message shows it: in backquotes, cut if it is long. */
export const key = (name: string): string => `\`${name.length > 60 ? `${name.slice(0, 57)}...` : name}\``

/**
 * Names in backquotes, separated by commas.
 *
 * @example
 * quoted(["oml", "xent"]) // => "`oml`, `xent`"
 */
export const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `\`${name}\``).join(", ")

/**
 * The first few of many names.
 *
 * @example
 * few(["a", "b", "c", "d", "e"]) // => "a, b, c and 2 more"
 */
export const few = (names: ReadonlyArray<string>, most = 3): string =>
  names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`

/**
 * Joins names into a phrase.
 *
 * @example
 * conjoined(["ACG", "nDCG", "wAP"]) // => "ACG, nDCG and wAP"
 */
export const conjoined = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`

/**
 * Names that occur more than once, each listed once, in the order of their second occurrence.
 *
 * @example
 * repeated(["a", "b", "b", "a"]) // => ["b", "a"]
 */
export const repeated = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return [...new Set(names.filter((name) => seen.size === seen.add(name).size))]
}

/**
 * A number with thousands separators.
 *
 * @example
 * grouped(1200) // => "1,200"
 */
export const grouped = (count: number): string => count.toLocaleString("en")

/**
 * A number with its noun.
 *
 * @example
 * counted(1, "patch", "patches") // => "1 patch"
 * counted(1200, "patch", "patches") // => "1,200 patches"
 */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`

/** Message of any thrown value. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Edit distance with transpositions (optimal string alignment; Damerau 1964). */
const distance = (a: string, b: string): number => {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => {
    const row = new Array<number>(b.length + 1).fill(0)
    row[0] = i
    return row
  })
  for (let j = 0; j <= b.length; j++) rows[0][j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2][j - 2] + 1)
      rows[i][j] = best
    }
  }
  return rows[a.length][b.length]
}

/** Longer names are not compared: the time grows with the product of both lengths. */
const COMPARED = 64

/** More known names than this are not compared with. */
const FEW_ENOUGH = 1000

/** The first names, one more than are compared with. */
const firstOf = (known: Iterable<string>): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (const name of known) if (names.push(name) > FEW_ENOUGH) break
  return names
}

/**
 * The known name most like `name`, unless all are too far away to be meant.
 *
 * @example
 * nearest("sise", ["size", "at"]) // => "size"
 * nearest("colour", ["size", "at"]) // => undefined
 */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > COMPARED) return undefined
  const names = firstOf(known)
  if (names.length > FEW_ENOUGH) return undefined
  let best: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of names) {
    // The lengths alone are this far apart.
    if (Math.abs(candidate.length - name.length) >= least) continue
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

/** A clause that names the nearest known name, or lists the known names if none is near and they are few. */
export const suggestion = (name: string, known: Iterable<string>): string => {
  const names = firstOf(known)
  const near = nearest(name, names)
  if (near !== undefined) return `; did you mean \`${near}\`?`
  return names.length === 0 || names.length > 12 ? "" : `; there is ${quoted(names)}`
}
