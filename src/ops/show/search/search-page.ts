import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { Ranking } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { portable } from "../../formats/portable.ts"
import { Run } from "../../run.ts"
import { pageStripsOf } from "../report/page-pictures.ts"
import { touching } from "../show-error.ts"
import { type StripContent, stripContent } from "../strips/strip.ts"
import { readStrips } from "../strips/strips-file.ts"
import { resultsPage } from "./results-page.ts"

/** Writes the page. Pictures are used if the run has drawn a strip of every query. */
const publish = Effect.fnUntraced(function* (contents: ReadonlyArray<StripContent>) {
  const { experiment, folder, say, wrote } = yield* Run
  const drawn = yield* touching(join(folder, "strips"), () => readStrips(folder))
  const ofQuery = ({ query, row }: StripContent) =>
    drawn.find((strip) => strip.row === row && strip.query.name === query.name)
  const strips = contents.map(ofQuery).filter((strip) => strip !== undefined)
  const shown = yield* pageStripsOf(strips.length === contents.length ? strips : [])
  const path = join(folder, "search.html")
  yield* touching(path, () => writeFileAtomic(path, resultsPage(experiment, contents, shown)))
  yield* wrote(path)
  yield* say(`page: ${portable(path)}`)
})

/**
 * Writes the results of a search as a page, `search.html` in the run folder. Place it after `search`, and after `strips` to have
 * pictures; without pictures the page has tables of names, scores and labels. Rankings pass unchanged.
 */
export const searchPage = operator({
  name: "search-page",
  about: "Writes search results as a page, search.html; after `strips` it has pictures.",
  from: Ranking,
  to: Ranking,
  params: { top: param(PositiveInt, "Number of results per query.", 10) },
  declares: { shares: () => ["search.html"] },
  run:
    ({ top }) =>
    (rankings) =>
      Stream.suspend(() => {
        const contents: Array<StripContent> = []
        const collect = (ranking: Ranking) =>
          Effect.sync(() => {
            for (let row = ranking.from; row < ranking.to; row++) contents.push(stripContent(ranking, row, top))
          })
        return rankings.pipe(
          Stream.tap(collect),
          Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => publish(contents)))))
        )
      })
})
