/** Clauses about several things, as findings are written, and what they become about one. */

/** What findings are about, and what these do; each clause begins with one of the first and has one of the second. */
const NOUN = /\b(?:(row|image|name|column|label|mask)s|(patch|class)es)\b/
const VERBS: Readonly<Record<string, string>> = {
  have: "has",
  are: "is",
  stand: "stands",
  name: "names",
  cannot: "cannot"
}
const VERB = new RegExp(`\\b(?:${Object.keys(VERBS).join("|")})\\b`)

/** Of what follows the verb: "are training patches" and "their copy". */
const about = (rest: string, verb: string): string =>
  (verb === "are" ? rest.replace(/^( \w+)? patches\b/, " a$1 patch") : rest).replace(/\btheir\b/, "its")

/**
 * A clause in the number of what it is about: "label rows have no image", and of one "label row has no image".
 *
 * @param what the clause of several: a noun of `NOUN` first, then a verb of `VERBS`
 */
export const clauseOf = (count: number, what: string): string => {
  const noun = count === 1 ? NOUN.exec(what) : null
  if (noun === null) return what
  const after = noun.index + noun[0].length
  const verb = VERB.exec(what.slice(after))
  if (verb === null) return what
  const from = after + verb.index
  const head = `${what.slice(0, noun.index)}${noun[1] ?? noun[2]}${what.slice(after, from)}`
  return `${head}${VERBS[verb[0]]}${about(what.slice(from + verb[0].length), verb[0])}`
}
