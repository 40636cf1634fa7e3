/** Paths of a task, which differ between machines: inside the shared folder they are written relative to it. */
import { isAbsolute, join, relative, resolve, sep } from "node:path"
import { mapTexts, nameOf, PartError, type Task } from "../ranges/task.ts"

/** Begins a path inside the shared folder. */
const SHARED = "<shared>"

const mapTask = (task: Task, change: (text: string) => string): Task => {
  const { folder, input, path, settings, steps } = task
  return {
    ...task,
    steps: JSON.stringify(mapTexts(JSON.parse(steps), change)),
    settings: { ...settings, root_dir: change(settings.root_dir) },
    folder: change(folder),
    path: change(path),
    ...(input === undefined ? {} : { input: change(input) })
  }
}

const refused = (subject: string, path: string, shared: string): PartError =>
  new PartError({
    subject,
    problem: `${path} lies outside the shared folder ${shared}`,
    remedy: "Keep archives, weights and the run folder in the shared folder, and call the command there"
  })

/** Whether a path leads out of the folder that it is relative to. */
const climbs = (text: string): boolean => text.split(/[/\\]/).includes("..")

/**
 * A text as it travels: a path inside the shared folder is written relative to it.
 *
 * @param subject of the error
 * @throws PartError if it is a path outside the shared folder
 */
export const packedText = (text: string, shared: string, subject: string): string => {
  if (!isAbsolute(text)) {
    if (climbs(text) && !resolve(shared, text).startsWith(shared + sep)) throw refused(subject, text, shared)
    return text
  }
  const full = resolve(text)
  if (full === shared) return SHARED
  if (!full.startsWith(shared + sep)) throw refused(subject, text, shared)
  return `${SHARED}/${relative(shared, full).split(sep).join("/")}`
}

/**
 * A text that travelled, as this machine has it.
 *
 * @throws PartError if it is a path outside the shared folder
 */
export const unpackedText = (text: string, shared: string, subject: string): string => {
  if (isAbsolute(text) || text.startsWith("~")) throw refused(subject, text, shared)
  const inside = text === SHARED || text.startsWith(`${SHARED}/`)
  const full = inside ? join(shared, text.slice(SHARED.length)) : resolve(shared, text)
  if ((inside || climbs(text)) && full !== shared && !full.startsWith(shared + sep)) {
    throw refused(subject, text, shared)
  }
  return inside ? full : text
}

/** Values of `--set` with each value changed; its key stays. */
const mapSet = (set: ReadonlyArray<string>, change: (text: string) => string): ReadonlyArray<string> =>
  set.map((one) => {
    const at = one.indexOf("=") + 1
    return `${one.slice(0, at)}${change(one.slice(at))}`
  })

/**
 * Values of `--set` as they travel.
 *
 * @throws PartError if one is a path outside the shared folder
 */
export const packedSet = (set: ReadonlyArray<string>, shared: string, subject: string): ReadonlyArray<string> =>
  mapSet(set, (text) => packedText(text, shared, subject))

/**
 * Values of `--set` that travelled, as this machine has them.
 *
 * @throws PartError if one is a path outside the shared folder
 */
export const unpackedSet = (set: ReadonlyArray<string>, shared: string, subject: string): ReadonlyArray<string> =>
  mapSet(set, (text) => unpackedText(text, shared, subject))

/**
 * Checks that no text of some plain data is a path outside the shared folder.
 *
 * @throws PartError otherwise
 */
export const checkInside = (value: unknown, shared: string, subject: string): void =>
  void mapTexts(value, (text) => {
    const full = resolve(shared, text)
    const leaves =
      text.startsWith("~") || ((isAbsolute(text) || climbs(text)) && full !== shared && !full.startsWith(shared + sep))
    if (leaves) throw refused(subject, text, shared)
    return text
  })

/**
 * A task as it travels.
 *
 * @throws PartError if it names a path outside the shared folder
 */
export const packed = (task: Task, shared: string): Task =>
  mapTask(task, (text) => packedText(text, shared, nameOf(task)))

/**
 * A task as it runs here.
 *
 * @throws PartError if it names a path outside the shared folder
 */
export const unpacked = (task: Task, shared: string): Task =>
  mapTask(task, (text) => unpackedText(text, shared, nameOf(task)))
