import { Effect, Option, type Scope, Sink, Stream } from "effect"

/** The first element of a stream, and a stream of all elements: for an operator that needs one element before it can begin. */
export const peeked = <A, E, R>(
  stream: Stream.Stream<A, E, R>
): Effect.Effect<{ readonly first: A | undefined; readonly all: Stream.Stream<A, E> }, E, R | Scope.Scope> =>
  Effect.map(Stream.peel(stream, Sink.head<A>()), ([head, rest]) => ({
    first: Option.getOrUndefined(head),
    all: Option.isNone(head) ? Stream.empty : Stream.concat(Stream.succeed(head.value), rest)
  }))
