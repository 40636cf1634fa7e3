import { Schema } from "effect"
import type { Plain } from "../pipeline/param.ts"

/** The name of one file or column: no folder, no extension, nothing that a file system or a dotted path would read otherwise. */
export const FileName: Plain<string> = Schema.String.check(
  Schema.makeFilter((text: string) => /^[A-Za-z0-9_-]{1,100}$/.test(text) || "not a plain name", {
    expected: "a name of letters, digits, - and _"
  })
)

/** The name of files without their extension, which may hold points and spaces: `UCM_0.0001_resnet50`. */
export const FileStem: Plain<string> = Schema.String.check(
  Schema.makeFilter(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
    (text: string) => /^[^./\\\u0000-\u001f\u007f][^/\\\u0000-\u001f\u007f]{0,199}$/.test(text) || "not a file name",
    { expected: "a file name without a folder, not beginning with a point" }
  )
)
