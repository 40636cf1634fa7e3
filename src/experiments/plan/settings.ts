/** The settings at the top level of a configuration file. */
import { Schema } from "effect"
import type { Device as AnyDevice } from "../../ops/tensor/engine.ts"
import {
  Compat,
  choice,
  Flag,
  listOf,
  Name,
  NonNegativeInt,
  optional,
  type Plain,
  PositiveInt,
  param,
  Seed
} from "../../pipeline/param.ts"

/** Names of tensor engines. */
export const DEVICES = ["auto", "gpu", "tensorflow", "wasm", "onnx", "cpu"] as const

/** All names are members of one union with the list, so that a misspelt name gets a suggestion. */
const Device: Plain<AnyDevice> = Schema.Union([...DEVICES.map((name) => Schema.Literal(name)), listOf(NonNegativeInt)])

/** Settings by name. */
export const settings = {
  seed: param(Seed, "Key of every random draw: the same seed gives the same result.", 24),
  device: param(
    Device,
    "Tensor engine: `auto` uses the fastest that loads; `onnx` computes embeddings with ONNX Runtime and cannot train; a list of CUDA ids, as in the original's files, uses the first of these GPUs.",
    "auto"
  ),
  threads: optional(
    PositiveInt,
    "Number of threads of each TensorFlow operation, of large convolutions on WebAssembly, and of reading, sorting and measuring; by default all processors. On WebAssembly, more than one also distributes batches of extraction. On ONNX Runtime, number of threads of each network; by default all processors."
  ),
  precision: param(
    choice("float32", "bf16"),
    "`bf16` lets TensorFlow multiply in bfloat16 if the processor supports it: faster, less exact.",
    "float32"
  ),
  graph: optional(
    Flag,
    "Whether TensorFlow runs whole networks as graphs: faster, equal to rounding. By default it does, but a run that began without graphs continues without."
  ),
  range: optional(
    PositiveInt,
    "Patches or queries per range, into which long work is divided: a killed run continues with the first range that is missing. By default 4096 patches and 2048 queries."
  ),
  root_dir: param(Name, "Folder of archives and stores, relative to the current working directory.", "data"),
  compat: optional(
    Compat,
    "`original` restores the behaviour of the original where it changes numbers: the default of every parameter `compat`."
  ),
  fresh: param(Flag, "Whether every run starts anew, as with `--fresh`: for files that inspect something.", false),
  experiment: optional(Name, "Name of the run folder `outputs/NAME`; by default the name of the file.")
} as const
