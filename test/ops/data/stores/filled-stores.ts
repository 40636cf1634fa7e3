/** Stores with a few small patches, for tests of the operators that read whole stores. */
import { join } from "node:path"
import { Effect } from "effect"
import { openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"

/** A patch's value: bands of the given sizes, filled with one number. */
export const filledValue = (sizes: Readonly<Record<string, number>>, fill: number): Uint8Array =>
  encodeSafetensors(
    Object.entries(sizes).map(([name, size]) => ({
      name,
      dtype: "uint16",
      shape: [size, size],
      data: new Uint16Array(size * size).fill(fill)
    })),
    { labels_19: '["Pastures"]' }
  )

/** Writes values into a store below `root`. */
export const writeStore = (root: string) => (path: string, values: ReadonlyArray<readonly [string, Uint8Array]>) =>
  Effect.scoped(Effect.map(openWriter(join(root, path)), (store) => store.write(values)))

export const sevenPatches = Array.from({ length: 7 }, (_, i) => [`p${i}`, filledValue({ B02: 12, B01: 2 }, i)] as const)
