/** Finds images that occur twice, by a hash of their pixels. */
import { createHash } from "node:crypto"
import type { RawPatch } from "../../elements.ts"
import { rawBytes } from "../../formats/dtypes.ts"
import { type Finding, finding } from "../archives/shared/findings.ts"

/** A hash of all bands with their names, types and sizes: equal for equal pixels, in whatever file format. */
const contentHash = ({ bands }: Pick<RawPatch, "bands">): string => {
  const hash = createHash("sha256")
  for (const { data, dtype, height, name, width } of bands) {
    hash.update(`${name}\0${dtype}\0${height}x${width}\0`)
    hash.update(rawBytes(data))
  }
  return hash.digest("base64")
}

interface Seen {
  readonly name: string
  readonly split: RawPatch["split"]
}

export interface Copies {
  readonly see: (patch: RawPatch) => void
  readonly findings: () => ReadonlyArray<Finding>
}

/** Remembers a hash and a name for each patch. */
export const copiesOf = (): Copies => {
  const first = new Map<string, Seen>()
  const twice: Array<string> = []
  const leaking: Array<string> = []
  return {
    see: (patch) => {
      const hash = contentHash(patch)
      const other = first.get(hash)
      if (other === undefined) {
        first.set(hash, { name: patch.name, split: patch.split })
        return
      }
      twice.push(`${patch.name} = ${other.name}`)
      const divided = patch.split !== undefined && other.split !== undefined
      if (divided && patch.split !== other.split)
        leaking.push(`${patch.name} (${patch.split}) = ${other.name} (${other.split})`)
    },
    findings: () => [
      ...finding(
        "images have the pixels of another one",
        twice,
        "warn",
        "Keep one of each, or mention the copies with the results"
      ),
      ...finding(
        "images are in another split than their copy",
        leaking,
        "warn",
        "Take them out of training: their copies in the test have been seen"
      )
    ]
  }
}
