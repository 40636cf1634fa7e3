/**
 * Reads Protocol Buffers from a file in parts (protobuf.dev/programming-guides/encoding): each field is a tag, then a number,
 * or a length and that many bytes. Bytes that nobody asks for, such as weights, are skipped and not read.
 */
import { readSync } from "node:fs"

/** The bytes are not a message; the text is a clause without a subject. */
export class ProtobufFault extends Error {}

/** One field of a message: its number, and a number or the span of its bytes. */
export interface ProtobufField {
  readonly number: number
  /** The value of a field with a number; 0 for one with bytes. */
  readonly value: number
  /** First and last (exclusive) byte of a field with bytes; both 0 for one with a number. */
  readonly from: number
  readonly to: number
}

/** Bytes that are read at a time. */
const WINDOW = 4096

/** A file of messages. */
export class ProtobufFile {
  readonly size: number
  private readonly fd: number
  private readonly window = Buffer.alloc(WINDOW)
  private begin = 0
  private end = 0

  /**
   * @param fd open for reading; the caller closes it
   * @param size bytes of the file
   */
  constructor(fd: number, size: number) {
    this.fd = fd
    this.size = size
  }

  private byte(at: number): number {
    if (at < this.begin || at >= this.end) {
      this.begin = at
      this.end = at + readSync(this.fd, this.window, 0, WINDOW, at)
      if (this.end === at) throw new ProtobufFault("is cut short")
    }
    return this.window[at - this.begin]
  }

  /** A number of 7 bits per byte, lowest first, and the place behind it. */
  private varint(at: number, end: number): readonly [value: number, next: number] {
    let value = 0
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) break
      const byte = this.byte(at + i)
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return [value, at + i + 1]
    }
    throw new ProtobufFault("has a damaged number")
  }

  /**
   * The fields of the message that begins at `from` and ends before `to`.
   *
   * @throws ProtobufFault if the bytes are not a message
   */
  *fields(from = 0, to = this.size): Generator<ProtobufField> {
    for (let at = from; at < to; ) {
      const [tag, next] = this.varint(at, to)
      const [number, wire] = [Math.floor(tag / 8), tag % 8]
      if (number === 0) throw new ProtobufFault("has a field without a number")
      if (wire === 0) {
        const [value, behind] = this.varint(next, to)
        yield { number, value, from: 0, to: 0 }
        at = behind
      } else if (wire === 2) {
        const [length, start] = this.varint(next, to)
        if (start + length > to) throw new ProtobufFault("has a field that is longer than its message")
        yield { number, value: 0, from: start, to: start + length }
        at = start + length
      } else if (wire === 1 || wire === 5) at = next + (wire === 1 ? 8 : 4)
      else throw new ProtobufFault(`has a field of the unknown type ${wire}`)
      if (at > to) throw new ProtobufFault("is cut short")
    }
  }

  /** The text of a field. @throws ProtobufFault if it has more than `most` bytes */
  text({ from, to }: ProtobufField, most = 2 ** 20): string {
    if (to - from > most) throw new ProtobufFault(`has a text of ${to - from} bytes`)
    const bytes = Buffer.alloc(to - from)
    if (readSync(this.fd, bytes, 0, bytes.length, from) < bytes.length) throw new ProtobufFault("is cut short")
    return bytes.toString("utf8")
  }

  /** The numbers of a repeated field, which may be packed into bytes. */
  numbers({ from, to, value }: ProtobufField): ReadonlyArray<number> {
    if (to === 0) return [value]
    const values: Array<number> = []
    for (let at = from; at < to; ) {
      const [one, next] = this.varint(at, to)
      values.push(one)
      at = next
    }
    return values
  }
}
