/** The owner of a lock: a process, identified so that another one with its number is not mistaken for it. */
import { execFileSync } from "node:child_process"
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"

/** Who holds a lock. */
export interface Owner {
  readonly host: string
  readonly pid: number
  /** Start time of the process in the form of the system; absent if the system does not report it. */
  readonly started?: string | undefined
  /** Differs between any two locks. */
  readonly token: string
  /** Milliseconds between two refreshes of the lock. */
  readonly beat?: number | undefined
}

/** A value that the system may refuse; undefined then. */
export const attempted = <A>(look: () => A): A | undefined => {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** This machine; containers of one machine, whose process numbers mean other processes, differ. */
export const hostOf = (): string => {
  const space = attempted(() => readlinkSync("/proc/self/ns/pid")) ?? ""
  return [hostname(), ...(/\d+/.exec(space) ?? [])].join(" ")
}

/** When a process started: ticks since which boot on Linux, a date elsewhere. */
const startOf = (pid: number): string | undefined => {
  if (process.platform === "win32") return undefined
  const stat = attempted(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  if (stat === undefined) {
    if (process.platform === "linux") return undefined
    return attempted(() => execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim())
  }
  // The name of the program, in parentheses, may hold blanks; the start is the 20th field after it.
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  const boot = attempted(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? ""
  return `${boot} ${ticks}`
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** The owner in a lock's text. Version 0.1.0 wrote the process number alone. */
export const ownerIn = (text: string): Owner | undefined => {
  if (/^[1-9]\d*$/.test(text)) return { host: hostOf(), pid: Number(text), token: text }
  const value = attempted(() => JSON.parse(text) as Partial<Owner> | null)
  const { beat, host, pid, started, token } = value ?? {}
  if (typeof host !== "string" || typeof token !== "string" || !/^[\w-]+$/.test(token)) return undefined
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return undefined
  return {
    ...{ host, pid, token },
    started: typeof started === "string" ? started : undefined,
    beat: typeof beat === "number" && beat > 0 ? beat : undefined
  }
}

/** The owner of a lock that this process takes, and refreshes every `beat` milliseconds, if at all. */
export const ownerHere = (token: string, beat: number | undefined): Owner => ({
  host: hostOf(),
  pid: process.pid,
  started: startOf(process.pid),
  token,
  beat
})

/** Whether a process of this machine has ended, or another process has its number by now. */
export const hasEnded = ({ pid, started }: Owner): boolean => {
  // Without start times, an old lock with our own process number cannot be distinguished from one that we hold.
  if (!alive(pid) || (pid === process.pid && started === undefined)) return true
  const now = startOf(pid)
  return started !== undefined && now !== undefined && now !== started
}
