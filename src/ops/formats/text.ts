/** Text and JSON files whose encoding is UTF-8, or UTF-16 with a byte order mark. */
import { constants } from "node:buffer"
import { messageOf } from "../../pipeline/words.ts"
import { DataError } from "./data-error.ts"

/** Encodings by the byte order mark that they begin with. UTF-32 comes first: its mark begins like that of UTF-16. */
const MARKS: ReadonlyArray<readonly [mark: ReadonlyArray<number>, encoding: string]> = [
  [[0xff, 0xfe, 0, 0], "UTF-32"],
  [[0, 0, 0xfe, 0xff], "UTF-32"],
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"]
]

/** A byte order mark, decoded. */
const MARK = "\ufeff"

const encodingOf = (bytes: Uint8Array): string =>
  MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? "utf-8"

const decoded = (bytes: Uint8Array, encoding: string): string | undefined => {
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.startsWith(MARK) ? text.slice(1) : text
  } catch {
    return undefined
  }
}

/** Whether most pairs among the first bytes are a letter and a zero. */
const alternates = (bytes: Uint8Array): boolean => {
  const pairs = Math.min(512, bytes.length >> 1)
  let mixed = 0
  for (let i = 0; i < pairs; i++) if ((bytes[2 * i] === 0) !== (bytes[2 * i + 1] === 0)) mixed++
  return 2 * mixed > pairs
}

/**
 * Decodes the bytes of a text file: UTF-8 with or without a byte order mark, or UTF-16 with one. The mark is removed.
 *
 * @param file the name for messages
 * @throws DataError if the bytes are in another encoding, which the message names if it can be recognised
 * @example
 * textOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), "names.csv") // => "a"
 * textOf(new Uint8Array([0xff, 0xfe, 0x61, 0x00]), "names.csv") // => "a"
 */
export const textOf = (bytes: Uint8Array, file: string): string => {
  const refuse = (problem: string, remedy = "Save it as UTF-8"): never => {
    throw new DataError({ subject: file, problem, remedy })
  }
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    return refuse(`holds ${bytes.length} bytes, more than one text can have`, "Divide it into several files")
  }
  const encoding = encodingOf(bytes)
  if (encoding === "UTF-32") return refuse("is text in UTF-32, which is not read")
  const text = decoded(bytes, encoding)
  if (text === undefined) {
    return refuse(encoding === "utf-8" ? "is not text in UTF-8" : `is not text in ${encoding.toUpperCase()}`)
  }
  // UTF-16 of plain letters is also valid UTF-8: every other byte is zero.
  if (text.includes("\0")) {
    return refuse(
      alternates(bytes) ? "is text in UTF-16 without a byte order mark" : "is not text: it holds zero bytes"
    )
  }
  return text
}

/**
 * Parses the bytes of a JSON file, in any encoding that `textOf` decodes.
 *
 * @param file the name for messages
 * @throws DataError if the bytes are not text, or the text is not JSON
 * @example
 * jsonOf(new TextEncoder().encode('{"bands": 3}'), "facts.json") // => { bands: 3 }
 */
export const jsonOf = (bytes: Uint8Array, file: string): unknown => {
  const text = textOf(bytes, file)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError({
      subject: file,
      problem: `is not JSON (${messageOf(cause)})`,
      remedy: "Save it as valid JSON",
      cause
    })
  }
}
