/** Figures of validation, as steps carry them. */
import type { Results, TrainStep } from "../elements.ts"

/** `{ mAP: { hard: 0.4 } }` as `{ "mAP.hard": 0.4 }`; NaN where a figure is undefined. */
export const flatFigures = (results: Results): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(results)
      .flatMap(([name, value]) =>
        typeof value === "object" && value !== null
          ? Object.entries(value).map(([level, figure]) => [`${name}.${level}`, figure] as const)
          : [[name, value] as const]
      )
      .map(([name, figure]) => [name, figure ?? Number.NaN])
  )

/** Figures of a step that are defined: those to be written and drawn. */
export const definedFigures = ({ validation = {} }: TrainStep): ReadonlyArray<readonly [name: string, value: number]> =>
  Object.entries(validation).filter(([, value]) => !Number.isNaN(value))
