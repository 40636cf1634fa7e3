/** Tries one format and prints the outcome of each trial as a line of JSON: `mutate-child.ts FORMAT SEED FROM TO`. */
import { writeSync } from "node:fs"
import { mutateHere } from "./mutations.ts"

const [, , name, seed, from, to] = process.argv
// Written at once: a trial that ends the process must not take earlier outcomes along.
await mutateHere(name, Number(seed), Number(from), Number(to), (_, trial) => writeSync(1, `${JSON.stringify(trial)}\n`))
process.exit(0)
