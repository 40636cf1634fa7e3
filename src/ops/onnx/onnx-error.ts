import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** A network in an ONNX file that cannot be loaded, does not fit the images, or fails. */
export class OnnxError extends explained("OnnxError") {}

/** First line of an error of ONNX Runtime, without the places in its own source that it begins with. */
export const runtimeMessage = (cause: unknown): string =>
  messageOf(cause)
    .split("\n")[0]
    .replace(/^.*?(?:ONNXRuntimeError\] : \d+ : \w+ : |\.cc:\d+ [^ ]* )/, "")
    .replace(/[.\s]+$/, "")
