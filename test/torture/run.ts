/**
 * `npm run torture -- [CAMPAIGN...] [--seed N] [--trials N]`: repeats the campaigns in which runs are killed and files are
 * damaged, and prints the counts. The same seed and number give the same damage; the moments of kills depend on the machine.
 * `-- cluster --kills 20` kills the run and the workers of a cluster, which needs PostgreSQL; it is not among those that run
 * by default.
 */
import { parseArgs } from "node:util"
import { killCluster } from "./cluster.ts"
import { type Counts, table } from "./counts.ts"
import { formats } from "./formats.ts"
import { kill, kills } from "./kills.ts"
import { memory } from "./memory.ts"
import { mutate } from "./mutations.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    trials: { type: "string" },
    kills: { type: "string" },
    patches: { type: "string", default: "3000" }
  }
})

const MUTATIONS = Object.keys(formats).map((name) => `mutate:${name}`)
const KILLS = Object.keys(kills).map((name) => `kill:${name}`)
const GROUPS: Readonly<Record<string, ReadonlyArray<string>>> = {
  ...{ mutate: MUTATIONS, kill: KILLS },
  ...{ cluster: ["cluster"], memory: ["memory"] }
}
const HELP = `Campaigns: ${Object.keys(GROUPS).join(", ")}, or one of ${[...MUTATIONS, ...KILLS].join(", ")}`

const number = (text: string | undefined, fallback: number): number => {
  const value = Number(text ?? fallback)
  if (Number.isInteger(value) && value >= 0) return value
  console.error(`expected a whole number, found "${text}"\n${HELP}`)
  return process.exit(2)
}

const asked = positionals.length === 0 ? ["mutate", "kill"] : positionals
const unknown = asked.find((name) => !(name in GROUPS) && ![...MUTATIONS, ...KILLS].includes(name))
if (unknown !== undefined) {
  console.error(`there is no campaign "${unknown}"\n${HELP}`)
  process.exit(2)
}

const campaigns: Readonly<Record<string, (which: string, seed: number, trials: number) => Promise<Counts>>> = {
  ...{ kill, mutate },
  cluster: (_, seed, kills) => killCluster(seed, kills)
}
const seed = number(values.seed, 1)
const all: Array<Counts> = []
for (const name of asked.flatMap((one) => GROUPS[one] ?? [one])) {
  if (name === "memory") {
    console.log(await memory(number(values.patches, 3000)))
    continue
  }
  const [group, which] = name.split(":")
  const trials = number(
    (group === "cluster" ? values.kills : undefined) ?? values.trials,
    group === "mutate" ? 300 : 20
  )
  console.error(`${name}, ${trials} ${group === "cluster" ? "kills" : "trials"}`)
  const counts = await campaigns[group](which, seed, trials)
  for (const line of counts.wrong) console.error(`  ${line}`)
  all.push(counts)
}
if (all.length > 0) console.log(`\n${table(all)}`)
process.exitCode = all.some(({ wrong }) => wrong.length > 0) ? 1 : 0
