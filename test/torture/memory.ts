/** Memory of long runs: `store` and `embed` over many patches, on each engine; it must stay flat after the first tenth. */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { findNative } from "../../src/ops/tensor/setup/load.ts"

const project = resolve(import.meta.dirname, "../..")
const MIB = 2 ** 20

/** Resident memory of a process in MiB (Linux, /proc); `undefined` once it has ended. */
const residentOf = (pid: number): number | undefined => {
  const status = `/proc/${pid}/status`
  if (!existsSync(status)) return undefined
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(status, "utf8"))?.[1]
  return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / MIB
}

/** Runs a configuration and samples its memory twice a second. */
const sampled = (config: string, out: string): Promise<ReadonlyArray<number>> =>
  new Promise((done, failed) => {
    const args = ["--import", "tsx", join("src", "experiments", "run.ts"), config, "--out", out]
    const child = spawn(process.execPath, args, { cwd: project, stdio: ["ignore", "ignore", "pipe"] })
    const samples: Array<number> = []
    let said = ""
    child.stderr.on("data", (chunk) => {
      said += chunk
    })
    const timer = setInterval(() => {
      const resident = residentOf(child.pid ?? 0)
      if (resident !== undefined) samples.push(resident)
    }, 500)
    child.on("close", (code) => {
      clearInterval(timer)
      if (code === 0) done(samples)
      else failed(new Error(said))
    })
  })

/** Peaks of ten equal parts of a run, in MiB. */
const tenths = (samples: ReadonlyArray<number>): ReadonlyArray<number> =>
  Array.from({ length: 10 }, (_, i) => {
    const part = samples.slice(Math.floor((i * samples.length) / 10), Math.floor(((i + 1) * samples.length) / 10))
    return Math.round(Math.max(0, ...part))
  })

/**
 * Stores and embeds patches of a miniature BigEarthNet.
 *
 * @returns a table: the greatest anonymous memory of each tenth of a run, in MiB
 */
export const memory = async (patches: number): Promise<string> => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-torture-"))
  const devices = findNative(project).found ? ["wasm", "tensorflow"] : ["wasm"]
  const run = (name: string, device: string, pipeline: string) => {
    const config = join(home, `${name}.yaml`)
    writeFileSync(config, `device: ${device}\nroot_dir: ${home}\npipelines: { ${name}: [${pipeline}] }\n`)
    return sampled(config, join(home, name))
  }
  const model = "{ backbone: resnet10-slim, pooling: avg, channels: 10, num_classes: 19 }"
  try {
    await run(
      "make",
      "wasm",
      `{ miniature: { kind: bigearthnet, patches: ${patches} } }, { split: { train: 0.98, val: 0.01 } }`
    )
    const rows: Array<readonly [name: string, samples: ReadonlyArray<number>]> = [
      ["store", await run("store", "wasm", "{ archive: { kind: bigearthnet, path: miniature } }, decode, store")]
    ]
    for (const device of devices) {
      const steps = `{ read: { split: train } }, { normalise: { by: bigearthnet } }, { batch: { size: 32 } }, { embed: { model: ${model}, weights: initial } }`
      rows.push([`embed, ${device}`, await run(`embed-${device}`, device, steps)])
    }
    const lines = rows.map(([name, samples]) => `| ${name} | ${tenths(samples).join(" | ")} |`)
    const head = `| ${patches} patches, MiB in each tenth | ${Array.from({ length: 10 }, (_, i) => i + 1).join(" | ")} |`
    return [head, `|:--|${"--:|".repeat(10)}`, ...lines].join("\n")
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
