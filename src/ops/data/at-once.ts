/** Reads from a disk that may have to be waited for. Does not import Effect: worker threads load it. */

/** A read that takes more milliseconds than this had to wait for the disk. */
const WAITED = 1

/** Number of reads that are left to Node's threads after a read that had to wait. */
const ASIDE = 64

/** Runs a read at once; returns undefined, and runs nothing, if the read is due on Node's threads. */
export type AtOnce = <A>(read: () => A) => A | undefined

/**
 * Chooses between reading at once and on Node's threads. What is in the system's page cache is read at once, because another thread
 * would take several times as long. If a read had to wait for the disk, the next ones are due on Node's threads, several at a time.
 *
 * @param now clock in milliseconds
 */
export const readingAtOnce = (now: () => number = () => performance.now()): AtOnce => {
  let aside = 0
  return (read) => {
    if (aside > 0) {
      aside--
      return undefined
    }
    const begun = now()
    const value = read()
    if (now() - begun > WAITED) aside = ASIDE
    return value
  }
}
