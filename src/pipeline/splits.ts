/**
 * How an operator splits into ranges, as its definition says it. A pipeline is cut into segments: a segment begins at an
 * operator with `ranges`, passes operators that treat each element alone, and ends at one with `parts`. Each range of a
 * segment can be made on its own, by any process; the parts, read in the order of their ranges, continue the pipeline.
 */
import { Effect, type Scope, Stream } from "effect"
import type { Self } from "./step.ts"

/** Takes whatever a step gathers in a range beside its elements. */
export interface Beside<Kept = unknown> {
  /** Counts something. */
  readonly add: (what: string, amount: number) => void
  /** Keeps a value: JSON data. */
  readonly put: (value: Kept) => void
  /** Has the range made again by the next run, because something in it must be repaired first. */
  readonly again: () => void
}

/** Items of an operator: from (inclusive) to (exclusive). */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Items that an operator makes range by range. It is opened once; whatever it opened serves all of its ranges. */
export interface Items<Out, E, R> {
  readonly count: number
  /** Items per range, unless the settings of the run say otherwise. */
  readonly size: number
  /** Ranges begin at multiples of it; 1 by default. */
  readonly multiple?: number
  /** Makes the elements of one range. Ranges may be made in any order. */
  readonly make: (range: Range, beside: Beside) => Stream.Stream<Out, E, R>
  /** Called once, after the last range, with the sums of all counts and, in the order of ranges, everything put aside. */
  readonly end?: (sums: ReadonlyMap<string, number>, put: ReadonlyArray<unknown>) => Effect.Effect<void, E, R>
}

/** The opening of an operator that splits: of a source, or of an operator that first gathers its input. */
export type Ranged<P, In, Out, E, R> = (
  params: P,
  self: Self
) => (input: Stream.Stream<In>) => Effect.Effect<Items<Out, E, R>, E, R | Scope.Scope>

/**
 * The end of a segment. `Part` is plain data: typed arrays, numbers, texts, lists and mappings of them.
 */
export interface Parts<P, In, Part, Out, E, R> {
  /** Parts of another version are made again. Raise it if the form or the content of parts changes. */
  readonly version: number
  /** Parameters with everything resolved that another process would resolve otherwise, and the files that they name. */
  readonly settle?: (params: P) => Effect.Effect<{ readonly params: P; readonly files: ReadonlyArray<string> }, E, R>
  /** Makes the part of one range; by default the operator's own stream. */
  readonly make?: (params: P, self: Self, beside: Beside) => (input: Stream.Stream<In>) => Stream.Stream<Part, E, R>
  /**
   * Continues with the parts of all ranges, in their order; by default parts are the operator's elements.
   *
   * @param put gives everything that `make` put aside, in the order of ranges; complete once the parts have ended
   * @param refuse with `saves`: says that the result does not hold the last value, so that the next run makes its range again
   */
  readonly merge?: (
    params: P,
    self: Self,
    put: () => ReadonlyArray<unknown>,
    refuse: () => void
  ) => (parts: Stream.Stream<Part>) => Stream.Stream<Out, E, R>
  /**
   * For an operator whose merge saves each value before it takes the next one, so that a part need not be kept: whether the
   * result of an earlier run still holds a part, by the values that were put aside.
   */
  readonly saves?: (params: P) => Effect.Effect<(put: ReadonlyArray<unknown>) => boolean, E, R | Scope.Scope>
}

/**
 * A step that treats each element alone, but gathers something of all elements, such as pictures to draw at the end. `open`
 * is called first, once for all ranges, and its result after the last one, with everything put aside in the order of ranges.
 */
export interface Aside<P, In, Out, Kept, E, R> {
  readonly make: (params: P, self: Self, beside: Beside<Kept>) => (input: Stream.Stream<In>) => Stream.Stream<Out, E, R>
  readonly open: (
    params: P,
    self: Self
  ) => Effect.Effect<(put: ReadonlyArray<Kept>) => Effect.Effect<void, E, R>, E, R | Scope.Scope>
}

/** What a definition may say about splitting. Whatever says nothing runs in one piece. */
export interface Splits<P, In, Out, E, R> {
  /** Whether it makes the same of each element wherever a stream is cut: it keeps nothing between elements that shows. */
  readonly each?: true | ((params: P) => boolean)
  /** Number of elements that it brings together: ranges are multiples of it, so that a cut divides no group. */
  readonly together?: (params: P) => number
  readonly ranges?: Ranged<P, In, Out, E, R>
  // biome-ignore lint/suspicious/noExplicitAny: what its parts hold concerns nobody else
  readonly parts?: Parts<P, In, any, Out, E, R>
  // biome-ignore lint/suspicious/noExplicitAny: what it puts aside concerns nobody else
  readonly aside?: Aside<P, In, Out, any, E, R>
}

// biome-ignore lint/suspicious/noExplicitAny: the errors and services of any operators
export type AnyStream<A = any> = Stream.Stream<A, any, any>
// biome-ignore lint/suspicious/noExplicitAny: the errors and services of any operators
export type AnyEffect<A> = Effect.Effect<A, any, any>
// biome-ignore lint/suspicious/noExplicitAny: the items of any operator
export type AnyItems = Items<any, any, any>

