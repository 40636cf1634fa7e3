/** A network in an ONNX file, and ONNX Runtime Web that computes it, as scripts that the page loads. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { optionalPackage } from "../../../pipeline/packages.ts"
import { cut } from "../../../pipeline/splits.ts"
import { filesOf } from "../../onnx/encode.ts"
import type { KnownNetwork } from "../../onnx/params.ts"
import { ShowError, touching } from "../show-error.ts"
import { writePart } from "./folder.ts"
import { textFrom } from "./kit/base64.ts"
import { partName } from "./kit/contents.ts"
import type { OnnxNetwork, RuntimePart } from "./kit/network.ts"

const PACKAGE = "onnxruntime-web"

/** Bytes of a network's file in one script: engines hold texts of up to half a gigabyte. */
const PIECE_BYTES = 16 * 2 ** 20

/**
 * A module as a classic script that puts its exports into the global variable `ort`. On a page opened from disk, a thread made of
 * a text can neither be a module nor import one.
 *
 * @throws ShowError if the module does not end with a list of exports
 */
export const exportsAsGlobal = (module: string): string => {
  const found = /export\s*\{([^{}]*)\};?\s*(?:\/\/# sourceMappingURL=\S*\s*)?$/.exec(module)
  const pairs = found?.[1].split(",").map((pair) => /^\s*([\w$]+)\s+as\s+([\w$]+)\s*$/.exec(pair))
  if (found === null || pairs === undefined || pairs.includes(null)) {
    throw new ShowError({
      subject: `package ${PACKAGE}`,
      problem: "its file dist/ort.wasm.bundle.min.mjs has another form than in version 1.30.0",
      remedy: `Run \`npm install ${PACKAGE}@1.30.0\``
    })
  }
  const fields = pairs.map((pair) => `${pair?.[2]}:${pair?.[1]}`)
  // A pattern, because bundling this program replaces the words themselves, even within a text.
  const body = module.slice(0, found.index).replaceAll(/import\.meta\.url/g, "self.location.href")
  return `${body}globalThis.ort={${fields.join()}}\n`
}

/** ONNX Runtime Web. @returns rejects with ShowError if the package is not installed */
export const onnxRuntime = async (): Promise<RuntimePart> => {
  const load = async () => {
    const folder = dirname(createRequire(import.meta.url).resolve(PACKAGE))
    return {
      code: readFileSync(join(folder, "ort.wasm.bundle.min.mjs"), "utf8"),
      wasm: readFileSync(join(folder, "ort-wasm-simd-threaded.wasm"))
    }
  }
  const { code, wasm } = await optionalPackage(PACKAGE, "Pages that embed files by an ONNX network", ShowError, load)
  return { code: exportsAsGlobal(code), wasm: textFrom(wasm) }
}

/** Writes the runtime and the files of the network; returns what the page needs to find them. */
export const writeOnnx = Effect.fnUntraced(function* (folder: string, known: KnownNetwork, runtime: RuntimePart) {
  yield* writePart(folder, "runtime", runtime)
  const { description } = known
  const names = [basename(description.file), ...description.external]
  let number = 0
  const files: Array<OnnxNetwork["files"][number]> = []
  for (const [i, path] of filesOf(known).entries()) {
    const bytes = yield* touching(path, () => readFileSync(path))
    const pieces = cut(bytes.length, PIECE_BYTES)
    for (const { from, to } of pieces) {
      yield* writePart(folder, partName("onnx", number++), textFrom(bytes.subarray(from, to)))
    }
    files.push({ name: names[i], pieces: pieces.length })
  }
  return { known: { ...known, description: { ...description, file: names[0] } }, files } satisfies OnnxNetwork
})
