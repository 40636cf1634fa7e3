/** One step of a pipeline: `- batch: { size: 64 }`, `- report:` or `- report`. */
import { SchemaAST } from "effect"
import { decodeStep } from "../decode.ts"
import { type AnyOperator, makeStep } from "../origin.ts"
import type { Param, Params } from "../param.ts"
import type { AnyPipeline } from "../pipeline.ts"
import type { Step } from "../step.ts"
import { shown, suggestion } from "../words.ts"
import type { Faults } from "./faults.ts"
import { writtenValue } from "./settings.ts"
import { entriesOf, type Node, plainValue, positionOf } from "./tree.ts"

/** A step before its operator is looked up. */
export interface WrittenStep {
  readonly name: string
  readonly params: Node | undefined
}

/** The name and parameters of a step; `undefined` if the node does not have the form of a step. */
export const writtenStep = (node: Node): WrittenStep | undefined => {
  const { content } = node
  if (content.kind === "scalar") {
    return typeof content.value === "string" ? { name: content.written, params: undefined } : undefined
  }
  if (content.kind === "sequence") return undefined
  const entries = entriesOf(content)
  return entries.length === 1 ? { name: entries[0].key, params: entries[0].node } : undefined
}

/** Top-level values that are the default of every parameter, and of every key of a mapping, with the same name. */
export type Inherited = ReadonlyMap<string, unknown>

/** Everything that reading a step needs. */
export interface StepContext {
  readonly inherited: Inherited
  readonly operators: ReadonlyMap<string, AnyOperator>
  readonly faults: Faults
  /** The pipeline that a parameter names; `undefined` after reporting a fault. */
  readonly named: (value: Node, path: ReadonlyArray<string>) => AnyPipeline | undefined
}

/** Written values of the parameters. A parameter that names a pipeline gets the pipeline, or is missing if that fails. */
const writtenParams = (operator: AnyOperator, params: Node, path: ReadonlyArray<string>, context: StepContext) => {
  const missing = new Set<string>()
  if (params.content.kind !== "mapping") return { written: plainValue(params), missing }
  const written: Record<string, unknown> = {}
  for (const { key, node } of entriesOf(params.content)) {
    if (operator.params[key]?.gives === undefined) {
      written[key] = writtenValue(operator.params, key, node)
      continue
    }
    const pipeline = context.named(node, [...path, key])
    if (pipeline === undefined) missing.add(key)
    else written[key] = pipeline
  }
  return { written, missing }
}

const hasKey = (schema: Param<unknown>["schema"], key: string): boolean =>
  schema !== undefined &&
  SchemaAST.isObjects(schema.ast) &&
  schema.ast.propertySignatures.some((property) => property.name === key)

/** Written parameters with the values inherited from the top level: for the step, and for its parameters that are mappings. */
const withInherited = (declared: Params, written: unknown, inherited: Inherited): unknown => {
  const given = written ?? {}
  if (inherited.size === 0 || typeof given !== "object" || Array.isArray(given)) return written
  const all: Record<string, unknown> = { ...given }
  for (const [key, value] of inherited) {
    if (Object.hasOwn(declared, key) && all[key] === undefined) all[key] = value
    for (const [name, inner] of Object.entries(all)) {
      if (typeof inner !== "object" || inner === null || !hasKey(declared[name]?.schema, key)) continue
      all[name] = { [key]: value, ...inner }
    }
  }
  return all
}

/** Reads one step; `undefined` after reporting its faults. */
export const readStep = (node: Node, path: ReadonlyArray<string>, context: StepContext): Step | undefined => {
  const { faults, operators } = context
  const step = writtenStep(node)
  if (step === undefined) {
    faults.at(node, path, `expected one operator, as in \`- batch: { size: 64 }\`, found ${shown(plainValue(node))}`)
    return undefined
  }
  const here = [...path, step.name]
  const operator = operators.get(step.name)
  if (operator === undefined) {
    faults.at(node, here, `unknown operator${suggestion(step.name, operators.keys())}`)
    return undefined
  }
  const before = faults.all.length
  const params = step.params ?? node
  const { written, missing } =
    step.params === undefined
      ? { written: undefined, missing: new Set<string>() }
      : writtenParams(operator, step.params, here, context)
  const decoded = decodeStep(operator, withInherited(operator.params, written, context.inherited))
  faults.misfits(
    params,
    here,
    decoded.faults.filter((fault) => !missing.has(fault.path[0]))
  )
  return faults.all.length > before ? undefined : makeStep(operator, decoded.params, positionOf(node))
}
