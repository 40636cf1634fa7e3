/** Notes about files that were read although something in them was unusual. */
import { Effect, Stream } from "effect"
import { few } from "../../../pipeline/words.ts"
import { Run } from "../../run.ts"

/** Receives a note. */
export type Note = (text: string) => void

/** Drops notes: for steps that read files again, whose notes an earlier step has printed. */
export const unnoted: Note = () => undefined

/** Collects notes while patches are read, and prints them in one line at the end. */
export interface Noted {
  readonly note: Note
  /** The same elements; after the last one, the notes are printed. */
  readonly saidAfter: <A, E, R>(elements: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
}

/** Prints notes in one line, if there are any. */
export const sayNotes = (operator: string, notes: ReadonlyArray<string>): Effect.Effect<void, never, Run> =>
  Effect.flatMap(Run, ({ say }) => (notes.length === 0 ? Effect.void : say(`${operator}: ${few(notes)}`)))

/** @param operator its name, which begins the line */
export const noted = (operator: string): Effect.Effect<Noted, never, Run> =>
  Effect.map(Run, (run) => {
    const notes: Array<string> = []
    const sayAll = Effect.suspend(() => Effect.provideService(sayNotes(operator, notes), Run, run))
    return {
      note: (text) => void notes.push(text),
      saidAfter: (elements) => Stream.concat(elements, Stream.drain(Stream.fromEffect(sayAll)))
    }
  })
