/** `npm run bench -- --gpu`: what an NVIDIA GPU makes of networks, as a block of text to paste into a report. */
import { execFileSync } from "node:child_process"
import { availableParallelism, cpus } from "node:os"
import { version } from "../../src/ops/version.ts"
import { median } from "./harness.ts"
import { type NetworkName, networks } from "./networks.ts"
import { ourSide } from "./peer.ts"

const NAMES: ReadonlyArray<NetworkName> = ["resnet18, 64 px, batch 64", "resnet50, 120 px, batch 16"]

/** Name, driver and memory of the GPU, as its driver gives them. */
const card = (): string => {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
  try {
    return execFileSync("nvidia-smi", query, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  } catch {
    return "nvidia-smi does not run"
  }
}

const lineOf = async (name: NetworkName, graph: boolean): Promise<string> => {
  const side = await ourSide(name, availableParallelism(), "float32", { graph, device: "gpu" })
  const speed = async (job: "train" | "infer") => {
    // Graphs are made of the first batches.
    await side.ask(job, 4)
    const { wall } = await side.ask(job, 10)
    return (networks[name].batchSize / median(wall)).toFixed(0)
  }
  const line = `${name}, ${graph ? "graphs" : "no graphs"}: training ${await speed("train")}, inference ${await speed("infer")} images/s`
  await side.end()
  return `${side.version}, ${line}`
}

/** Prints the block. Fails with the engine's own message if there is no GPU. */
export const gpu = async (): Promise<void> => {
  const lines: Array<string> = []
  for (const name of NAMES) for (const graph of [true, false]) lines.push(await lineOf(name, graph))
  const machine = `orbitrank ${version}, Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model.trim()}`
  console.log(["```", machine, card(), ...lines, "```"].join("\n"))
}
