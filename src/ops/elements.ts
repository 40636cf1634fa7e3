/** The elements of retrieval experiments: plain data of typed arrays, names and numbers. */
export * from "./elements/audit.ts"
export * from "./elements/figures.ts"
export * from "./elements/images.ts"
export * from "./elements/retrieval.ts"
export * from "./elements/training.ts"
