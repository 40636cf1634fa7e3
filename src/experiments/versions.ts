import { createRequire } from "node:module"

const require = createRequire(import.meta.url)
const versionOf = (name: string): string => (require(name) as { readonly version: string }).version

/** Versions that a result may depend on. */
export const versions = {
  orbitrank: versionOf("../../package.json"),
  node: process.versions.node,
  effect: versionOf("effect/package.json"),
  tensorflowjs: versionOf("@tensorflow/tfjs/package.json"),
  lmdb: versionOf("lmdb/package.json")
} as const
