/** What stands at the top of an experiment's file, beside `define` and `pipelines`. */
import { Schema } from "effect"
import type { Device as AnyDevice } from "../ops/tensor/engine.ts"
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
} from "../pipeline/param.ts"

/** The names stand beside the list, not in a union of their own, so that a mistyped one is told the nearest. */
const Device: Plain<AnyDevice> = Schema.Union([
  Schema.Literal("auto"),
  Schema.Literal("gpu"),
  Schema.Literal("tensorflow"),
  Schema.Literal("wasm"),
  Schema.Literal("cpu"),
  listOf(NonNegativeInt)
])

export const settings = {
  seed: param(Seed, "Key of every random draw: one seed, one result.", 24),
  device: param(
    Device,
    "Tensor engine: `auto` takes the fastest that loads; a list of CUDA ids, as in the original's files, the first GPU of it.",
    "auto"
  ),
  threads: optional(
    PositiveInt,
    "Threads of one operation of TensorFlow, and of reading, sorting and measuring, by default all processors; on WebAssembly, of extraction, by default one."
  ),
  precision: param(
    choice("float32", "bf16"),
    "`bf16` lets TensorFlow multiply in bfloat16 where the processor has it: faster, less exact.",
    "float32"
  ),
  root_dir: param(Name, "Folder of archives and stores; relative to where the command is called.", "data"),
  compat: optional(
    Compat,
    "`original` brings back the original's quirks that change numbers: the default of every parameter `compat`."
  ),
  fresh: param(Flag, "Whether every run starts anew, as with `--fresh`: for files that look at something.", false),
  experiment: optional(Name, "Names the run folder `outputs/NAME`; by default the file's name.")
} as const
