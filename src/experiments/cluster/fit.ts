/** Who may make the ranges of whom: the same program, the same folder, the same kind of engine. */
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { digest } from "../../pipeline/digest.ts"
import { canonical } from "../../pipeline/print.ts"
import { messageOf } from "../../pipeline/words.ts"
import { versions } from "../command/versions.ts"
import type { EngineRecord } from "../folder/record.ts"
import { RunError } from "../run-error.ts"

/** The lockfile of this program: its own, or that of the project in which it is installed. */
const lockfile = (): string | undefined => {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package-lock.json")
    if (existsSync(path)) return path
  }
  return undefined
}

/** Hash of the program's version and of all packages that it uses. */
export const program = (): string => {
  const path = lockfile()
  const { node: _, ...compared } = versions
  return digest(canonical([compared, path === undefined ? null : digest(readFileSync(path))]))
}

/** The file that shows whether two machines see one folder. */
const NONCE = ".orbitrank-cluster"

/**
 * The id of a shared folder, which is made if it has none.
 *
 * @throws RunError if the folder cannot be used
 */
export const folderId = (shared: string): string => {
  const path = join(shared, NONCE)
  try {
    if (!existsSync(path)) writeFileSync(path, `${randomUUID()}\n`, { flag: "wx" })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(shared, cause)
  }
  try {
    const id = readFileSync(path, "utf8").trim()
    if (/^[0-9a-f-]{36}$/.test(id)) return id
  } catch (cause) {
    throw unusable(shared, cause)
  }
  throw new RunError({ subject: path, problem: "is not an id of a shared folder", remedy: "Name another folder" })
}

const unusable = (shared: string, cause: unknown): RunError =>
  new RunError({
    subject: shared,
    problem: `cannot be used as the shared folder (${messageOf(cause)})`,
    remedy: "Name a folder that all machines see and may write",
    cause
  })

/** Engines of one kind give the same digits on equal processors. */
export const engineKind = ({
  gpu,
  inference,
  name,
  version
}: Pick<EngineRecord, "gpu" | "inference" | "name" | "version">): string =>
  `${name} ${version}${gpu ? " GPU" : ""}${inference === undefined ? "" : ` with ${inference}`}`

/** What must be equal between a run and its workers. */
export interface Fit {
  readonly program: string
  readonly folder: string
  /** Kind of the engine; `any` if engines may differ. */
  readonly engine: string
}

/** Name of the queue: whoever does not fit never sees a task. */
export const queueName = ({ engine, folder, program: code }: Fit): string =>
  `ranges/${code}/${folder}/${digest(engine)}`
