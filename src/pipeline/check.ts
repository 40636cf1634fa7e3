/** Checks a value against the schema of a parameter, and reports every fault of it. */
import { Result, Schema, type SchemaIssue } from "effect"
import { expectation } from "./expectation.ts"
import type { Plain } from "./param.ts"
import { shown, suggestion } from "./words.ts"

/** A fault of a value: its place inside the value, and the problem. */
export interface Misfit {
  readonly path: ReadonlyArray<string>
  /** Whether the key itself is at fault, not its value. */
  readonly key: boolean
  readonly problem: string
}

/** Finds all misfits in a tree of issues. The formatters of Effect do not distinguish faults of keys from faults of values. */
const misfits = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<string>,
  keys: ReadonlyArray<string>,
  found: unknown
): Array<Misfit> => {
  const wrong = (expected: string): Array<Misfit> => [
    { path, key: false, problem: `expected ${expected}, found ${shown(found)}` }
  ]
  switch (issue._tag) {
    case "Pointer": {
      const inner = issue.path.map(String)
      const value = inner.reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], found)
      return misfits(issue.issue, [...path, ...inner], keys, value)
    }
    case "Composite": {
      const known = "propertySignatures" in issue.ast ? issue.ast.propertySignatures.map((p) => String(p.name)) : keys
      return issue.issues.flatMap((inner) => misfits(inner, path, known, found))
    }
    case "Filter": {
      const expected = issue.filter.annotations?.expected
      if (typeof expected === "string") return wrong(expected)
      return misfits(issue.issue, path, keys, found)
    }
    case "Encoding":
      return misfits(issue.issue, path, keys, found)
    case "MissingKey":
      return [{ path, key: true, problem: "is missing" }]
    case "UnexpectedKey": {
      const name = path[path.length - 1] ?? ""
      return [{ path, key: true, problem: `unknown key${suggestion(name, keys)}` }]
    }
    case "AnyOf": {
      const literals = issue.ast.types.flatMap((t) =>
        "literal" in t && typeof t.literal === "string" ? [t.literal] : []
      )
      if (literals.length > 0 && typeof found === "string") {
        return [{ path, key: false, problem: `unknown value ${shown(found)}${suggestion(found, literals)}` }]
      }
      return wrong(expectation(issue.ast))
    }
    case "InvalidType":
      return wrong(expectation(issue.ast))
    default:
      return wrong("another value")
  }
}

/**
 * Checks one value against a plain schema.
 *
 * @param excess whether keys that the schema does not know are faults, or are ignored
 * @returns the value, or all of its faults
 *
 * @example
 * import { Schema } from "effect"
 * const result = check(Schema.Struct({ size: Schema.Number }), { sise: 3 })
 * const problems = result.failure.map(({ problem }) => problem) // => ["unknown key; did you mean `size`?", "is missing"]
 */
export const check = <A>(
  schema: Plain<A>,
  value: unknown,
  excess: "error" | "ignore" = "error"
): Result.Result<A, ReadonlyArray<Misfit>> =>
  Result.mapError(
    Schema.decodeUnknownResult(schema)(value, { errors: "all", onExcessProperty: excess, reportInput: true }),
    (error) => misfits(error.issue, [], [], value)
  )
