/** The top level of a file: settings, and the sections `define` and `pipelines`. */
import { Result } from "effect"
import { check } from "../check.ts"
import { decodeParams } from "../decode.ts"
import { type Decoded, Name, type Params } from "../param.ts"
import { shown, suggestion } from "../words.ts"
import type { Faults } from "./faults.ts"
import { SECTIONS } from "./sections.ts"
import { entriesOf, type Node, plainValue } from "./tree.ts"

/** The texts of a list of scalars; `undefined` for anything else. */
const textsOf = ({ content }: Node): ReadonlyArray<string> | undefined => {
  if (content.kind !== "sequence") return undefined
  const texts = content.items.flatMap(({ node: { content } }) =>
    content.kind === "scalar" && content.value !== null ? [content.written] : []
  )
  return texts.length === content.items.length ? texts : undefined
}

/** The written value of a parameter. Names, also in a list, keep their text, see `Name`. */
export const writtenValue = (declared: Params, key: string, node: Node): unknown => {
  const schema = declared[key]?.schema
  if (schema === Name && node.content.kind === "scalar" && node.content.value !== null) return node.content.written
  const value = plainValue(node)
  const texts = textsOf(node)
  const asTexts =
    schema !== undefined &&
    texts !== undefined &&
    Result.isFailure(check(schema, value)) &&
    Result.isSuccess(check(schema, texts))
  return asTexts ? texts : value
}

/** Reads the settings of a file, with defaults filled in. */
export const readSettings = <S extends Params>(root: Node, declared: S, faults: Faults): Decoded<S> => {
  const known = [...Object.keys(declared), ...SECTIONS]
  if (root.content.kind !== "mapping") {
    faults.at(root, [], `expected a mapping of ${known.join(", ")}, found ${shown(plainValue(root))}`)
    return {} as Decoded<S>
  }
  const entries = entriesOf(root.content)
  for (const { key, at } of entries) {
    if (!known.includes(key)) faults.all.push({ at, path: key, problem: `unknown key${suggestion(key, known)}` })
  }
  const ours = entries.filter(({ key }) => Object.hasOwn(declared, key))
  const decoded = decodeParams(
    declared,
    Object.fromEntries(ours.map(({ key, node }) => [key, writtenValue(declared, key, node)]))
  )
  faults.misfits(root, [], decoded.faults)
  return decoded.params as Decoded<S>
}
