/** A miniature WebDataset: shards of one sample each, a png and its labels as JSON. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "../../../formats/files.ts"
import { beginMiniature, finishMiniature } from "../../miniature/manifest.ts"
import { drawPicture, drawScenery, setOf } from "../../miniature/picture.ts"
import { image, OWN_CLASSES } from "../../miniature/picture-files.ts"
import { put } from "../../miniature/picture-set.ts"
import type { MiniatureMaker } from "../data-set.ts"
import { ownClasses } from "../shared/class-list.ts"
import { membersOf, tarOf } from "./tar.ts"

export const classes = ownClasses(OWN_CLASSES)

const EDGE = 64

/** @throws DataError if the folder holds anything else */
export const open: MiniatureMaker["open"] = (name, folder, { patches, seed, size }) => {
  const edge = size ?? EDGE
  const facts = { kind: name, seed, patches, size: edge }
  const complete = beginMiniature(folder, facts)
  const scenery = drawScenery(seed, OWN_CLASSES.length)
  const labelsOf = (set: ReadonlyArray<number>) => set.map((index) => OWN_CLASSES[index])
  const shardOf = async (sample: string, i: number, set: ReadonlyArray<number>): Promise<Buffer> => {
    const png = await (await image(drawPicture(scenery, seed, i, set, edge, edge))).png().toBuffer()
    const json = Buffer.from(JSON.stringify({ labels: labelsOf(set) }), "utf8")
    return tarOf([
      [`${sample}.png`, png],
      [`${sample}.json`, json]
    ])
  }
  return {
    complete,
    make: async (i) => {
      const number = String(i).padStart(6, "0")
      const [sample, shard] = [`sample-${number}`, `shard-${number}.tar`]
      const path = join(folder, shard)
      const set = setOf(scenery, seed, i)
      if (!existsSync(path)) put(path, await shardOf(sample, i, set))
      const [{ at, size: length }] = await membersOf(path)
      return {
        name: sample,
        folder,
        files: { shard },
        facts: { byte_at: String(at), byte_length: String(length) },
        labels: labelsOf(set)
      }
    },
    finish: () => {
      if (complete) return
      writeFileAtomic(join(folder, "classes.txt"), `${OWN_CLASSES.join("\n")}\n`)
      finishMiniature(folder, facts)
    }
  }
}
