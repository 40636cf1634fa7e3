/** Plans a sweep: the plan of every cell, checked before anything runs. */
import { HISTORY } from "../../ops/train/best.ts"
import { allSteps, declaredBy, trainingOf } from "../../pipeline/declared.ts"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { counted, few } from "../../pipeline/words.ts"
import { makePlan, type Plan, showPlan } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import { assignments, type Cell, type Group, gridOf } from "./grid.ts"
import type { SweepFile } from "./sweep-file.ts"

/** A sweep that was read and checked. */
export interface Sweep {
  readonly sweep: SweepFile
  readonly groups: ReadonlyArray<Group>
  readonly plans: ReadonlyMap<Cell, Plan>
  /** Values of `--set` for every cell. */
  readonly set: ReadonlyArray<string>
}

const pipelinesOf = ({ loaded }: Plan): ReadonlyArray<AnyPipeline> => [...loaded.pipelines.values()]

/** @param file relative to the run folder */
const writes = (plan: Plan, file: string): boolean =>
  pipelinesOf(plan)
    .flatMap(allSteps)
    .some((step) => declaredBy(step).writes?.(step.params).includes(file))

/** Whether a stopped cell can continue its training, and says how good each epoch is. */
const canPause = (plan: Plan): boolean =>
  pipelinesOf(plan).some((pipeline) => trainingOf(pipeline) === "resumes") && writes(plan, `checkpoints/${HISTORY}`)

/** @throws RunError if cells are stopped early, but one does not say how good it is */
const checkStop = ({ file, of, stop }: SweepFile, plans: ReadonlyMap<Cell, Plan>): void => {
  if (stop === undefined) return
  for (const [{ name }, plan] of plans) {
    if (canPause(plan)) continue
    throw new RunError({
      subject: `${file}: ${name}`,
      problem: `\`stop\` compares validations, but ${of} has no \`checkpoint\`, \`validate\` and \`best\``,
      remedy: "Add these steps behind `optimise`, or leave `stop` out"
    })
  }
}

/**
 * Makes the plan of every cell, so that a fault is found before anything runs.
 *
 * @throws RunError for cells that could not be compared, ConfigError for a cell with faults
 */
export const planSweep = (sweep: SweepFile, set: ReadonlyArray<string>): Sweep => {
  const groups = gridOf(sweep, set)
  const plans = new Map(
    groups.flatMap(({ cells }) => cells.map((cell) => [cell, makePlan(sweep.of, cell.set)] as const))
  )
  const common = [...set, ...assignments(sweep.set)]
  const names = [...makePlan(sweep.of, common).loaded.pipelines.keys()]
  const unknown = sweep.once.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new RunError({
      subject: `${sweep.file}: sweep.once`,
      problem: `${sweep.of} has no pipeline ${few(unknown)}`,
      remedy: `Choose among ${names.join(", ")}`
    })
  }
  for (const [cell, plan] of plans) {
    if (writes(plan, `${sweep.per_query}.csv`)) continue
    throw new RunError({
      subject: `${sweep.file}: ${cell.name}`,
      problem: `no \`measure\` of ${sweep.of} writes the table ${sweep.per_query}, which the comparison needs`,
      remedy: `Add \`per_query: ${sweep.per_query}\` to the last \`measure\` there, or by \`set\` of the sweep: \`test.measure.per_query: ${sweep.per_query}\``
    })
  }
  checkStop(sweep, plans)
  return { sweep, groups, plans, set: common }
}

/** The grid, and the plan of its first cell. */
export const showSweep = ({ groups, plans, sweep }: Sweep): string => {
  const cells = groups.flatMap((group) => group.cells)
  const rows = groups.map(
    ({ cells: own, name }, i) =>
      `#   ${name}${i === 0 ? " (all others are compared with it)" : ""}: ${counted(own.length, "run")}`
  )
  const head = [
    `# ${sweep.file}: valid, ${counted(cells.length, "cell")} of ${sweep.of} in ${counted(groups.length, "group")}`,
    ...rows,
    ...(sweep.stop === undefined
      ? []
      : [`# after epochs ${sweep.stop.after.join(", ")}, ${sweep.stop.keep} of the groups continue`]),
    ...(sweep.once.length === 0 ? [] : [`# once, before all cells: ${sweep.once.join(", ")}`]),
    `# The first cell, ${cells[0].name}:`
  ]
  return `${head.join("\n")}\n${showPlan(plans.get(cells[0]) as Plan)}`
}
