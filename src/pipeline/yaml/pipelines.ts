/** The section `pipelines`: named lists of steps, which may name each other in parameters. */
import type { AnyElement, Element } from "../element.ts"
import { misfit } from "../operator.ts"
import type { AnyOperator } from "../origin.ts"
import { type AnyPipeline, isPipeline, makePipeline } from "../pipeline.ts"
import type { Step } from "../step.ts"
import { grouped, shown, suggestion } from "../words.ts"
import type { Faults } from "./faults.ts"
import { type Inherited, readStep, writtenStep } from "./step.ts"
import { type Entry, entriesOf, find, type Node, plainValue, type Slot } from "./tree.ts"

export interface ReadPipelines {
  /** In the order written. */
  readonly pipelines: ReadonlyMap<string, AnyPipeline>
  /** Those that a parameter of another one names. */
  readonly inner: ReadonlySet<string>
}

/** Pipelines that run each other, deeper than this. */
const DEEPEST = 50

/** Steps of a pipeline together with those of the pipelines that it runs. */
const MOST_STEPS = 100_000

class Reader {
  readonly inner = new Set<string>()
  /** Steps of the pipelines that are read, those of inner ones counted each time. */
  private readonly sizes = new WeakMap<AnyPipeline, number>()
  private readonly known = new Map<string, AnyPipeline | undefined>()
  /** Pipelines being read, outermost first: a name among them is a pipeline that runs itself. */
  private readonly open: Array<string> = []
  private readonly entries: ReadonlyMap<string, Entry>
  private readonly operators: ReadonlyMap<string, AnyOperator>
  private readonly faults: Faults
  private readonly inherited: Inherited

  constructor(
    entries: ReadonlyArray<Entry>,
    operators: ReadonlyMap<string, AnyOperator>,
    faults: Faults,
    inherited: Inherited
  ) {
    this.entries = new Map(entries.map((entry) => [entry.key, entry]))
    this.operators = operators
    this.faults = faults
    this.inherited = inherited
  }

  /** A pipeline by its name, read once; `undefined` where it is at fault. */
  pipeline({ key, node }: Entry): AnyPipeline | undefined {
    if (!this.known.has(key)) {
      this.open.push(key)
      this.known.set(key, this.read(node, ["pipelines", key]))
      this.open.pop()
    }
    return this.known.get(key)
  }

  private read(node: Node, path: ReadonlyArray<string>): AnyPipeline | undefined {
    const { content } = node
    if (content.kind !== "sequence" || content.items.length === 0) {
      const found = content.kind === "sequence" ? "an empty one" : shown(plainValue(node))
      this.faults.at(node, path, `expected a list of steps, found ${found}`)
      return undefined
    }
    const before = this.faults.all.length
    const { faults, inherited, named, operators } = this
    const context = { faults, inherited, named, operators }
    const steps = content.items.map((item) => readStep(item.node, path, context))
    this.neighbours(content.items, path)
    const whole = steps.filter((step): step is Step => step !== undefined)
    const size = this.sizeOf(whole)
    if (size > MOST_STEPS) {
      this.faults.at(
        node,
        path,
        `has more than ${grouped(MOST_STEPS)} steps, those of the pipelines that it runs included`
      )
    }
    if (this.faults.all.length > before) return undefined
    const pipeline = makePipeline(whole)
    this.sizes.set(pipeline, size)
    return pipeline
  }

  /** Number of steps, those of inner pipelines counted each time: ten pipelines that run the next one ten times explode. */
  private sizeOf(steps: ReadonlyArray<Step>): number {
    const inner = steps.flatMap(({ params }) => Object.values(params).filter(isPipeline))
    return inner.reduce((sum, one) => sum + (this.sizes.get(one) ?? 0), steps.length)
  }

  /** Only neighbours that are both known are compared: one unknown operator is one fault. */
  private neighbours(items: ReadonlyArray<Slot>, path: ReadonlyArray<string>): void {
    const operators = items.map(({ node }) => this.operators.get(writtenStep(node)?.name ?? ""))
    let given: Element<AnyElement> | undefined
    operators.forEach((operator, i) => {
      const before = i === 0 ? undefined : operators[i - 1]
      if (operator === undefined) {
        given = undefined
        return
      }
      const problem = i === 0 || given !== undefined ? misfit(given, operator, before?.name) : undefined
      if (problem !== undefined) this.faults.at(items[i].node, [...path, operator.name], problem)
      if (operator.to !== "any") given = operator.to
    })
  }

  private readonly named = (value: Node, path: ReadonlyArray<string>): AnyPipeline | undefined => {
    const name = value.content.kind === "scalar" ? value.content.written : ""
    const entry = this.entries.get(name)
    if (entry === undefined) {
      const found = `${shown(plainValue(value))}${suggestion(name, this.entries.keys())}`
      this.faults.at(value, path, `expected the name of a pipeline of this file, found ${found}`)
      return undefined
    }
    if (this.open.includes(name)) {
      this.faults.at(value, path, `pipeline \`${name}\` runs itself: ${[...this.open, name].join(" > ")}`)
      return undefined
    }
    if (this.open.length > DEEPEST) {
      this.faults.at(value, path, `pipelines run each other more than ${DEEPEST} levels deep`)
      return undefined
    }
    this.inner.add(name)
    return this.pipeline(entry)
  }
}

const NAME = /^[\p{L}\p{N}_-]+$/u

export const readPipelines = (
  root: Node,
  operators: ReadonlyArray<AnyOperator>,
  faults: Faults,
  inherited: Inherited
): ReadPipelines => {
  const nothing = { pipelines: new Map(), inner: new Set<string>() }
  if (root.content.kind !== "mapping") return nothing
  const section = find(root, ["pipelines"])
  if (section === undefined) {
    faults.at(root, [], "`pipelines` is missing: it holds what is to run")
    return nothing
  }
  const { content } = section.node
  const entries = content.kind === "mapping" ? entriesOf(content) : []
  if (entries.length === 0) {
    const found = shown(plainValue(section.node))
    faults.at(section.node, ["pipelines"], `expected a mapping from names to lists of steps, found ${found}`)
    return nothing
  }
  const byName = new Map(operators.map((operator) => [operator.name, operator]))
  const reader = new Reader(entries, byName, faults, inherited)
  const pipelines = new Map<string, AnyPipeline>()
  for (const entry of entries) {
    if (!NAME.test(entry.key)) {
      const problem =
        "a pipeline's name has letters, digits, `-` and `_` alone, so that `--set` and records can name it"
      faults.all.push({ at: entry.at, path: `pipelines.${entry.key}`, problem })
    }
    const pipeline = reader.pipeline(entry)
    if (pipeline !== undefined) pipelines.set(entry.key, pipeline)
  }
  return { pipelines, inner: reader.inner }
}
