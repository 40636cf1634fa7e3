/** Writes fields of Protocol Buffers, as far as graphs of TensorFlow need them. */

const varint = (value: number): Buffer => {
  let left = BigInt.asUintN(64, BigInt(value))
  const bytes: Array<number> = []
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  bytes.push(Number(left))
  return Buffer.from(bytes)
}

const tagged = (field: number, wire: number, ...parts: ReadonlyArray<Uint8Array>): Buffer =>
  Buffer.concat([varint((field << 3) | wire), ...parts])

/** A field with a whole number, a boolean or a member of an enumeration. */
export const whole = (field: number, value: number): Buffer => tagged(field, 0, varint(value))

/** A field with text, bytes or a message. */
export const bytes = (field: number, value: Uint8Array | string): Buffer => {
  const content = typeof value === "string" ? Buffer.from(value, "utf8") : value
  return tagged(field, 2, varint(content.length), content)
}

const littleEndian = (values: ReadonlyArray<number>): Buffer => {
  const content = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => void content.writeFloatLE(value, 4 * i))
  return content
}

/** A field with a number in single precision. */
export const float = (field: number, value: number): Buffer => tagged(field, 5, littleEndian([value]))

/** A field with a list of whole numbers. */
export const wholes = (field: number, values: ReadonlyArray<number>): Buffer =>
  bytes(field, Buffer.concat(values.map(varint)))

/** A field with a list of numbers in single precision. */
export const floats = (field: number, values: ReadonlyArray<number>): Buffer => bytes(field, littleEndian(values))

/** A message of fields. */
export const message = (...fields: ReadonlyArray<Uint8Array>): Buffer => Buffer.concat(fields)
