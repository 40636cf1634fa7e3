/** Starts native TensorFlow and prints the packages that the process has loaded, as a JSON list. Run in a process of its own. */
import { createRequire } from "node:module"
import { Effect } from "effect"
import { openEngine } from "../../../../src/ops/tensor/engine.ts"

await Effect.runPromise(openEngine("tensorflow"))
const files = Object.keys(createRequire(import.meta.url).cache)
const packages = files.map((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? "")
process.stdout.write(JSON.stringify([...new Set(packages)].filter((name) => name !== "").sort()))
