/** Errors of the file system in words. */

const CODES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EIO: "the disk reported an error",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  EFBIG: "the file is too large for the file system",
  ENAMETOOLONG: "the name is too long"
}

/**
 * What a code of the file system means, as a clause; undefined for an error without such a code.
 *
 * @example
 * diskProblem(Object.assign(new Error(), { code: "ENOSPC" })) // => "the disk is full"
 * diskProblem(new Error("other")) // => undefined
 */
export const diskProblem = (cause: unknown): string | undefined => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  return Object.hasOwn(CODES, code) ? CODES[code] : undefined
}
