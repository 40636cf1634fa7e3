/** Python wheels of TensorFlow: their names, their metadata, and which of their files are needed. */
import type { Platform } from "./machine.ts"

/** The parts of a wheel's file name (PyPA, binary distribution format). */
export interface WheelName {
  /** With `_` for `-`, as in `tensorflow_cpu`. */
  readonly distribution: string
  readonly version: string
  /** `manylinux_2_17_x86_64`, `macosx_12_0_arm64`, `any`, ... */
  readonly platforms: ReadonlyArray<string>
}

/**
 * Returns the parts of a wheel's file name; `undefined` if it is not one.
 *
 * @example
 * wheelName("tensorflow_cpu-2.15.1-cp311-cp311-linux_x86_64.whl")?.version // => "2.15.1"
 */
export const wheelName = (file: string): WheelName | undefined => {
  const parts = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file)
  return parts === null ? undefined : { distribution: parts[1], version: parts[2], platforms: parts[3].split(".") }
}

/** Names of the processors in wheels and in ELF headers. */
const PROCESSORS: Readonly<Record<string, { readonly wheel: string; readonly elf: number }>> = {
  x64: { wheel: "x86_64", elf: 0x3e },
  arm64: { wheel: "aarch64", elf: 0xb7 }
}

/** Whether native libraries exist for a platform: Linux with glibc on x86-64 or arm64. */
export const supported = ({ os, arch, libc }: Platform): boolean =>
  os === "linux" && libc === "glibc" && PROCESSORS[arch] !== undefined

/** Returns the platform tags of wheels that run on a processor, for pip. */
export const platformTags = (arch: string): ReadonlyArray<string> =>
  ["manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux1", "manylinux2010"].map(
    (base) => `${base}_${PROCESSORS[arch].wheel}`
  )

/** Whether a wheel is for Linux on a processor. */
export const runsOn = (wheel: WheelName, arch: string): boolean =>
  wheel.platforms.some((tag) => /^(many)?linux/.test(tag) && tag.endsWith(`_${PROCESSORS[arch].wheel}`))

/** Whether the first 20 bytes of a library are those of an ELF file for a processor (System V ABI, `e_machine`). */
export const isLibraryFor = (head: Uint8Array, arch: string): boolean =>
  head.length >= 20 &&
  String.fromCharCode(...head.subarray(0, 4)) === "\u007fELF" &&
  (head[18] | (head[19] << 8)) === PROCESSORS[arch].elf

/**
 * Returns a version as three numbers; `undefined` if it has another form.
 *
 * @example
 * versionParts("2.15.1") // => [2, 15, 1]
 */
export const versionParts = (version: string): readonly [number, number, number] | undefined => {
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)
  return parts === null ? undefined : [Number(parts[1]), Number(parts[2]), Number(parts[3])]
}

/** Whether the wheels of a version hold the C API: those before 2.13 lack `libtensorflow_cc`. */
export const hasCApi = (version: string): boolean => {
  const parts = versionParts(version)
  return parts !== undefined && (parts[0] > 2 || (parts[0] === 2 && parts[1] >= 13))
}

/**
 * Returns the distribution that holds the libraries. For arm64 before 2.17 that is a package of its own; there,
 * `tensorflow` only depends on it.
 *
 * @example
 * distributionOf("2.15.1", "arm64", false) // => "tensorflow-cpu-aws"
 */
export const distributionOf = (version: string, arch: string, gpu: boolean): string => {
  if (gpu) return "tensorflow"
  if (arch === "x64") return "tensorflow-cpu"
  const [major, minor] = versionParts(version) ?? [0, 0]
  return major > 2 || (major === 2 && minor >= 17) ? "tensorflow" : "tensorflow-cpu-aws"
}

/** The two libraries of every wheel; paths in the folder of libraries. */
export const LIBRARIES = ["lib/libtensorflow_cc.so.2", "lib/libtensorflow_framework.so.2"] as const

/** The C API's headers and those that they include: the same folders from 2.13 to 2.21. */
const HEADER =
  /^tensorflow\/include\/((?:tensorflow\/(?:c|core\/platform|core\/public)|(?:xla\/)?tsl\/(?:c|platform))\/.+\.h)$/
const LIBRARY = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/
/** Further libraries of the wheel, and those of CUDA; the two libraries look for them in `../NAME.libs` and `../nvidia/PART/lib`. */
const COMPANION = /^(?:tensorflow[a-z_]*\.libs|nvidia\/[^/]+\/lib)\/[^/]+\.so(?:\.[0-9]+)*$/

/**
 * Returns the path of a wheel's file in the folder of libraries; `undefined` if the file is not needed. The libraries'
 * search paths are relative, so the files keep their places relative to each other.
 */
export const placeOf = (name: string): string | undefined => {
  if (name.split("/").includes("..")) return undefined
  const library = LIBRARY.exec(name)
  if (library !== null) return `lib/${library[1]}`
  const header = HEADER.exec(name)
  if (header !== null) return `include/${header[1]}`
  return COMPANION.test(name) ? name : undefined
}

/** Returns the requirements of the extra `and-cuda` from a wheel's METADATA. */
export const cudaParts = (metadata: string): ReadonlyArray<{ readonly name: string; readonly version: string }> =>
  [
    ...metadata.matchAll(/^Requires-Dist: *(nvidia-[a-z0-9-]+) *\(?== *([0-9.]+)\)? *;.*extra *== *['"]and-cuda['"]/gm)
  ].map(([, name, version]) => ({ name, version }))

/** Returns SHA-256 (base64url) by file name from a wheel's RECORD. */
export const recordedHashes = (record: string): ReadonlyMap<string, string> =>
  new Map(
    [...record.matchAll(/^"?([^",\n]+)"?,sha256=([A-Za-z0-9_-]+)=*,\d*\r?$/gm)].map(([, name, hash]) => [name, hash])
  )
