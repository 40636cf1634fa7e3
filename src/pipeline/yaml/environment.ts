/**
 * `${NAME}` and `${NAME:-default}` in the values of a file, and `~/` at their beginning.
 *
 * Both are resolved while the tree is built, so that every reader of the tree sees values only: checks, `--check` and
 * records hold what was used, and a record needs no environment to be read.
 */
import { homedir } from "node:os"
import { join } from "node:path"
import { isSecret } from "../secrets.ts"

/** Values that a file may refer to. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The home folder, for `~/`. */
  readonly home: string
}

/** The environment of this process. */
export const processEnvironment = (): Environment => ({ variables: process.env, home: homedir() })

/** A value after resolution, or the reason why it has none. */
export type Expanded = { readonly text: string } | { readonly problem: string }

/** A reference in a value; the first group is the sign that escapes it. */
const REFERENCE = /\$(\$?)\{([^{}\n]*)\}/g

/** Longest value after resolution, in UTF-16 units. */
const LONGEST = 1 << 20

const resolved = (inner: string, { variables }: Environment): Expanded => {
  const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/.exec(inner) ?? []
  if (name === undefined) {
    return {
      problem: `expected \`\${NAME}\` or \`\${NAME:-default}\`, found \`\${${inner}}\`; for this very text write \`$\${${inner}}\``
    }
  }
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined
  if (fallback === undefined ? value === undefined : value === undefined || value === "") {
    if (fallback !== undefined) return { text: fallback }
    return {
      problem: `the environment variable \`${name}\` is not set; set it, or give a default: \`\${${name}:-…}\``
    }
  }
  if (isSecret(name, value ?? "")) {
    return {
      problem: `the environment variable \`${name}\` looks like a secret, and a value of a file is written into the run's record. Use another variable`
    }
  }
  return { text: value ?? "" }
}

/**
 * Resolves the references in a text. `$${NAME}` is the text `${NAME}`.
 *
 * @example
 * const environment = { variables: { DATA: "/data" }, home: "/home/me" }
 * expanded("${DATA}/ben", environment) // => { text: "/data/ben" }
 * expanded("${SIZE:-64}", environment) // => { text: "64" }
 * expanded("~/own", environment) // => { text: "/home/me/own" }
 */
export const expanded = (text: string, environment: Environment): Expanded => {
  const problems: Array<string> = []
  const filled = text.includes("${")
    ? text.replace(REFERENCE, (whole, escaped: string, inner: string) => {
        if (escaped !== "") return whole.slice(1)
        const found = resolved(inner, environment)
        if ("text" in found) return found.text
        problems.push(found.problem)
        return ""
      })
    : text
  if (problems.length > 0) return { problem: problems[0] }
  if (filled.length > LONGEST && filled !== text) {
    return { problem: `is longer than ${LONGEST} characters after its environment variables are filled in` }
  }
  return atHome(filled, environment)
}

/**
 * A text in which no reference is resolved: the inverse of resolution, for values that are printed.
 *
 * @example
 * escaped("${A}") // => "$${A}"
 */
export const escaped = (text: string): string => text.replace(REFERENCE, (whole) => `$${whole}`)

const atHome = (text: string, { home }: Environment): Expanded => {
  const [, user] = /^~([^/\\\s]*)(?:\/|$)/.exec(text) ?? []
  if (user === undefined) return { text }
  if (user === "") return { text: text === "~" ? home : join(home, text.slice(2)) }
  return /^[a-z_][\w.-]*$/i.test(user) && text.includes("/")
    ? { problem: `\`~${user}\`, the home folder of another user, is not looked up; write its path` }
    : { text }
}

/** A path from the command line with `~/` resolved: shells leave it in `--out=~/runs`. */
export const fromHome = (path: string): string => {
  const found = atHome(path, processEnvironment())
  return "text" in found ? found.text : path
}

/** A text in which references contain no character that YAML reads as punctuation. */
export interface Masked {
  /** As long as the text, with every other character at its old offset. */
  readonly content: string
  /** Gives a part of the content its own characters back. */
  readonly unmask: (part: string) => string
}

const PUNCTUATION = "{}[],:#&*!|>%@` -?"

/** A reference in the text of a file. One with quotes or a backslash is left as it is: it stands inside quotes. */
const WRITTEN = /\$\$?\{[^{}\n"'\\]*\}/g

/** As many characters of the private use area as are needed and do not occur in the text. */
const unused = (content: string): ReadonlyArray<string> | undefined => {
  const found: Array<string> = []
  for (let code = 0xe000; code < 0xf8ff && found.length < PUNCTUATION.length; code++) {
    const character = String.fromCharCode(code)
    if (!content.includes(character)) found.push(character)
  }
  return found.length === PUNCTUATION.length ? found : undefined
}

/**
 * Masks the references of a text, so that `{ from: ${DATA}/ben, size: ${SIZE:-64} }` is YAML: braces and commas of a
 * reference would end the value otherwise.
 */
export const masked = (content: string): Masked => {
  const signs = content.includes("${") ? unused(content) : undefined
  if (signs === undefined) return { content, unmask: (part) => part }
  const hidden = new Map([...PUNCTUATION].map((sign, i) => [sign, signs[i]]))
  const shown = new Map([...PUNCTUATION].map((sign, i) => [signs[i], sign]))
  const any = new RegExp(`[${signs[0]}-${signs[signs.length - 1]}]`, "g")
  return {
    content: content.replace(
      WRITTEN,
      (whole) =>
        whole.slice(0, whole.indexOf("{")) +
        [...whole.slice(whole.indexOf("{"))].map((c) => hidden.get(c) ?? c).join("")
    ),
    unmask: (part) => part.replace(any, (sign) => shown.get(sign) ?? sign)
  }
}
