/**
 * Writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding). A message is a list of chunks, so that
 * weights within it are copied once, when the whole file is joined.
 */

/** Encoded fields, in order. */
export type Message = ReadonlyArray<Uint8Array>

/** Number of bytes of a message. */
export const lengthOf = (message: Message): number => message.reduce((sum, { length }) => sum + length, 0)

/** A number of 7 bits per byte, lowest first; a negative one as 64-bit two's complement. */
export const varint = (value: number | bigint): Uint8Array => {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: Array<number> = []
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

const tag = (field: number, wire: 0 | 1 | 2 | 5): Uint8Array => varint((field << 3) | wire)

/**
 * A field with a whole number.
 *
 * @example
 * [...integer(1, 150)].flatMap((chunk) => [...chunk]) // => [8, 150, 1]
 */
export const integer = (field: number, value: number | bigint): Message => [tag(field, 0), varint(value)]

/** A field with a float32 number. */
export const float = (field: number, value: number): Message => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return [tag(field, 5), bytes]
}

/** A field with a float64 number. */
export const double = (field: number, value: number): Message => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return [tag(field, 1), bytes]
}

/** A field with bytes. */
export const bytes = (field: number, value: Uint8Array): Message => [tag(field, 2), varint(value.length), value]

/** A field with text. */
export const text = (field: number, value: string): Message => bytes(field, new TextEncoder().encode(value))

/** A field with a message. */
export const message = (field: number, ...parts: ReadonlyArray<Message>): Message => {
  const inner = parts.flat()
  return [tag(field, 2), varint(lengthOf(inner)), ...inner]
}

/** All bytes of a message in one array. */
export const joined = (parts: Message): Uint8Array => {
  const whole = new Uint8Array(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
