import type { KernelTime } from "./kernels.ts"

/** The networks that engines are measured by, and what is measured. */
export const networks = {
  "resnet10-slim, 64 px, batch 64": { backbone: "resnet10-slim", batchSize: 64, channels: 10, pixels: 64, rounds: 5 },
  "resnet18, 64 px, batch 64": { backbone: "resnet18", batchSize: 64, channels: 3, pixels: 64, rounds: 3 },
  // Few images: WebAssembly takes a second for each.
  "resnet50, 120 px, batch 4": { backbone: "resnet50", batchSize: 4, channels: 3, pixels: 120, rounds: 2 },
  "resnet50, 120 px, batch 16": { backbone: "resnet50", batchSize: 16, channels: 3, pixels: 120, rounds: 3 }
} as const

export type NetworkName = keyof typeof networks

export interface Measured {
  readonly engine: string
  readonly threads: number
  readonly network: NetworkName
  /** Images a second. */
  readonly training: number
  /** Of the peak, measured in turn. */
  readonly trainingShare: number
  readonly inference: number
  readonly inferenceShare: number
  /** Speed of a plain matrix product on the same engine, on WebAssembly times the threads, in 10^9 operations a second. */
  readonly peak: number
  /** Largest memory of the process, in MiB. */
  readonly memory: number
  /** Of a training step, the kernels that take most of it. */
  readonly slowest: ReadonlyArray<KernelTime>
}
