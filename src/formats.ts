/**
 * Readers and writers of file formats: GeoTIFF, safetensors, NumPy's `.npy`, and weights of PyTorch. Bytes in, typed arrays
 * out; damaged files end in a `DataError` that names the file, the problem and the remedy. They run in Node and in browsers;
 * only TIFF files packed by JPEG need Node and the package `sharp`.
 *
 * @packageDocumentation
 * @example
 * const { data, shape } = decodeNpy(encodeNpy(Float32Array.of(1, 2), [2]), "E.npy")
 * Array.from(data) // => [1, 2]
 */
export { DataError } from "./ops/formats/data-error.ts"
export type { Dtype, Pixels } from "./ops/formats/dtypes.ts"
export { decodeNpy, encodeNpy, type NpyArray } from "./ops/formats/npy.ts"
export {
  type Description,
  decodeSafetensors,
  describeSafetensors,
  type Safetensors,
  type Tensor
} from "./ops/formats/safetensors/read.ts"
export { encodeSafetensors } from "./ops/formats/safetensors/write.ts"
export { decodeTiff, decodeTiffBands, type Raster } from "./ops/formats/tiff/read.ts"
export { encodeGeoTiff, type Placement } from "./ops/formats/tiff/write.ts"
export { decodePyTorch, type PyTorchFile, type PyTorchTensor } from "./ops/model/load/pytorch/decode.ts"
export type { StoredType } from "./ops/model/load/values.ts"
