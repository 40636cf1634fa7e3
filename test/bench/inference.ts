/**
 * Embeddings by ONNX Runtime beside WebAssembly and PyTorch, all three in turn within one run: `npm run bench -- --onnx`, with words
 * of the titles to run some alone. `PEERS_PYTHON` names a Python that has torch and torchvision, see `peer.ts`.
 */
import { availableParallelism, loadavg } from "node:os"
import { type Figure, median } from "./harness.ts"
import { type NetworkName, networks } from "./networks.ts"
import { ourSide, PEERS, peerPython, peerSide, type Side } from "./peer.ts"

const ROUNDS = 3

const titleOf = (name: NetworkName, threads: number): string =>
  `embeddings, ${name}, ${threads} ${threads === 1 ? "thread" : "threads"}`

const compared = async (name: NetworkName, threads: number): Promise<ReadonlyArray<Figure>> => {
  const { batchSize, rounds } = networks[name]
  const on = (device: string) => ourSide(name, threads, "float32", { device })
  const sides: ReadonlyArray<Side> = [
    await on("onnx"),
    await on("wasm"),
    await peerSide(peerPython(), name, threads, "float32")
  ]
  const clock = threads === 1 ? "processor" : "wall"
  const speed = async (side: Side, passes: number) => batchSize / median((await side.ask("infer", passes))[clock])
  for (const side of sides) await speed(side, 1)
  const all: Array<ReadonlyArray<number>> = []
  for (let round = 0; round < ROUNDS; round++) {
    const speeds: Array<number> = []
    for (const side of sides) speeds.push(await speed(side, rounds))
    all.push(speeds)
  }
  for (const side of sides) await side.end()
  const figure = (at: number, least: number): Figure => {
    const ratios = all.map((speeds) => speeds[0] / speeds[at])
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    const ratio = median(ratios)
    return {
      name: `${titleOf(name, threads)}: ${sides[0].version} beside ${sides[at].version}`,
      ours: median(all.map(([first]) => first)),
      other: median(all.map((speeds) => speeds[at])),
      ratio,
      unit: threads === 1 ? "images per second of the processor" : "images/s",
      bound: `rounds ${spread}, at least ${least}; load ${loadavg()[0].toFixed(1)}`,
      holds: ratio >= least
    }
  }
  return [figure(1, 2), figure(2, 1)]
}

/** @param words of the titles of those that run; all run if there are none */
export const inference = (words: ReadonlyArray<string>): ReadonlyArray<() => Promise<ReadonlyArray<Figure>>> =>
  PEERS.flatMap((name) => [...new Set([availableParallelism(), 1])].map((threads) => ({ name, threads })))
    .filter(({ name, threads }) => words.every((word) => titleOf(name, threads).includes(word)))
    .map(
      ({ name, threads }) =>
        () =>
          compared(name, threads)
    )
