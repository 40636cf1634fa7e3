/** The costliest loss beside the same formula in plain PyTorch: `npm run bench -- --peer`. */
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { type Figure, lastLine, median } from "./harness.ts"
import type { OmlMeasured } from "./oml-job.ts"
import { peerPython } from "./peer.ts"

/** The batch of the original's experiments, ResNet-50's embeddings, BigEarthNet's classes. */
const [BATCH, WIDTH, CLASSES, ROUNDS] = [300, 2048, 19, 5]
/** MiB that the loss may take beside the batch. */
export const MOST_MEMORY = 150

/** In a process of its own, whose memory is nothing else's. */
export const omlMeasured = (batch = BATCH, rounds = ROUNDS, threads = 1): OmlMeasured => {
  const args = ["--import", "tsx", join(import.meta.dirname, "oml-job.ts")]
  return lastLine(process.execPath, [...args, ...[batch, WIDTH, CLASSES, rounds, threads].map(String)])
}

const omlOfPeer = (python: string): OmlMeasured & { readonly version: string } => {
  const numbers = [BATCH, WIDTH, CLASSES, availableParallelism(), ROUNDS].map(String)
  return lastLine(python, [join(import.meta.dirname, "oml.py"), ...numbers])
}

/** Ours and PyTorch's on all processors, in turn, three times. */
export const oml = (): ReadonlyArray<Figure> => {
  const python = peerPython()
  const pairs = [1, 2, 3].map(() => [omlMeasured(BATCH, ROUNDS, availableParallelism()), omlOfPeer(python)] as const)
  const [, { version }] = pairs[0]
  const figure = (what: keyof OmlMeasured) => ({
    ours: median(pairs.map(([ours]) => ours[what])),
    other: median(pairs.map(([, peer]) => peer[what])),
    ratio: median(pairs.map(([ours, peer]) => ours[what] / peer[what]))
  })
  const name = `oml beside PyTorch ${version}, batch ${BATCH}, value and gradient`
  const [time, memory] = [figure("seconds"), figure("memory")]
  return [
    { ...time, name: `${name}: time`, unit: "s", bound: "ratio at most 0.6", holds: time.ratio <= 0.6 },
    {
      ...memory,
      name: `${name}: memory`,
      unit: "MiB",
      bound: `at most ${MOST_MEMORY} MiB`,
      holds: memory.ours <= MOST_MEMORY
    }
  ]
}
