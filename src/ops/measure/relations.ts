/** Relations: rules that make a database image relevant to a query, with their names in configurations. */
import { Schema } from "effect"
import type { Plain } from "../../pipeline/param.ts"
import { type Codebook, type Level, levels, type Thresholds } from "./relevance.ts"

/** A relation between label sets. */
export interface Relation {
  readonly name: string
  /** The rule as a clause: "its Jaccard distance is at most 0.4". */
  readonly rule: string
  /** For each code of a pair of label sets, 1 if the pair is relevant, else 0. */
  readonly relevant: Uint8Array
}

type Rule =
  | { readonly kind: "jaccard"; readonly distance: number }
  | { readonly kind: "shared"; readonly labels: number }
  | { readonly kind: "exact" }

/** Parses `jaccard 0.4`, `shared 2`, `any` and `exact`. */
const parse = (name: string): Rule | undefined => {
  if (name === "any") return { kind: "shared", labels: 1 }
  if (name === "exact") return { kind: "exact" }
  const [, kind, written] = /^(jaccard|shared) (\d+(?:\.\d+)?)$/.exec(name) ?? []
  const value = Number(written)
  if (kind === "jaccard" && value <= 1) return { kind, distance: value }
  if (kind === "shared" && Number.isInteger(value) && value >= 1) return { kind, labels: value }
  return undefined
}

const isLevel = (name: string): name is Level => levels.includes(name as Level)

/** Schema of a relation: one of the levels, or a rule. */
export const RelationName: Plain<string> = Schema.String.check(
  Schema.makeFilter((name: string) => isLevel(name) || parse(name) !== undefined || "not a relation", {
    expected: "easy, medium, hard, any, exact, or one such as `jaccard 0.5` or `shared 2`"
  })
)

const ruleText = (rule: Rule): string => {
  if (rule.kind === "exact") return "its labels are the query's"
  if (rule.kind === "jaccard") return `its Jaccard distance is at most ${rule.distance}`
  return rule.labels === 1 ? "it shares a label" : `it shares at least ${rule.labels} labels`
}

/**
 * The relation of a name that `RelationName` accepts.
 *
 * @param thresholds the Jaccard distances of the levels
 * @param book the codebook of the number of classes
 */
export const relationOf = (name: string, thresholds: Thresholds, { distance, shared }: Codebook): Relation => {
  const rule: Rule = isLevel(name)
    ? { kind: "jaccard", distance: thresholds[name] }
    : (parse(name) ?? { kind: "exact" })
  const holds = (code: number): boolean => {
    if (rule.kind === "shared") return shared[code] >= rule.labels
    return distance[code] <= (rule.kind === "jaccard" ? rule.distance : 0)
  }
  return { name, rule: ruleText(rule), relevant: Uint8Array.from(distance, (_, code) => (holds(code) ? 1 : 0)) }
}
