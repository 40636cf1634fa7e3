/**
 * Messages of TensorBoard as protocol buffers: `Event { double wall_time = 1; int64 step = 2; string file_version = 3;
 * Summary summary = 5 }`, `Summary { repeated Value value = 1 }`, `Value { string tag = 1; float simple_value = 2 }`
 * (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
 */

/** Wire types. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5]

/** Encodes a whole number below 2^53: seven bits per byte, lowest first. */
const varint = (value: number): Buffer => {
  const bytes: Array<number> = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

const key = (field: number, wire: number): Buffer => varint(field * 8 + wire)

const message = (field: number, content: Buffer): Buffer =>
  Buffer.concat([key(field, BYTES), varint(content.length), content])

const double = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([key(field, FIXED64), bytes])
}

const float = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([key(field, FIXED32), bytes])
}

/** The first event of a file. */
export const versionEvent = (seconds: number): Uint8Array =>
  Buffer.concat([double(1, seconds), message(3, Buffer.from("brain.Event:2"))])

/**
 * Encodes the scalars of one step.
 *
 * @param seconds since 1970
 */
export const scalarsEvent = (
  seconds: number,
  step: number,
  scalars: ReadonlyArray<readonly [tag: string, value: number]>
): Uint8Array => {
  const values = scalars.map(([tag, value]) =>
    message(1, Buffer.concat([message(1, Buffer.from(tag)), float(2, value)]))
  )
  return Buffer.concat([double(1, seconds), key(2, VARINT), varint(step), message(5, Buffer.concat(values))])
}

/**
 * The step of an event that `scalarsEvent` made; 0 for other events.
 *
 * @example
 * stepOf(scalarsEvent(1.5e9, 300, [["loss", 0.5]])) // => 300
 */
export const stepOf = (event: Uint8Array): number => {
  // The time comes first: a key and eight bytes.
  if (event[9] !== 2 * 8 + VARINT) return 0
  let [step, weight, at] = [0, 1, 10]
  for (; event[at] >= 128; at++, weight *= 128) step += (event[at] - 128) * weight
  return step + event[at] * weight
}
