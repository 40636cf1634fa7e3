import { Schema } from "effect"
import type { Plain } from "../pipeline/param.ts"

/** The name of one file or column: no folder, no extension, nothing that a file system or a dotted path would read otherwise. */
export const FileName: Plain<string> = Schema.String.check(
  Schema.makeFilter((text: string) => /^[A-Za-z0-9_-]{1,100}$/.test(text) || "not a plain name", {
    expected: "a name of letters, digits, - and _"
  })
)
