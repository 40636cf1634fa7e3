/**
 * Everything that a program which composes pipelines in code needs: the operators, the language they are written in, the
 * elements that flow between them, and the services that run them.
 *
 * @example
 * const thinned = read({ split: "test", bands: ["B04"] }).pipe(crop({ size: 64, at: "centre" }), batch({ size: 32 }))
 * thinned.steps.map(({ name }) => name) // => ["read", "crop", "batch"]
 */
export { type InCode, inCode } from "./experiments/in-code.ts"
export * from "./experiments/operators.ts"
export * from "./ops/elements.ts"
export { matchesWithin } from "./ops/measure/truth.ts"
export { readTruth } from "./ops/retrieve/ground-truth/file.ts"
export { Run } from "./ops/run.ts"
export { attempt } from "./pipeline/attempt.ts"
export { type AnyElement, type Element, element } from "./pipeline/element.ts"
export { type Explanation, explained } from "./pipeline/explained.ts"
export { ConfigError } from "./pipeline/fault.ts"
export { toStream } from "./pipeline/interpret.ts"
export { load } from "./pipeline/load.ts"
export { type Operator, operator, type Passing, passing, type Source, source } from "./pipeline/operator.ts"
export * from "./pipeline/param.ts"
export type { Pipeline } from "./pipeline/pipeline.ts"
export { hash, print as printPipeline } from "./pipeline/print.ts"
export { random } from "./pipeline/random.ts"
