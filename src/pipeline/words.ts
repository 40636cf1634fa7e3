/** Words for messages: what a schema expects, what was found, and which known name is nearest. */
import { SchemaAST } from "effect"

const quoted = (value: unknown): string => (typeof value === "string" ? `"${value}"` : String(value))

const list = (items: ReadonlyArray<string>): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items[items.length - 1]}`

/**
 * What a schema accepts, in plain words: "a whole number of at least 1", `"random" or "centre"`, "a list of text".
 * A check's or a schema's `expected` annotation goes first; the catalogue and the error messages share these words.
 */
export const expectation = (ast: SchemaAST.AST): string => {
  const annotated = SchemaAST.resolve(ast)?.expected
  if (typeof annotated === "string") return annotated
  if (SchemaAST.isLiteral(ast)) return quoted(ast.literal)
  if (SchemaAST.isUnion(ast)) return list(ast.types.map(expectation))
  if (SchemaAST.isString(ast)) return "text"
  if (SchemaAST.isNumber(ast)) return "a number"
  if (SchemaAST.isBoolean(ast)) return "true or false"
  if (SchemaAST.isNull(ast)) return "nothing"
  if (SchemaAST.isArrays(ast)) {
    const rest = ast.rest[0]
    return rest === undefined ? `a list of ${ast.elements.length}` : `a list, each ${expectation(rest)}`
  }
  if (SchemaAST.isObjects(ast)) {
    const keys = ast.propertySignatures.map((property) => String(property.name))
    return keys.length === 0 ? "a mapping" : `a mapping of ${keys.join(", ")}`
  }
  return "another value"
}

/** A value as a message shows it: short, one line, text in quotes. */
export const shown = (value: unknown): string => {
  if (value === undefined || value === null) return "nothing"
  const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

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

/** The known name most like `name`, unless all are too far away to be meant. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

/** "; did you mean `size`?" or the whole list where nothing is near and the list is short. */
export const suggestion = (name: string, known: Iterable<string>): string => {
  const names = [...known]
  const near = nearest(name, names)
  if (near !== undefined) return `; did you mean \`${near}\`?`
  return names.length === 0 || names.length > 12 ? "" : `; there is ${names.map((n) => `\`${n}\``).join(", ")}`
}
