/** Notes: one line for each key of a file in the original's form that has no effect, or another one than in the original. */
import { existsSync, readdirSync } from "node:fs"
import { isPath, truthAt } from "./archive-paths.ts"
import { type Facts, foldersOf } from "./facts.ts"
import { PROXY_AP, type RerankingFile } from "./keys.ts"
import { unusedLossKeys } from "./losses.ts"

type Lines = ReadonlyArray<string>

const truthNote = (path: string | undefined): Lines =>
  isPath(path) && truthAt(path) === undefined
    ? [`path_gt: ${path} is not opened; relevance is computed from the labels instead.`]
    : []

const imageNote = (path: string | undefined, instead: string): Lines =>
  isPath(path) ? [`img_path: ${path} is not read; ${instead}.`] : []

/** Names checkpoints that `resume: False` removes. */
const anewNote = (facts: Facts): Lines => {
  const { checkpoints } = foldersOf(facts)
  const before = existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => /^epoch_\d+\./.test(name)) : []
  return facts.file.train?.resume === false && before.length > 0
    ? [`resume: False: an unfinished training starts anew; the checkpoints in ${checkpoints} are removed.`]
    : []
}

const unusedNote = ({ file: { train = {} } }: Facts): Lines => {
  const unused = unusedLossKeys(train)
  const loss = train.metric_loss ?? train.id_loss
  return unused.length === 0 ? [] : [`${unused.join(", ")}: no effect, because the loss is ${loss}.`]
}

/** A loss that nobody has matters to training only, which `factsOf` refuses. */
const lossNote = ({ file: { mode, train } }: Facts): Lines =>
  train?.metric_loss === PROXY_AP
    ? [`metric_loss: neither the original's code nor orbitrank has ${PROXY_AP}; \`mode: ${mode}\` does not need it.`]
    : []

/** Returns the notes of a file with `mode`. */
export const notesOf = (facts: Facts): Lines => {
  const { mode, root_dir, test } = facts.file
  switch (mode) {
    case "prepare":
      return lossNote(facts)
    case "train":
      return [...anewNote(facts), ...unusedNote(facts)]
    case "test":
      return [...lossNote(facts), ...truthNote(test?.retrieval?.path_gt)]
    case "visualize":
      return [
        ...lossNote(facts),
        ...truthNote(test?.retrieval?.path_gt),
        ...imageNote(test?.visualization?.img_path, `images come from the archive in ${root_dir}`)
      ]
  }
}

/**
 * Returns the notes of a re-ranking file.
 *
 * @param labels the table that labels are read from
 */
export const rerankingNotes = ({ csqe, ja, retrieval, visualization }: RerankingFile, labels: string): Lines => {
  const unread = [...Object.values(csqe ?? {}), ...Object.values(ja ?? {})].filter(
    (value) => typeof value === "string" && isPath(value)
  )
  return [
    ...truthNote(retrieval?.path_gt),
    ...imageNote(visualization?.img_path, "re-ranking draws no images"),
    ...(unread.length === 0 ? [] : [`${unread.join(", ")}: not read; the labels come from ${labels}.`])
  ]
}
