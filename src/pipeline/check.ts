/** Checks a value against the schema of a parameter, and says all that is wrong with it. */
import { Result, Schema, type SchemaIssue } from "effect"
import { expectation } from "./expectation.ts"
import type { Plain } from "./param.ts"
import { shown, suggestion } from "./words.ts"

/** One thing wrong with a value: where inside it, and what. */
export interface Misfit {
  readonly path: ReadonlyArray<string>
  /** True where the key itself is at fault, not its value. */
  readonly key: boolean
  readonly problem: string
}

/** Finds all misfits in an issue tree; the formatters of Effect lose the difference of keys and values. */
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
 * @returns the value, or all that is wrong with it
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
