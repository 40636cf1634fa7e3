/**
 * PyTorch on the same processors, as a yardstick: `npm run bench -- --peer`. `PEERS_PYTHON` names a Python that has torch and
 * torchvision; without it a virtual environment is made in the user's cache folder, of about 5.5 GB. On a machine that does
 * other things too, `TF_NUM_INTRAOP_THREADS=1 npm run bench -- --peer` compares one thread's processor time.
 */
import { execFileSync } from "node:child_process"
import { existsSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { cacheFolder } from "../../src/ops/tensor/setup/machine-live.ts"
import type { NetworkName } from "./networks.ts"
import { networks } from "./networks.ts"

const PACKAGES = ["torch", "torchvision"]

export interface PeerMeasured {
  /** Of PyTorch. */
  readonly version: string
  /** Images a second. */
  readonly training: number
  readonly inference: number
  /** Largest memory of the process, in MiB. */
  readonly memory: number
}

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

/** @param threads as the engine that it is compared with has */
export const peerMeasured = (python: string, name: NetworkName, threads: number): PeerMeasured => {
  const { backbone, batchSize, channels, pixels, rounds } = networks[name]
  const numbers = [batchSize, channels, pixels, 19, threads, rounds].map(String)
  const out = execFileSync(python, [join(import.meta.dirname, "peer.py"), backbone, ...numbers], { encoding: "utf8" })
  return JSON.parse(out.trim().split("\n").at(-1) ?? "")
}
