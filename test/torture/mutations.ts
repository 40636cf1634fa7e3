/**
 * The mutation campaign: damaged copies of files are read. Each format is tried in a process of its own; a trial that ends
 * the process or does not end in time is a wrong outcome, and the rest is tried in a new process.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { type Counts, counted, type Trial } from "./counts.ts"
import { bitsApart, damage } from "./damage.ts"
import { close, type Format, formats, type Values } from "./formats.ts"

/** Seconds that one trial may take. */
const PATIENCE = 60

/** Whether two sets of values have the same names. */
const sameNames = (a: Values, b: Values): boolean => Object.keys(a).sort().join() === Object.keys(b).sort().join()

/** Bits in which values differ that both sides have: a name of its own may have lost bits, too. */
const apart = (a: Values, b: Values): number =>
  Object.keys(a).reduce((sum, name) => sum + (b[name] === undefined ? 0 : bitsApart(a[name], b[name])), 0)

/** Whether an error is one that a user understands: tagged, and not about a bug of ours. */
const understood = (fault: unknown): boolean =>
  fault instanceof Error &&
  "_tag" in fault &&
  !/fault of orbitrank itself|\b(Type|Range|Reference)Error\b/.test(fault.message)

/** Reads one damaged copy. */
export const tryOne = async (format: Format, known: Values, name: string, seed: number, i: number): Promise<Trial> => {
  const { bits, bytes, words } = damage(format.whole, seed, i, name)
  const wrong = (why: string): Trial => ({ outcome: "wrong", why: `${words}: ${why}` })
  try {
    const found = await format.read(bytes)
    const differing = apart(known, found)
    if (differing === 0 && sameNames(known, found)) return { outcome: "equal" }
    if (bits === 0) return wrong("an undamaged file gives other values")
    const explained = format.loses === "words" || differing <= bits
    return explained ? { outcome: "changed" } : wrong(`${bits} damaged bits changed ${differing} bits of the values`)
  } catch (fault) {
    if (!understood(fault)) return wrong(String(fault instanceof Error ? (fault.stack ?? fault.message) : fault))
    return bits === 0 ? wrong(`an undamaged file is refused: ${(fault as Error).message}`) : { outcome: "refused" }
  }
}

/** Tries a format in this process. */
export const mutateHere = async (
  name: string,
  seed: number,
  from: number,
  to: number,
  report: (i: number, trial: Trial) => void
): Promise<void> => {
  try {
    const format = await formats[name]()
    const known = await format.read(format.whole)
    for (let i = from; i < to; i++) report(i, await tryOne(format, known, name, seed, i))
  } finally {
    close()
  }
}

/** Tries a format from some trial on in a process of its own, until all are done or the process ends. */
const inProcess = (name: string, seed: number, from: number, to: number): Promise<ReadonlyArray<Trial>> =>
  new Promise((done) => {
    const trials: Array<Trial> = []
    const script = join(import.meta.dirname, "mutate-child.ts")
    const child = spawn(process.execPath, ["--import", "tsx", script, name, `${seed}`, `${from}`, `${to}`], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    let late = false
    const alarm = () =>
      setTimeout(() => {
        late = true
        child.kill("SIGKILL")
      }, PATIENCE * 1000)
    let timer = alarm()
    let rest = ""
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said = `${said}${text}`.slice(-2000)
    })
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) trials.push(JSON.parse(line) as Trial)
      clearTimeout(timer)
      timer = alarm()
    })
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      if (from + trials.length < to) {
        const why = late
          ? `no end in ${PATIENCE} s`
          : `the process ended (${signal ?? code}): ${said.trim().split("\n").at(-1)}`
        trials.push({ outcome: "wrong", why })
      }
      done(trials)
    })
  })

/** Runs the campaign for one format. */
export const mutate = async (name: string, seed: number, trials: number): Promise<Counts> => {
  const all: Array<Trial> = []
  while (all.length < trials) all.push(...(await inProcess(name, seed, all.length, trials)))
  return counted(`mutate ${name}`, all)
}
