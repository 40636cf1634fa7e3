/**
 * PyTorch on the same processors, as a yardstick: `npm run bench -- --peer`. `PEERS_PYTHON` names a Python that has torch and
 * torchvision; without it a virtual environment is made in the user's cache folder, of about 5.5 GB.
 *
 * Ours and PyTorch's run in turn within one run, in three rounds, so that what else the machine does slows both. On one thread the
 * processor's time is compared, which other programs hardly change.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs"
import { availableParallelism, homedir, loadavg } from "node:os"
import { dirname, join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { findNative } from "../../src/ops/tensor/setup/load.ts"
import { cacheFolder } from "../../src/ops/tensor/setup/machine-live.ts"
import { type Figure, median } from "./harness.ts"
import { CLASSES } from "./images.ts"
import { type NetworkName, networks } from "./networks.ts"

const ROOT = resolve(import.meta.dirname, "../..")
const PACKAGES = ["torch", "torchvision"]
const ROUNDS = 3

/** Made beside and renamed, so that what is there is whole. */
const environment = (): string => {
  const folder = join(dirname(cacheFolder(process.env, homedir())), "peer")
  const python = join(folder, "bin", "python")
  if (existsSync(python)) return python
  console.log(`PyTorch is fetched into ${folder}: about 5.5 GB, some minutes; remove the folder when done with it`)
  const beside = `${folder}.partial`
  rmSync(beside, { recursive: true, force: true })
  execFileSync("python3", ["-m", "venv", beside], { stdio: "inherit" })
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir", ...PACKAGES]
  execFileSync(join(beside, "bin", "python"), pip, { stdio: "inherit" })
  renameSync(beside, folder)
  return python
}

/** A Python that has PyTorch. */
export const peerPython = (): string => process.env.PEERS_PYTHON ?? environment()

type Job = "train" | "infer"
type Precision = "float32" | "bf16"

/** Seconds of each pass, and the largest memory of the process in MiB. */
interface Passes {
  readonly wall: ReadonlyArray<number>
  readonly processor: ReadonlyArray<number>
  readonly memory: number
}

/** A process that measures when asked. */
export interface Side {
  readonly version: string
  readonly ask: (job: Job, passes: number) => Promise<Passes>
  readonly end: () => Promise<void>
}

const started = async (program: string, args: ReadonlyArray<string>): Promise<Side> => {
  const child: ChildProcess = spawn(program, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] })
  const ended = new Promise<void>((settle) => void child.once("exit", () => settle()))
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const next = async () => {
    const { done, value } = await lines.next()
    // It has said why.
    if (done) process.exit(1)
    return JSON.parse(value)
  }
  const { version } = await next()
  return {
    version,
    ask: (job, passes) => {
      child.stdin?.write(`${job} ${passes}\n`)
      return next()
    },
    end: () => {
      child.stdin?.end()
      return ended
    }
  }
}

/** Our side. */
export const ourSide = (
  name: NetworkName,
  threads: number,
  precision: Precision,
  { graph = true, device = "tensorflow" } = {}
): Promise<Side> => {
  const job = join(import.meta.dirname, "peer-job.ts")
  const args = [name, String(threads), precision, String(graph), device]
  return started(process.execPath, ["--import", "tsx", job, ...args])
}

/** PyTorch. */
export const peerSide = (python: string, name: NetworkName, threads: number, precision: Precision): Promise<Side> => {
  const { backbone, batchSize, channels, pixels } = networks[name]
  const numbers = [batchSize, channels, pixels, CLASSES, threads].map(String)
  return started(python, [join(import.meta.dirname, "peer.py"), backbone, ...numbers, precision])
}

/** Share of PyTorch's speed to reach. */
const LEAST: Readonly<Record<Precision, (name: NetworkName, job: Job) => number>> = {
  float32: (name, job) => (name.startsWith("resnet18") ? { train: 1.15, infer: 1.2 } : { train: 1.1, infer: 1.4 })[job],
  bf16: () => 1
}

interface Comparison {
  readonly name: NetworkName
  readonly threads: number
  readonly precision: Precision
}

