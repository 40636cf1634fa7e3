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

/** The pipelines of a file. */
export interface ReadPipelines {
  /** In the order of the file. */
  readonly pipelines: ReadonlyMap<string, AnyPipeline>
  /** Names of the pipelines that a parameter of another one refers to. */
  readonly inner: ReadonlySet<string>
}

/** Greatest depth of pipelines that run each other. */
const DEEPEST = 50

/** Greatest number of steps of a pipeline, including the steps of the pipelines that it runs. */
const MOST_STEPS = 100_000

class Reader {
  readonly inner = new Set<string>()
  /** Number of steps of each pipeline, with the steps of inner pipelines counted at each use. */
  private readonly sizes = new WeakMap<AnyPipeline, number>()
  private readonly known = new Map<string, AnyPipeline | undefined>()
  /** Names of the pipelines that are being read, outermost first: a reference to one of them is a circle. */
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

  /** The pipeline of an entry, which is read once; `undefined` after reporting its faults. */
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

  /** Number of steps, with inner pipelines counted at each use: pipelines that each run the next one twice explode. */
  private sizeOf(steps: ReadonlyArray<Step>): number {
    const inner = steps.flatMap(({ params }) => Object.values(params).filter(isPipeline))
    return inner.reduce((sum, one) => sum + (this.sizes.get(one) ?? 0), steps.length)
  }

  /** Checks that neighbours fit. Only known operators are compared, so that one unknown operator is one fault. */
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

/** Reads the section `pipelines`. Faults are added to `faults`. */
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
    faults.at(root, [], "`pipelines` is missing: the section that lists what to run")
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
      const problem = "expected a name of letters, digits, `-` and `_`, so that `--set` and records can refer to it"
      faults.all.push({ at: entry.at, path: `pipelines.${entry.key}`, problem })
    }
    const pipeline = reader.pipeline(entry)
    if (pipeline !== undefined) pipelines.set(entry.key, pipeline)
  }
  return { pipelines, inner: reader.inner }
}
