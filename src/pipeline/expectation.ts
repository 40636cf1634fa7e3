/** Descriptions of schemas in words. */
import { SchemaAST } from "effect"

const quoted = (value: unknown): string => (typeof value === "string" ? `"${value}"` : String(value))

const list = (items: ReadonlyArray<string>): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items[items.length - 1]}`

/**
 * Describes the values that a schema accepts. An annotation `expected` of the schema, or of its last check, takes
 * precedence. The catalogue and the error messages share these words.
 *
 * @example
 * import { Schema } from "effect"
 * expectation(Schema.Literals(["random", "centre"]).ast) // => '"random" or "centre"'
 * expectation(Schema.Array(Schema.String).ast) // => "a list, each text"
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
