/** Pipelines as text: JSON, hash, YAML. */
import { digest } from "./digest.ts"
import { type AnyPipeline, isPipeline } from "./pipeline.ts"
import { escaped } from "./yaml/environment.ts"

/** A pipeline as plain JSON data: `[{ name: params }, ...]`, with pipelines inside parameters in the same form. */
export const toJson = (pipeline: AnyPipeline): unknown =>
  pipeline.steps.map(({ name, params }) => ({
    [name]: Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, isPipeline(value) ? toJson(value) : value])
    )
  }))

/** Hash of a pipeline: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON. Equal pipelines have equal hashes. */
export const hash = (pipeline: AnyPipeline): string => digest(canonical(toJson(pipeline)))

/** Text that YAML reads as that text without quotes. */
const BARE = /^(?!(true|false|null|[-+]?\.inf|\.nan)$)[A-Za-z_./][\w./+-]*$/i

const isBare = (text: string): boolean => BARE.test(text) && Number.isNaN(Number(text))

/** A key as YAML. Keys have no variables. */
const keyText = (key: string): string => (isBare(key) ? key : JSON.stringify(key))

/**
 * A value as YAML in flow style. Text that YAML would read as another value is quoted, and `${NAME}` is escaped as `$${NAME}`.
 *
 * @param special text of values that are not plain data
 *
 * @example
 * flowText({ bands: ["B04", "1e3"], size: 64 }) // => '{ bands: [B04, "1e3"], size: 64 }'
 */
export const flowText = (value: unknown, special: (value: unknown) => string | undefined = () => undefined): string => {
  const show = (one: unknown): string => flowText(one, special)
  const found = special(value)
  if (found !== undefined) return found
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return entries.length === 0
      ? "{}"
      : `{ ${entries.map(([key, inner]) => `${keyText(key)}: ${show(inner)}`).join(", ")} }`
  }
  if (typeof value !== "string") return JSON.stringify(value)
  return isBare(value) ? value : JSON.stringify(escaped(value))
}

/**
 * A pipeline as YAML: one step per line, in flow style.
 *
 * @param nameOf the name of a pipeline in a parameter; a pipeline without a name is printed in place
 */
export const print = (
  pipeline: AnyPipeline,
  indent = "",
  nameOf: (inner: AnyPipeline) => string | undefined = () => undefined
): string => {
  const inner = (value: unknown): string | undefined =>
    isPipeline(value) ? (nameOf(value) ?? `\n${print(value, `${indent}    `, nameOf)}\n${indent} `) : undefined
  return pipeline.steps.map(({ name, params }) => `${indent}- ${name}: ${flowText(params, inner)}`).join("\n")
}

/**
 * JSON with sorted keys and without undefined values.
 *
 * @example
 * canonical({ b: 1, a: undefined, c: [2] }) // => '{"b":1,"c":[2]}'
 */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
      .join(",")}}`
  }
  return JSON.stringify(value)
}