/** How any operator splits, as the interpreter sees it. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters of any operator
export interface AnySplits<P = any> {
  readonly each?: true | ((params: P) => boolean)
  readonly together?: (params: P) => number
  readonly ranges?: (params: P, self: Self) => (input: AnyStream) => Effect.Effect<AnyItems, unknown, unknown>
  readonly parts?: {
    readonly version: number
    readonly settle?: (
      params: P
    ) => Effect.Effect<{ readonly params: P; readonly files: ReadonlyArray<string> }, unknown, unknown>
    readonly make?: (params: P, self: Self, beside: Beside) => (input: AnyStream) => AnyStream
    readonly merge?: (
      params: P,
      self: Self,
      put: () => ReadonlyArray<unknown>,
      refuse: () => void
    ) => (parts: AnyStream) => AnyStream
    readonly saves?: (params: P) => Effect.Effect<(put: ReadonlyArray<unknown>) => boolean, unknown, unknown>
  }
  readonly aside?: {
    readonly make: (params: P, self: Self, beside: Beside) => (input: AnyStream) => AnyStream
    readonly open: (
      params: P,
      self: Self
    ) => Effect.Effect<(put: ReadonlyArray<unknown>) => Effect.Effect<void, unknown, unknown>, unknown, unknown>
  }
}

/**
 * Cuts `count` items into ranges. The cut depends on its arguments alone, never on who works on the ranges.
 *
 * @param size items per range; rounded up to a multiple of `multiple`
 *
 * @example
 * cut(10, 4, 1) // => [{ from: 0, to: 4 }, { from: 4, to: 8 }, { from: 8, to: 10 }]
 * cut(10, 4, 3) // => [{ from: 0, to: 6 }, { from: 6, to: 10 }]
 * cut(0, 4, 1) // => [{ from: 0, to: 0 }]
 */
export const cut = (count: number, size: number, multiple = 1): ReadonlyArray<Range> => {
  const step = multiple * Math.max(1, Math.ceil(size / multiple))
  return Array.from({ length: Math.max(1, Math.ceil(count / step)) }, (_, i) => ({
    from: i * step,
    to: Math.min(count, (i + 1) * step)
  }))
}

/** Sums by name. */
export class Sums {
  readonly all = new Map<string, number>()
  readonly add = (what: string, amount: number): void => void this.all.set(what, (this.all.get(what) ?? 0) + amount)
}

/** Sums and values of a step that runs in one piece. */
class InOnePiece<Kept> extends Sums implements Beside<Kept> {
  readonly kept: Array<Kept> = []
  readonly put = (value: Kept): void => void this.kept.push(value)
  readonly again = (): void => {}
}

const followedBy = <A, E, R, E2, R2>(stream: Stream.Stream<A, E, R>, end: () => Effect.Effect<void, E2, R2>) =>
  Stream.concat(stream, Stream.drain(Stream.fromEffect(Effect.suspend(end))))

/** The operator's stream in one piece, made by the same opening as its ranges. */
export const inOnePiece = <Out, E, R>({ count, end, make }: Items<Out, E, R>): Stream.Stream<Out, E, R> => {
  const beside = new InOnePiece<unknown>()
  const all = make({ from: 0, to: count }, beside)
  return end === undefined ? all : followedBy(all, () => end(beside.all, beside.kept))
}

/** The `run` of an operator that splits: all of its items as one range. */
export const whole =
  <P, In, Out, E, R, E2, R2>(
    ranged: (params: P, self: Self) => (input: Stream.Stream<In>) => Effect.Effect<Items<Out, E, R>, E2, R2>
  ) =>
  (params: P, self: Self) =>
  (input: Stream.Stream<In>) =>
    Stream.unwrap(Effect.map(ranged(params, self)(input), inOnePiece))

/** The `run` of an operator that puts something aside. */
export const withAside =
  <P, In, Out, Kept, E, R>({ make, open }: Aside<P, In, Out, Kept, E, R>) =>
  (params: P, self: Self) =>
  (input: Stream.Stream<In>): Stream.Stream<Out, E, R> =>
    Stream.unwrap(
      Effect.map(open(params, self), (end) => {
        const beside = new InOnePiece<Kept>()
        return followedBy(make(params, self, beside)(input), () => end(beside.kept))
      })
    ) as Stream.Stream<Out, E, R>

/** The elements of an operator whose parts are other values, from its stream in one piece: one part, merged. */
export const merged =
  <P, In, Part, Out, E, R>({ make, merge }: Required<Pick<Parts<P, In, Part, Out, E, R>, "make" | "merge">>) =>
  (params: P, self: Self) =>
  <E0, R0>(input: Stream.Stream<In, E0, R0>): Stream.Stream<Out, E | E0, R | R0> =>
    Stream.suspend(() => {
      const beside = new InOnePiece<unknown>()
      // Its types do not say that the errors of the input pass through.
      const parts = make(params, self, beside)(input as Stream.Stream<In>)
      return merge(
        params,
        self,
        () => beside.kept,
        () => {}
      )(parts as Stream.Stream<Part>)
    })
