/** Samples of a WebDataset: members of a shard whose names are equal up to the first dot. */
import { DataError } from "../../../formats/data-error.ts"
import { jsonOf } from "../../../formats/text.ts"
import { factName } from "../folder/own-table.ts"
import { LABEL_KEYS, type Label, labelsIn, repeats } from "../shared/own-labels.ts"
import type { Member } from "./tar.ts"

const IMAGE = /(^|\.)(tiff?|jpe?g|png)$/i
/** Members with labels: a class, or JSON with labels and facts. */
const LABELS = /(^|\.)(cls|json)$/i

/** Bytes of a member with labels, at most. */
const MOST_BYTES = 16 * 2 ** 20

/** One image and the members with its labels. */
export interface Sample {
  readonly key: string
  readonly image: Member
  readonly labels: ReadonlyArray<Member>
}

/** Labels and facts of an image, from the members of its sample. */
export interface Said {
  readonly labels: ReadonlyArray<Label>
  readonly facts: Readonly<Record<string, string>>
}

/** Divides the name of a member into the name of its sample and an ending: `a/b.rgb.png` into `a/b` and `rgb.png`. */
const parted = (name: string): readonly [key: string, ending: string] | undefined => {
  const [, key, ending] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(name) ?? []
  return key === undefined ? undefined : [key, ending]
}

interface Group {
  image?: Member
  readonly labels: Array<Member>
}

/** Adds a member to its sample. @throws DataError if it is a second image, occurs twice, or has too many labels */
const add = (shard: string, key: string, { labels, ...group }: Group, member: Member): Group => {
  const refuse = (problem: string, remedy: string) => new DataError({ subject: shard, problem, remedy })
  if (!LABELS.test(member.name)) {
    if (group.image === undefined) return { labels, image: member }
    const names = `${group.image.name} and ${member.name}`
    throw refuse(`has two images of the sample ${key}: ${names}`, "Write one image per sample")
  }
  if (labels.some(({ name }) => name === member.name)) {
    throw refuse(`has two members ${member.name}`, "Write each member once")
  }
  if (member.size > MOST_BYTES) {
    throw refuse(`has ${member.size} bytes of labels in ${member.name}`, `Write at most ${MOST_BYTES} bytes`)
  }
  return { ...group, labels: [...labels, member] }
}

/**
 * Groups members into samples, in the order of their images. Members without an image are left out.
 *
 * @throws DataError if a sample has two images, a member twice, or labels of more than 16 MiB
 */
export const samplesOf = (shard: string, members: ReadonlyArray<Member>): ReadonlyArray<Sample> => {
  const groups = new Map<string, Group>()
  for (const member of members) {
    const [key, ending] = parted(member.name) ?? ["", ""]
    if (key === "" || !(IMAGE.test(ending) || LABELS.test(ending))) continue
    groups.set(key, add(shard, key, groups.get(key) ?? { labels: [] }, member))
  }
  return [...groups].flatMap(([key, { image, labels }]) => (image === undefined ? [] : [{ key, image, labels }]))
}

const numbered = (text: string): Label => (/^\d+$/.test(text) ? Number(text) : text)

/** Reads one member with labels. @throws DataError if its content does not fit its ending */
const saidBy = (shard: string, { name }: Member, content: Buffer): Said => {
  const place = `${shard}: ${name}`
  const refuse = (problem: string, remedy: string) => new DataError({ subject: place, problem, remedy })
  if (/cls$/i.test(name)) {
    const text = content.toString("utf8").trim()
    if (text === "" || text.length > 200) throw refuse("is not the name or number of a class", "Write one class")
    return { labels: [numbered(text)], facts: {} }
  }
  const value = jsonOf(content, place)
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("is not a JSON object", 'Write `{ "labels": [...] }`')
  }
  const entries = Object.entries(value as Readonly<Record<string, unknown>>)
  const given = entries.filter(([key]) => LABEL_KEYS.test(key)).map(([key, one]) => [key, labelsIn(one)] as const)
  const wrong = given.find(([, labels]) => labels === undefined)
  if (wrong !== undefined)
    throw refuse(`has \`${wrong[0]}\` that is neither names nor numbers`, "Give a list of labels")
  const row = given.find(([, labels]) => repeats(labels ?? []))
  if (row !== undefined) {
    throw refuse(`has \`${row[0]}\` with a number that occurs twice`, "Give the numbers of its classes, or their names")
  }
  const facts = entries.filter(
    ([key, one]) => !LABEL_KEYS.test(key) && (typeof one === "string" || typeof one === "number")
  )
  return {
    labels: given.flatMap(([, labels]) => labels ?? []),
    facts: Object.fromEntries(facts.map(([key, one]) => [factName(key), String(one)]))
  }
}

/** Labels and facts from all members of a sample. @throws DataError if the content of a member does not fit its ending */
export const said = (shard: string, { labels }: Sample, contents: ReadonlyArray<Buffer>): Said => {
  const all = labels.map((member, i) => saidBy(shard, member, contents[i]))
  return {
    labels: [...new Set(all.flatMap((one) => one.labels))],
    facts: Object.assign({}, ...all.map(({ facts }) => facts))
  }
}
