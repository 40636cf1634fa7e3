/** Processor time of programs and of everything that they start, as Linux shows it while they run. */
import { readdirSync, readFileSync } from "node:fs"

/** Ticks per second of the times in /proc. */
const TICKS = 100

/** Milliseconds between two looks; a process that ends loses at most this much. */
const LOOK = 100

interface Seen {
  readonly pid: number
  readonly parent: number
  readonly seconds: number
}

const seen = (pid: string): ReadonlyArray<Seen> => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name of the program, in parentheses, may hold blanks.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number)
    return [{ pid: Number(pid), parent: fields[1], seconds: (fields[11] + fields[12]) / TICKS }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}

/** Counts the seconds of some processes and their descendants from now on. */
export class ProcessorTime {
  private readonly known = new Map<number, number>()
  private readonly timer: NodeJS.Timeout

  /** @param pids processes that have just been started */
  constructor(pids: ReadonlyArray<number>) {
    for (const pid of pids) this.known.set(pid, 0)
    this.timer = setInterval(() => this.look(), LOOK)
  }

  private look(): void {
    const all = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap(seen)
      // Parents come before their children, unless numbers begin anew; the names of the folders are sorted as text.
      .sort((one, other) => one.pid - other.pid)
    for (const { parent, pid, seconds } of all) {
      if (this.known.has(pid) || this.known.has(parent)) this.known.set(pid, seconds)
    }
  }

  /** Stops counting, and gives the seconds. */
  end(): number {
    this.look()
    clearInterval(this.timer)
    return [...this.known.values()].reduce((sum, one) => sum + one, 0)
  }
}
