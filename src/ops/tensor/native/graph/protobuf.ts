/** Writes fields of Protocol Buffers, as far as graphs of TensorFlow need them. */
import * as fields from "../../../formats/protobuf-write.ts"

/** A field with a whole number, a boolean or a member of an enumeration. */
export const whole = (field: number, value: number): Buffer => Buffer.concat(fields.integer(field, value))

/** A field with text, bytes or a message. */
export const bytes = (field: number, value: Uint8Array | string): Buffer =>
  Buffer.concat(typeof value === "string" ? fields.text(field, value) : fields.bytes(field, value))

/** A field with a number in single precision. */
export const float = (field: number, value: number): Buffer => Buffer.concat(fields.float(field, value))

/** A field with a list of whole numbers. */
export const wholes = (field: number, values: ReadonlyArray<number>): Buffer =>
  bytes(field, Buffer.concat(values.map(fields.varint)))

/** A field with a list of numbers in single precision. */
export const floats = (field: number, values: ReadonlyArray<number>): Buffer => {
  const content = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => void content.writeFloatLE(value, 4 * i))
  return bytes(field, content)
}

/** A message of fields. */
export const message = (...fields: ReadonlyArray<Uint8Array>): Buffer => Buffer.concat(fields)
