/** Faults of a network in an ONNX file that are known before anything runs, for `--check`. */
import { existsSync } from "node:fs"
import type { Misfit } from "../../pipeline/check.ts"
import type { Shape } from "../../pipeline/declares.ts"
import { DataError } from "../formats/data-error.ts"
import { filesOf } from "./encode.ts"
import { encoderOf } from "./encoder.ts"
import { OnnxError } from "./onnx-error.ts"
import { knownNetwork, type OnnxParams, onnxFile } from "./params.ts"
import { notInstalled, runtimeInstalled } from "./runtime.ts"

const words = ({ problem, remedy, subject }: DataError | OnnxError): string =>
  `${subject}: ${problem}${remedy === "" ? "" : `. ${remedy}`}`

/** Faults at the parameter `onnx`; none if the file does not exist yet. */
export const onnxFaults = (params: OnnxParams, { channels, size }: Shape): ReadonlyArray<Misfit> => {
  if (!existsSync(onnxFile(params))) return []
  try {
    encoderOf(knownNetwork(params), { channels, height: size, width: size })
    if (!runtimeInstalled()) throw notInstalled()
    return []
  } catch (fault) {
    if (!(fault instanceof DataError || fault instanceof OnnxError)) throw fault
    return [{ path: ["onnx"], key: false, problem: words(fault) }]
  }
}

/** Absolute paths of the files that decide the result: the file itself, and those that hold its weights. */
export const onnxReads = (params: OnnxParams): ReadonlyArray<string> => {
  try {
    return filesOf(knownNetwork(params))
  } catch {
    // The run itself reports a file that cannot be read.
    return [onnxFile(params)]
  }
}
