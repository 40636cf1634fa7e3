/** Hamming search beside faiss, exact searches both: `npm run bench -- --hamming [ROWS [BITS]]`. */
import { join } from "node:path"
import type { HammingMeasured } from "./hamming-job.ts"
import { type Figure, lastLine, median } from "./harness.ts"
import { peerPython } from "./peer.ts"

/** BigEarthNet's patches, and the embeddings of ResNet-50. */
const [ROWS, BITS, QUERIES] = [590_000, 2048, 32]
/** The least share of faiss's codes per second and thread. */
const LEAST = 0.7
/** Milliseconds of one query on two threads, and MiB beside the codes themselves, for `ROWS` codes. */
const [MOST_MS, MOST_MIB] = [30, 6]

type Peer = HammingMeasured & { readonly version: string; readonly vectors: number }

/** Ours and faiss's in turn, three times, on one thread and on two. */
export const hamming = (words: ReadonlyArray<string>): ReadonlyArray<Figure> => {
  const [rows = ROWS, bits = BITS] = words.map(Number)
  const python = peerPython()
  const job = ["--import", "tsx", join(import.meta.dirname, "hamming-job.ts")]
  const pairsOf = (threads: number): ReadonlyArray<readonly [HammingMeasured, Peer]> =>
    [1, 2, 3].map(() => {
      const numbers = [rows, bits, threads, QUERIES].map(String)
      return [
        lastLine(process.execPath, [...job, ...numbers]),
        lastLine(python, [join(import.meta.dirname, "hamming.py"), ...numbers])
      ]
    })
  const figuresOf = (threads: number): ReadonlyArray<Figure> => {
    const pairs = pairsOf(threads)
    const name = `${rows} codes of ${bits} bits, ${threads} thread${threads === 1 ? "" : "s"}`
    const beside = (what: "one" | "many", words: string): Figure => {
      const ratio = median(pairs.map(([ours, peer]) => ours[what] / peer[what]))
      return {
        name: `${name}, ${words}, beside faiss ${pairs[0][1].version} IndexBinaryFlat`,
        ours: 1000 * median(pairs.map(([ours]) => ours[what])),
        other: 1000 * median(pairs.map(([, peer]) => peer[what])),
        ...{ ratio, unit: "ms per query", bound: `ratio at most ${(1 / LEAST).toFixed(2)}`, holds: ratio <= 1 / LEAST }
      }
    }
    const one = beside("one", "one query")
    const vectors = median(pairs.map(([, peer]) => 1000 * peer.vectors))
    const memory = median(pairs.map(([ours]) => ours.memory))
    const room = (rows * bits) / 8 / 2 ** 20
    return [
      one,
      beside("many", `${QUERIES} queries`),
      {
        ...one,
        ...{ name: `${name}, one query, beside float32 in IndexFlatIP`, other: vectors, ratio: one.ours / vectors },
        bound: threads === 2 && rows === ROWS ? `at most ${MOST_MS} ms` : "ratio below 1",
        holds: threads === 2 && rows === ROWS ? one.ours <= MOST_MS : one.ours < vectors
      },
      {
        ...{ name: `${name}, memory`, ours: memory, other: room, ratio: memory / room, unit: "MiB" },
        bound: `codes and at most ${MOST_MIB} MiB`,
        holds: memory <= room + MOST_MIB
      }
    ]
  }
  return [1, 2].flatMap(figuresOf)
}
