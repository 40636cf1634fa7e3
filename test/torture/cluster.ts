/**
 * The campaign on a cluster with a real PostgreSQL: it kills the run or one of two workers, starts the killed program again,
 * and repeats. Each run must end with the files of a run that was never killed, and a kill may cost at most one range.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { database, QUEUE_TABLE } from "../../src/experiments/cluster/connect.ts"
import { RunError } from "../../src/experiments/run-error.ts"
import { parseAddress } from "../../src/ops/postgres/address.ts"
import { random } from "../../src/pipeline/random.ts"
import { binaries, openPostgres } from "../experiments/cluster/postgres.ts"
import { type Program, program, ready, startWorker } from "../experiments/cluster/programs.ts"
import { PATCHES, preparing } from "../experiments/ranges/example.ts"
import { type Counts, counted, type Trial } from "./counts.ts"

/** Patches per range, which takes about half a second, and epochs over the patches. */
const RANGE = 32
const EPOCHS = 10

/** Least and most seconds between two kills. */
const [SOONEST, LATEST] = [2, 5]

const FILES = ["embeddings.npy", "embeddings.csv"]

const configuration = (home: string, epochs: number): string => {
  const file = join(home, "torture.yaml")
  writeFileSync(
    file,
    `device: wasm
threads: 1
range: ${RANGE}
root_dir: data
pipelines:
  extract:
    - read: { split: train, from: patches.lmdb, bands: s2-10m+20m, nomenclature: "19", epochs: ${epochs} }
    - crop: { size: 64, at: random }
    - normalise: { by: bigearthnet }
    - batch: { size: 16 }
    - embed: { model: { backbone: resnet18, pooling: avg, channels: 10, num_classes: 19 }, weights: initial }
    - save: { to: embeddings }
`
  )
  return file
}

const asking = <A>(url: string, ask: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.provide(Effect.flatMap(SqlClient.SqlClient, ask), database(parseAddress(url, "torture", RunError)))
    )
  )

/** Has the database note every time that a worker takes a range. */
const noteTaking = (url: string) =>
  asking(url, (sql) =>
    Effect.gen(function* () {
      yield* sql`CREATE TABLE taken (id TEXT NOT NULL)`
      yield* sql`CREATE FUNCTION note_taking() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO taken VALUES (NEW.id); RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER note_taking AFTER UPDATE ON ${sql(QUEUE_TABLE)} FOR EACH ROW
        WHEN (NEW.attempts > OLD.attempts AND NEW.queue_name LIKE 'ranges/%') EXECUTE FUNCTION note_taking()`
    })
  )

/**
 * How often a range was computed again: how often ranges were taken after their first time, less the times when their part was
 * already there.
 *
 * @param taken number of times that each range was taken
 * @param said everything that workers said
 *
 * @example
 * redone([1, 2, 2], "range 0 to 4 of extract: made\nrange 4 to 8 of extract: made before\n") // => 1
 */
export const redone = (taken: ReadonlyArray<number>, said: string): number =>
  taken.reduce((sum, times) => sum + times - 1, 0) - [...said.matchAll(/: made before$/gm)].length

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 50))

const hasEnded = ({ process: { exitCode, signalCode } }: Program): boolean => exitCode !== null || signalCode !== null

/** Programs that are killed and started again. */
class Target {
  private now: Program
  /** What the killed programs said. */
  private before = ""
  private readonly start: () => Program
  constructor(start: () => Program) {
    this.start = start
    this.now = start()
  }
  get program(): Program {
    return this.now
  }
  readonly kill = async (): Promise<void> => {
    this.now.process.kill("SIGKILL")
    await this.now.ended
    this.before += this.now.said()
  }
  /** Starts it anew, and waits until it is at work: on a busy machine, all kills would hit programs that start. */
  readonly again = async (): Promise<void> => {
    this.now = this.start()
    while (!/orbitrank worker| {2}cluster: /.test(this.now.said()) && !hasEnded(this.now)) await pause()
  }
  readonly said = (): string => this.before + this.now.said()
}

/** Runs to the end in a folder, with kills at drawn moments as long as some are left. */
const ran = async (driver: Target, workers: ReadonlyArray<Target>, draw: ReturnType<typeof random>, kills: number) => {
  let killed = 0
  while (killed < kills) {
    const due = performance.now() + 1000 * (SOONEST + (LATEST - SOONEST) * draw.next())
    while (performance.now() < due && !hasEnded(driver.program)) await pause()
    if (hasEnded(driver.program)) break
    const victim = [driver, ...workers][draw.int(1 + workers.length)]
    await victim.kill()
    await victim.again()
    killed++
  }
  return { killed, code: await driver.program.ended }
}

/** Repeats runs until `kills` programs were killed. Returns one trial per kill. */
const rounds = async (home: string, file: string, url: string, seed: number, kills: number) => {
  const filesOf = (out: string) => FILES.map((name) => readFileSync(join(home, out, name)).toString("base64")).join()
  const workers = [1, 2].map(() => new Target(() => startWorker(home, url)))
  await ready(workers.map((one) => one.program))
  const draw = random(seed, 0, 0, "kill cluster")
  const trials: Array<Trial> = []
  let count = 0
  try {
    for (; trials.length < kills; count++) {
      const out = `round-${count}`
      const driver = new Target(() => program("run.ts", [file, "--out", out, "--cluster"], home, url))
      const { code, killed } = await ran(driver, workers, draw, kills - trials.length)
      const why = code !== 0 ? driver.said() : filesOf(out) === filesOf("whole") ? undefined : `${out} has other files`
      trials.push(
        ...Array.from(
          { length: killed },
          (): Trial => (why === undefined ? { outcome: "equal" } : { outcome: "wrong", why })
        )
      )
      console.error(`run ${count + 1}: ${killed} killed, ${why ?? "equal"}; ${trials.length} of ${kills} kills`)
      if (why !== undefined) break
    }
  } finally {
    for (const { program: one } of workers) one.process.kill("SIGKILL")
  }
  return { trials, count, said: workers.map((one) => one.said()).join("\n") }
}

/** Runs the campaign. */
export const killCluster = async (seed: number, kills: number, epochs = EPOCHS): Promise<Counts> => {
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql")
  const home = mkdtempSync(join(tmpdir(), "orbitrank-torture-"))
  const postgres = await openPostgres()
  const { url } = postgres
  try {
    const file = configuration(home, epochs)
    mkdirSync(join(home, "data"))
    for (const args of [
      [preparing(home), "--out", "prepared"],
      [file, "--out", "whole"]
    ]) {
      const one = program("run.ts", args, home)
      if ((await one.ended) !== 0) throw new Error(one.said())
    }
    await noteTaking(url)
    const { count, said, trials } = await rounds(home, file, url, seed, kills)
    const taken = await asking(
      url,
      (sql) => sql<{ readonly times: number }>`SELECT count(*)::INT AS times FROM taken GROUP BY id`
    )
    const again = redone(
      taken.map(({ times }) => times),
      said
    )
    const most: ReadonlyArray<Trial> =
      again <= trials.length
        ? []
        : [{ outcome: "wrong", why: `${again} ranges were made again after ${trials.length} kills` }]
    const words = `${count} runs, ${taken.length} ranges of ${RANGE} of ${Math.floor(0.7 * PATCHES) * epochs} patches, ${again} made again`
    return counted(`kill cluster (${words})`, [...trials, ...most])
  } finally {
    await postgres.remove()
    rmSync(home, { recursive: true, force: true })
  }
}
