/** Top-level keys that are not settings: anchored values, and the pipelines. */
export const SECTIONS = ["define", "pipelines"] as const
