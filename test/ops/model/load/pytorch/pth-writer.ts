/** Writes a checkpoint as the original leaves it: what `torch.save` makes of its dictionary, in the zip format. */
import type { NamedArray } from "../../../../../src/ops/elements.ts"
import { zip } from "../../../tensor/setup/zip-writer.ts"

type Bytes = ReadonlyArray<number>
const ascii = (text: string): Bytes => [...Buffer.from(text)]
const text = (value: string): Bytes => {
  const bytes = ascii(value)
  const size = new Uint8Array(Uint32Array.of(bytes.length).buffer)
  return [0x58, ...size, ...bytes] // BINUNICODE
}
const int = (value: number): Bytes => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)] // BININT
const tuple = (...items: ReadonlyArray<Bytes>): Bytes => [0x28, ...items.flat(), 0x74] // MARK ... TUPLE
const named = (module: string, name: string): Bytes => ascii(`c${module}\n${name}\n`) // GLOBAL
const ordered: Bytes = [...named("collections", "OrderedDict"), 0x29, 0x52] // () REDUCE
const items = (of: Bytes, entries: ReadonlyArray<readonly [string, Bytes]>): Bytes => [
  ...of,
  0x28,
  ...entries.flatMap(([key, value]) => [...text(key), ...value]),
  0x75 // SETITEMS
]

const tensor = ({ data, shape }: NamedArray, storage: number): Bytes => {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1))
  const id = tuple(
    text("storage"),
    named("torch", "FloatStorage"),
    text(String(storage)),
    text("cpu"),
    int(data.length)
  )
  return [
    ...named("torch._utils", "_rebuild_tensor_v2"),
    ...tuple([...id, 0x51], int(0), tuple(...shape.map(int)), tuple(...strides.map(int)), [0x89], ordered), // BINPERSID, NEWFALSE
    0x52
  ]
}

type Plain = string | number | ReadonlyArray<Plain>
const plain = (value: Plain): Bytes => {
  if (typeof value === "string") return text(value)
  return typeof value === "number" ? int(value) : [0x5d, 0x28, ...value.flatMap(plain), 0x65] // EMPTY_LIST, APPENDS
}

/**
 * A dictionary of `epoch`, `model_state_dict` and `config`.
 *
 * @param model what the configuration says of the network; nothing if left out
 */
export const originalCheckpoint = (
  epoch: number,
  arrays: ReadonlyArray<NamedArray>,
  model?: Readonly<Record<string, Plain>>
): Uint8Array => {
  const state = items(
    ordered,
    arrays.map((array, i) => [array.name, tensor(array, i)])
  )
  const network = Object.entries(model ?? {}).map(([key, value]) => [key, plain(value)] as const)
  const config = [["mode", text("train")] as const, ...(model ? [["model", items([0x7d], network)] as const] : [])]
  const whole = items(
    [0x7d],
    [
      ["epoch", int(epoch)],
      ["model_state_dict", state],
      ["config", items([0x7d], config)]
    ]
  )
  const storages = arrays.map(({ data }, i) => [
    `epoch_${epoch}/data/${i}`,
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  ])
  return zip(
    {
      [`epoch_${epoch}/data.pkl`]: Uint8Array.from([0x80, 2, ...whole, 0x2e]),
      ...Object.fromEntries(storages),
      [`epoch_${epoch}/version`]: "3\n"
    },
    "stored"
  )
}
