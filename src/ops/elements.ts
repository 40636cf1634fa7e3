/** What flows: the elements of retrieval experiments. Plain data only: typed arrays, names, numbers. */
export * from "./elements/audit.ts"
export * from "./elements/figures.ts"
export * from "./elements/images.ts"
export * from "./elements/retrieval.ts"
export * from "./elements/training.ts"
