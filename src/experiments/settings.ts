/** What stands at the top of an experiment's file, beside `define` and `pipelines`. */
import { choice, Name, optional, param, Seed } from "../pipeline/param.ts"

export const settings = {
  seed: param(Seed, "Key of every random draw: one seed, one result.", 24),
  device: param(choice("auto", "wasm", "cpu"), "Tensor engine: `auto` takes the fastest that loads.", "auto"),
  root_dir: param(Name, "Folder of archives and stores; relative to where the command is called.", "data"),
  experiment: optional(Name, "Names the run folder `outputs/NAME`; by default the file's name.")
} as const
