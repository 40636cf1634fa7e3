/**
 * Everything that a program which composes pipelines in code needs: the operators, the language they are written in, the
 * elements that flow between them, the services that run them, and the errors they fail with.
 *
 * @example
 * const thinned = read({ split: "test", bands: ["B04"] }).pipe(crop({ size: 64, at: "centre" }), batch({ size: 32 }))
 * thinned.steps.map(({ name }) => name) // => ["read", "crop", "batch"]
 */
export { type InCode, inCode } from "./experiments/in-code.ts"
export * from "./experiments/operators.ts"
export { RunError } from "./experiments/run-error.ts"
export * from "./ops/elements.ts"
export { DataError, StoreError } from "./ops/formats/data-error.ts"
export { MeasureError } from "./ops/measure/measure-error.ts"
export { matchesWithin, type Truth } from "./ops/measure/truth.ts"
export { CheckpointError, WeightsError } from "./ops/model/model-error.ts"
export { OnnxError } from "./ops/onnx/onnx-error.ts"
export { EmbedError } from "./ops/retrieve/embeddings/extract.ts"
export { readTruth } from "./ops/retrieve/ground-truth/file.ts"
export { RetrieveError } from "./ops/retrieve/retrieve-error.ts"
export { Run } from "./ops/run.ts"
export { ShowError } from "./ops/show/show-error.ts"
export { TensorEngine } from "./ops/tensor/engine.ts"
export { EngineError, EngineMemoryError } from "./ops/tensor/engine-error.ts"
export { TrainError } from "./ops/train/train-error.ts"
export { WorkerError } from "./ops/workers/thread.ts"
export { attempt } from "./pipeline/attempt.ts"
export { type AnyElement, type Element, element } from "./pipeline/element.ts"
export { type Explanation, explained } from "./pipeline/explained.ts"
export { ConfigError } from "./pipeline/fault.ts"
export { toStream } from "./pipeline/interpret.ts"
export { type Language, type Loaded, type LoadOptions, load } from "./pipeline/load.ts"
export { type Operator, operator, type Passing, passing, type Source, source } from "./pipeline/operator.ts"
export * from "./pipeline/param.ts"
export type { AnyPipeline, Pipeline } from "./pipeline/pipeline.ts"
export { hash, print as printPipeline } from "./pipeline/print.ts"
export { type Random, random } from "./pipeline/random.ts"
