/** One line for everything that a file in the original's form asks for and that happens in another way, or not at all. */
import { existsSync, readdirSync } from "node:fs"
import { type Facts, foldersOf } from "./facts.ts"
import type { RerankingFile } from "./keys.ts"
import { isPath, truthAt } from "./paths.ts"

type Lines = ReadonlyArray<string>

const truthNote = (path: string | undefined): Lines =>
  isPath(path) && truthAt(path) === undefined
    ? [`path_gt: ${path} is not opened; relevance is computed from the labels instead.`]
    : []

/** Pictures are those of the archive: its bands, or its files. */
const pictureNote = (path: string | undefined, instead: string): Lines =>
  isPath(path) ? [`img_path: ${path} is not read; ${instead}.`] : []

/** Checkpoints that `resume: False` takes away. */
const anewNote = (facts: Facts): Lines => {
  const { checkpoints } = foldersOf(facts)
  const before = existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => /^epoch_\d+\./.test(name)) : []
  return facts.file.train?.resume === false && before.length > 0
    ? [`resume: False: a training that is not finished begins anew, without the checkpoints in ${checkpoints}.`]
    : []
}

export const notesOf = (facts: Facts): Lines => {
  const { mode, test } = facts.file
  switch (mode) {
    case "prepare":
      return []
    case "train":
      return anewNote(facts)
    case "test":
      return truthNote(test?.retrieval?.path_gt)
    case "visualize":
      return [
        ...truthNote(test?.retrieval?.path_gt),
        ...pictureNote(test?.visualization?.img_path, `pictures come from the archive in ${facts.file.root_dir}`)
      ]
  }
}

/** @param labels the table that labels are read from */
export const rerankingNotes = ({ csqe, ja, retrieval, visualization }: RerankingFile, labels: string): Lines => {
  const unread = [...Object.values(csqe ?? {}), ...Object.values(ja ?? {})].filter(
    (value) => typeof value === "string" && isPath(value)
  )
  return [
    ...truthNote(retrieval?.path_gt),
    ...pictureNote(visualization?.img_path, "re-ranking draws no pictures"),
    ...(unread.length === 0 ? [] : [`${unread.join(", ")}: not read; labels stand in ${labels}.`])
  ]
}
