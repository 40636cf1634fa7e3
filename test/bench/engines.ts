/**
 * What the engines that are present make of networks: images a second, and the share of their plain matrix product's speed
 * that arrives. `tsx test/bench/engines.ts --write` also puts the table into docs/engines.md.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { findNative } from "../../src/ops/tensor/setup/load.ts"
import type { Figure } from "./harness.ts"
import { show } from "./harness.ts"
import { type Measured, type NetworkName, networks } from "./networks.ts"

const ROOT = resolve(import.meta.dirname, "../..")
const NETWORKS = Object.keys(networks) as ReadonlyArray<NetworkName>

type Device = "wasm" | "tensorflow"

/** Shares of the peak that ResNet-18 should reach in training and inference. */
const LEAST: Readonly<Record<Device, readonly [number, number]>> = { wasm: [0.57, 0.9], tensorflow: [0.55, 0.66] }

/** A larger batch of ResNet-50 would take minutes on one thread. */
const present = (): ReadonlyArray<readonly [Device, NetworkName]> => {
  const on = (device: Device, without: string) =>
    NETWORKS.filter((name) => name !== without).map((name) => [device, name] as const)
  return [
    ...on("wasm", "resnet50, 120 px, batch 16"),
    ...(findNative(ROOT).found ? on("tensorflow", "resnet50, 120 px, batch 4") : [])
  ]
}

const measure = (device: Device, name: NetworkName): Measured => {
  const job = join(import.meta.dirname, "engine-job.ts")
  const out = execFileSync(process.execPath, ["--import", "tsx", job, device, name], { cwd: ROOT, encoding: "utf8" })
  return JSON.parse(out)
}

const figures = (device: Device, found: Measured): ReadonlyArray<Figure> => {
  const bounded = found.network.startsWith("resnet18")
  const one = (what: "training" | "inference", least: number): Figure => {
    const share = found[`${what}Share`]
    return {
      name: `${found.engine}, ${found.network}: ${what}`,
      ours: share * found.peak,
      other: found.peak,
      ratio: share,
      unit: "GF/s",
      bound: `${found[what].toFixed(1)} images/s; ${bounded ? `ratio at least ${least}` : "no bound"}`,
      holds: !bounded || share >= least
    }
  }
  return [one("training", LEAST[device][0]), one("inference", LEAST[device][1])]
}

export const engines = (): ReadonlyArray<Figure> =>
  present().flatMap(([device, name]) => figures(device, measure(device, name)))

const table = (all: ReadonlyArray<Measured>): string => {
  const percent = (share: number) => `${Math.round(100 * share)} %`
  const rows = all.map((one) =>
    [
      `${one.engine}, ${one.threads} ${one.threads === 1 ? "thread" : "threads"}`,
      one.network,
      one.training.toFixed(0),
      percent(one.trainingShare),
      one.inference.toFixed(0),
      percent(one.inferenceShare),
      one.peak.toFixed(0),
      one.memory.toFixed(0),
      one.slowest.map((kernel) => `${kernel.name} ${percent(kernel.share)}`).join(", ")
    ].join(" | ")
  )
  return [
    `Measured on ${cpus().length} processors (${cpus()[0]?.model.trim()}), Node ${process.versions.node}, at a load of ${loadavg()[0].toFixed(1)}.`,
    "",
    "| engine | network | training, images/s | of peak | inference, images/s | of peak | peak, GF/s | memory, MiB | slowest kernels of a training step |",
    "|:--|:--|--:|--:|--:|--:|--:|--:|:--|",
    ...rows.map((row) => `| ${row} |`)
  ].join("\n")
}

const [BEGIN, END] = ["<!-- table: tsx test/bench/engines.ts --write -->", "<!-- end of table -->"]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = present().map(([device, name]) => {
    const found = measure(device, name)
    console.log(show(figures(device, found)))
    return found
  })
  console.log(`\n${table(all)}`)
  if (process.argv.includes("--write")) {
    const path = join(ROOT, "docs/engines.md")
    const text = readFileSync(path, "utf8")
    const [before, after] = [text.slice(0, text.indexOf(BEGIN)), text.slice(text.indexOf(END))]
    writeFileSync(path, `${before}${BEGIN}\n${table(all)}\n${after}`)
  }
}
