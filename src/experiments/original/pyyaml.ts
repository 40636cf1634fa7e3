/**
 * Reads values as PyYAML does. PyYAML follows YAML 1.1, which differs from YAML 1.2 in the types of text without quotes:
 * `yes` and `on` are true, `1_000` and `0x1F` are integers, and `1e-4` is text, because a number with an exponent needs a
 * point and a sign (resolver of PyYAML 6).
 */
import { entriesOf, type Node, type Scalar } from "../../pipeline/yaml/tree.ts"

const TRUE = /^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(no|No|NO|false|False|FALSE|off|Off|OFF)$/
const NULL = /^(~|null|Null|NULL|)$/
const WHOLE = /^[-+]?(0|[1-9][0-9_]*)$/
const OCTAL = /^[-+]?0[0-7_]+$/
const BASED = /^[-+]?0(b[01_]+|x[0-9a-fA-F_]+)$/
const POINT = /^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)$/
const SIXTIES = /^[-+]?([1-9][0-9_]*(:[0-5]?[0-9])+|[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*)$/
const INFINITE = /^[-+]?\.(inf|Inf|INF)$/
const NAN = /^\.(nan|NaN|NAN)$/

const signed = (text: string, value: (digits: string) => number): number =>
  text.startsWith("-") ? -value(text.slice(1)) : value(text.replace(/^\+/, ""))

/** Returns the value of text without quotes. */
export const pyScalar = (written: string): string | number | boolean | null => {
  const bare = written.replaceAll("_", "")
  if (TRUE.test(written)) return true
  if (FALSE.test(written)) return false
  if (NULL.test(written)) return null
  if (WHOLE.test(written) || POINT.test(written)) return Number(bare)
  if (OCTAL.test(written)) return signed(bare, (digits) => Number.parseInt(digits, 8))
  if (BASED.test(written)) return signed(bare, Number)
  if (SIXTIES.test(written)) {
    return signed(bare, (digits) => digits.split(":").reduce((sum, part) => 60 * sum + Number(part), 0))
  }
  if (INFINITE.test(written)) return signed(written, () => Number.POSITIVE_INFINITY)
  return NAN.test(written) ? Number.NaN : written
}

const scalarOf = ({ plain, value, written }: Scalar) => (plain ? pyScalar(written) : value)

/** Returns the value of a node. Keys without a value are left out. */
export const pyValue = ({ content }: Node): unknown => {
  if (content.kind === "scalar") return scalarOf(content)
  if (content.kind === "sequence") return content.items.map(({ node }) => pyValue(node))
  return Object.fromEntries(
    entriesOf(content)
      .map(({ key, node }) => [key, pyValue(node)] as const)
      .filter(([, value]) => value !== null)
  )
}
