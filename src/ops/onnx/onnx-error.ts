import { explained } from "../../pipeline/explained.ts"

/** A network in an ONNX file that cannot be loaded, does not fit the images, or fails. */
export class OnnxError extends explained("OnnxError") {}
