/**
 * Messages of TensorBoard as protocol buffers: `Event { double wall_time = 1; int64 step = 2; string file_version = 3;
 * Summary summary = 5 }`, `Summary { repeated Value value = 1 }`, `Value { string tag = 1; float simple_value = 2 }`
 * (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
 */

import { double, float, integer, joined, message, text } from "../../formats/protobuf-write.ts"

/** The first event of a file. */
export const versionEvent = (seconds: number): Uint8Array =>
  joined([...double(1, seconds), ...text(3, "brain.Event:2")])

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
  const values = scalars.map(([tag, value]) => message(1, text(1, tag), float(2, value)))
  return joined([...double(1, seconds), ...integer(2, step), ...message(5, ...values)])
}

/**
 * The step of an event that `scalarsEvent` made; 0 for other events.
 *
 * @example
 * stepOf(scalarsEvent(1.5e9, 300, [["loss", 0.5]])) // => 300
 */
export const stepOf = (event: Uint8Array): number => {
  // The time comes first: a key and eight bytes. The key of the step is its field, 2, and the wire type of a number, 0.
  if (event[9] !== 2 * 8) return 0
  let [step, weight, at] = [0, 1, 10]
  for (; event[at] >= 128; at++, weight *= 128) step += (event[at] - 128) * weight
  return step + event[at] * weight
}
