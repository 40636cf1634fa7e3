/** Learning rates and freezing by parts of a network: the parameters `rates` and `freeze` of `optimise`. */
import { Schema } from "effect"
import type { Misfit } from "../../pipeline/check.ts"
import { listOf, Name, NonNegative, optional } from "../../pipeline/param.ts"
import { quoted, suggestion } from "../../pipeline/words.ts"
import type { Parameter } from "../model/layers/layer.ts"
import type { Model } from "../model/model.ts"
import { frozen, type NamedPart, partNames, partsOf, selects } from "../model/stage-names.ts"

/** Which parts are trained, and how fast. */
export interface PartParams {
  readonly rates: Readonly<Record<string, number>> | undefined
  readonly freeze: ReadonlyArray<string> | undefined
}

export const partParams = {
  rates: optional(
    Schema.Record(Schema.String, NonNegative).annotate({ expected: "a mapping of parts to numbers of at least 0" }),
    "Factor of the learning rate for each part of the network, such as `{ backbone: 0.1 }`. Parts are `backbone`, `stem`, `stage1`, ..., `attention` and `head`. Parts that are not listed have the factor 1."
  ),
  freeze: optional(
    listOf(Name),
    "Parts that are not trained, from the first on (`stem`, `stage1`, ... or `backbone`); their batch norms use the running statistics."
  )
}

/** A network with its frozen parts, and the factor of each weight's learning rate. */
export interface Parted {
  readonly model: Model
  /** Arrays that change: the arrays of all parts that are not frozen. */
  readonly parameters: ReadonlyArray<Parameter>
  readonly factor: (name: string) => number
}

const isFrozen = (freeze: PartParams["freeze"], { name }: NamedPart): boolean =>
  freeze?.some((one) => selects(one, name)) ?? false

/** The factor of a part: by its own name, else by `backbone`, else 1. */
const factorOf = (rates: PartParams["rates"] = {}, { name }: NamedPart): number =>
  rates[name] ?? (selects("backbone", name) ? rates.backbone : undefined) ?? 1

/** Applies `rates` and `freeze` to a network. */
export const parted = (model: Model, { freeze, rates }: PartParams): Parted => {
  const parts = partsOf(model)
  const still = parts.filter((part) => isFrozen(freeze, part))
  const names = new Set(still.flatMap(({ parameters }) => parameters))
  const factors = new Map(
    parts.flatMap((part) => part.parameters.map((name) => [name, factorOf(rates, part)] as const))
  )
  return {
    model: still.length === 0 ? model : frozen(model, still.length),
    parameters: model.parameters.filter(({ name }) => !names.has(name)),
    factor: (name) => factors.get(name) ?? 1
  }
}

/** Faults of rates that apply only to frozen parts, which no rate changes. */
const idleRates = (parts: ReadonlyArray<NamedPart>, { freeze, rates = {} }: PartParams): ReadonlyArray<Misfit> =>
  Object.keys(rates)
    .filter((one) => parts.filter(({ name }) => selects(one, name)).every((part) => isFrozen(freeze, part)))
    .map((one) => ({
      path: ["rates", one],
      key: true,
      problem: `has no effect, because \`freeze\` keeps \`${one}\` unchanged; omit this rate, or do not freeze the part`
    }))

/**
 * Faults of `rates` and `freeze`: unknown names, rates of frozen parts, a frozen part after one that is trained, and nothing
 * left to train.
 *
 * @param labelled whether a loss on logits trains the classifier
 */
export const partFaults = (model: Model, params: PartParams, labelled: boolean): ReadonlyArray<Misfit> => {
  const { freeze = [], rates = {} } = params
  const parts = partsOf(model)
  const known = partNames(parts)
  const unknown = (path: ReadonlyArray<string>, name: string, key: boolean): ReadonlyArray<Misfit> =>
    known.includes(name)
      ? []
      : [
          {
            path,
            key,
            problem: `the network has no part "${name}"${suggestion(name, known)}; it has ${quoted(known)}`
          }
        ]
  const wrong = [
    ...Object.keys(rates).flatMap((name) => unknown(["rates", name], name, true)),
    ...freeze.flatMap((name, i) => unknown(["freeze", String(i)], name, false))
  ]
  if (wrong.length > 0) return wrong
  const last = parts.findLastIndex((part) => isFrozen(freeze, part))
  const skipped = parts.slice(0, last + 1).filter((part) => !isFrozen(freeze, part))
  const fault = (problem: string): ReadonlyArray<Misfit> => [{ path: ["freeze"], key: false, problem }]
  if (skipped.length > 0) {
    return fault(
      `freezes \`${parts[last].name}\`, but not ${quoted(skipped.map(({ name }) => name))} before it; freeze these, too`
    )
  }
  const left = parted(model, params).parameters.filter(
    ({ name, role }) => role === "weight" && (labelled || !name.startsWith("head.head."))
  )
  return left.length > 0
    ? idleRates(parts, params)
    : fault("leaves nothing to train; freeze fewer parts, or set `embedding_dim` of the model")
}
