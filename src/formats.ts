/**
 * Readers and writers of file formats: GeoTIFF, safetensors, NumPy's `.npy`, and weights of PyTorch. Bytes in, typed arrays
 * out; damaged files end in a `DataError` that names the file, the problem and the remedy.
 *
 * @packageDocumentation
 */
export { DataError } from "./ops/formats/data-error.ts"
export { decodeNpy, type NpyArray, npyHeader } from "./ops/formats/npy.ts"
export { decodeSafetensors, describeSafetensors, type Safetensors } from "./ops/formats/safetensors/read.ts"
export { encodeSafetensors } from "./ops/formats/safetensors/write.ts"
export { decodeTiff, decodeTiffBands } from "./ops/formats/tiff/read.ts"
export { encodeGeoTiff } from "./ops/formats/tiff/write.ts"