const titleOf = ({ name, precision, threads }: Comparison, job: Job): string =>
  `${job}, ${name}, ${precision}, ${threads} ${threads === 1 ? "thread" : "threads"}`

/** Both sides in turn: medians of the rounds, and how far the ratios of single rounds spread. */
const compared = async (of: Comparison, job: Job, ours: Side, other: Side): Promise<Figure> => {
  const { batchSize, rounds: passes } = networks[of.name]
  const clock = of.threads === 1 ? "processor" : "wall"
  const each = async (side: Side) => (1000 * median((await side.ask(job, passes))[clock])) / batchSize
  for (const side of [ours, other]) await side.ask(job, 4)
  const pairs: Array<readonly [number, number]> = []
  for (let round = 0; round < ROUNDS; round++) pairs.push([await each(ours), await each(other)])
  const ratios = pairs.map(([a, b]) => b / a)
  const ratio = median(ratios)
  const least = LEAST[of.precision](of.name, job)
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  return {
    name: `${titleOf(of, job)}: ${ours.version} beside ${other.version}`,
    ours: median(pairs.map(([a]) => a)),
    other: median(pairs.map(([, b]) => b)),
    ratio,
    unit: of.threads === 1 ? "ms of the processor an image" : "ms an image",
    bound: `speed as a share of PyTorch's, rounds ${spread}, at least ${least}; load ${loadavg()[0].toFixed(1)}`,
    holds: ratio >= least
  }
}

/** Largest memory of a process that does nothing but train. */
const memoryOf = async (open: () => Promise<Side>): Promise<number> => {
  const side = await open()
  await side.ask("train", 3)
  const { memory } = await side.ask("train", 3)
  await side.end()
  return memory
}

const memories = async (of: Comparison, python: string): Promise<Figure> => {
  const { name, precision, threads } = of
  const ours = await memoryOf(() => ourSide(name, threads, precision))
  const other = await memoryOf(() => peerSide(python, name, threads, precision))
  const bound = "largest memory as a share of PyTorch's, at most 1"
  return {
    name: `memory, ${titleOf(of, "train")}`,
    ours,
    other,
    ratio: ours / other,
    unit: "MiB",
    bound,
    holds: ours <= other
  }
}

/** Networks that PyTorch is measured by: those that torchvision has. */
export const PEERS: ReadonlyArray<NetworkName> = ["resnet18, 64 px, batch 64", "resnet50, 120 px, batch 16"]

/** Whether the processor multiplies in bfloat16. */
const hasBfloat16 = (): boolean => {
  try {
    return /\bavx512_bf16\b|\bamx_bf16\b|\bbf16\b/.test(readFileSync("/proc/cpuinfo", "utf8"))
  } catch {
    return false
  }
}

const sides = async (of: Comparison, python: string): Promise<ReadonlyArray<Figure>> => {
  const { name, precision, threads } = of
  const ours = await ourSide(name, threads, precision)
  const other = await peerSide(python, name, threads, precision)
  const figures = [await compared(of, "train", ours, other), await compared(of, "infer", ours, other)]
  await Promise.all([ours.end(), other.end()])
  return figures
}

/**
 * Ours and PyTorch's in turn: a benchmark for each network, precision and number of threads.
 *
 * @param words of the titles of those that run; all run if there are none
 */
export const peers = (words: ReadonlyArray<string>): ReadonlyArray<() => Promise<Figure | ReadonlyArray<Figure>>> => {
  if (!findNative(ROOT).found) throw new Error("TensorFlow is not set up: run `npm run setup:tensorflow` first")
  const python = peerPython()
  const all = availableParallelism()
  const precisions: ReadonlyArray<Precision> = hasBfloat16() ? ["float32", "bf16"] : ["float32"]
  const wanted = (of: Comparison) => words.every((word) => titleOf(of, "train").includes(word))
  return PEERS.flatMap((name) => {
    const whole: Comparison = { name, precision: "float32", threads: all }
    const each = precisions.flatMap((precision) =>
      [...new Set([all, 1])].map((threads) => ({ name, precision, threads }))
    )
    return [
      ...each.filter(wanted).map((of) => () => sides(of, python)),
      ...(wanted(whole) ? [() => memories(whole, python)] : [])
    ]
  })
}
