/** Settings that TensorFlow reads from the environment once, when its libraries are loaded. */
import { availableParallelism } from "node:os"
import { EngineError } from "../engine-error.ts"

/** Precision of products: `bf16` rounds the factors to bfloat16 and adds up in float32. */
export type Precision = "float32" | "bf16"

interface Wanted {
  readonly threads?: number | undefined
  readonly precision?: Precision | undefined
  /** CUDA id of the only GPU that TensorFlow may use. */
  readonly cuda?: number | undefined
}

interface Settings {
  readonly threads: number
  readonly precision: Precision
}

let loaded: Settings | undefined

const LISTS = "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE"

/**
 * Keeps pooling and heads in float32 where graphs compute in bfloat16: embeddings of similar images differ in digits that
 * bfloat16 does not have. Heads multiply by `BatchMatMul`, convolutions of small maps by `MatMul`. TensorFlow reads the lists
 * whenever it rewrites a graph.
 */
export const keepHeadsInFloat32 = (): void => {
  process.env[`${LISTS}_INFERLIST_REMOVE`] ??= "Mean"
  process.env[`${LISTS}_ALLOWLIST_REMOVE`] ??= "BatchMatMul,BatchMatMulV2"
}

const described = ({ threads, precision }: Settings): string =>
  `${threads} ${threads === 1 ? "thread" : "threads"} and ${precision}`

/** Returns the number of threads of one operation. */
export const intraOpThreads = (): number => Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism()

/**
 * Puts the settings into the environment, where the libraries read them when they are loaded.
 *
 * @throws EngineError if the process has loaded them with other settings
 */
export const processSettings = (subject: string, { threads, precision = "float32", cuda }: Wanted): Settings => {
  const wanted = { threads: threads ?? loaded?.threads ?? intraOpThreads(), precision }
  if (loaded !== undefined && described(loaded) !== described(wanted)) {
    throw new EngineError({
      subject,
      problem: `TensorFlow already runs in this process with ${described(loaded)}, not ${described(wanted)}`,
      remedy: "Use one setting for all engines of a process"
    })
  }
  if (loaded === undefined) {
    if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS = String(threads)
    if (precision === "bf16") process.env.TF_SET_ONEDNN_FPMATH_MODE = "BF16"
    if (cuda !== undefined) process.env.CUDA_VISIBLE_DEVICES = String(cuda)
  }
  loaded = wanted
  return wanted
}
