import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** A file that grows beside its place until it is finished. Methods throw what the file system throws. */
export class GrowingFile {
  readonly path: string
  private readonly beside: string
  private readonly fd: number
  private end: number
  private open = true

  /**
   * @param path its folder is made
   * @param header bytes at its start that `complete` may write
   */
  constructor(path: string, header = 0) {
    this.path = path
    this.beside = `${path}.${process.pid}.partial`
    mkdirSync(dirname(path), { recursive: true })
    this.fd = openSync(this.beside, "w")
    this.end = header
  }

  private write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done)
  }

  append(bytes: Uint8Array): void {
    this.write(bytes, this.end)
    this.end += bytes.length
  }

  /** Writes what is left, so that nothing but the name is missing. */
  complete(header?: Uint8Array): void {
    if (header !== undefined) this.write(header, 0)
    fsyncSync(this.fd)
    this.close()
  }

  private close(): void {
    if (this.open) closeSync(this.fd)
    this.open = false
  }

  /** Gives it its place; what stood there is replaced. */
  rename(): void {
    renameSync(this.beside, this.path)
  }

  /** Removes what is unfinished; does nothing after `rename`. */
  abandon(): void {
    this.close()
    rmSync(this.beside, { force: true })
  }
}
