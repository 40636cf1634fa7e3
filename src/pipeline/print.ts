/** Pipelines as text: JSON, hash, and as they stand in a YAML file. */
import { createHash } from "node:crypto"
import { type AnyPipeline, isPipeline } from "./pipeline.ts"

/** Plain JSON data of a pipeline: `[{ name: params }, ...]`, pipelines inside parameters likewise. */
export const toJson = (pipeline: AnyPipeline): unknown =>
  pipeline.steps.map(({ name, params }) => ({
    [name]: Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, isPipeline(value) ? toJson(value) : value])
    )
  }))

/** SHA-256 of the canonical JSON of a pipeline: equal pipelines, equal hashes, wherever they were written. */
export const hash = (pipeline: AnyPipeline): string =>
  createHash("sha256")
    .update(canonical(toJson(pipeline)))
    .digest("hex")
    .slice(0, 16)

/** Text that YAML reads as that text without quotes. */
const BARE = /^(?!(true|false|null|[-+]?\.inf|\.nan)$)[A-Za-z_./][\w./+-]*$/i

/**
 * A value as it stands in a YAML file, in flow style; text in quotes where it would be read as something else.
 *
 * @param special text of values that are no plain data
 */
export const flowText = (value: unknown, special: (value: unknown) => string | undefined = () => undefined): string => {
  const show = (one: unknown): string => flowText(one, special)
  const found = special(value)
  if (found !== undefined) return found
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return entries.length === 0 ? "{}" : `{ ${entries.map(([key, inner]) => `${key}: ${show(inner)}`).join(", ")} }`
  }
  return typeof value === "string" && BARE.test(value) && Number.isNaN(Number(value)) ? value : JSON.stringify(value)
}

/**
 * A pipeline as it stands in a YAML file, one step a line, in flow style.
 *
 * @param nameOf the name of a pipeline that stands in a parameter; without one it is printed in place
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

/** JSON with sorted keys and without undefined values. */
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
