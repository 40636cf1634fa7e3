import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { type AnyElement, element } from "../../../pipeline/element.ts"
import { source } from "../../../pipeline/operator.ts"
import { choice, Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { DataError } from "../../formats/data-error.ts"
import { describeSafetensors } from "../../formats/safetensors/read.ts"
import { Run } from "../../run.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { decodePatchOf, openAll } from "./every-patch.ts"
import { countForms, type Expected, type Form, strangeForms } from "./forms.ts"

/** The contents of a store. */
export interface Verified extends AnyElement {
  readonly kind: "verified store"
  readonly path: string
  /** LMDB's data version. */
  readonly version: 1 | 2
  readonly patches: number
  /** Of all values. */
  readonly bytes: number
  /** Patches whose labels are in the store. */
  readonly labelled: number
  readonly forms: ReadonlyArray<Form>
}
export const Verified = element<Verified>(
  "verified store",
  "verified stores",
  "how many patches a store holds, with which bands, dtypes and sizes"
)

const describeForm = ({ bands, examples, patches }: Form): string =>
  `${patches} ${patches === 1 ? "patch has" : "patches have"} ${bands.join(", ")} (${examples.join(", ")}${patches > examples.length ? ", ..." : ""})`

const strange = (path: string, forms: ReadonlyArray<Form>, expected: Expected): DataError =>
  new DataError({
    subject: path,
    problem: `${expected === "same" ? "holds patches that differ from the others" : "holds patches that differ from BigEarthNet's"}: ${forms.slice(0, 3).map(describeForm).join("; ")}`,
    remedy: "Store them again, or set `expect: any` if patches may differ"
  })

/**
 * Reads a whole store (every page of its tree, every key, every value's header) and checks that patches have the expected
 * bands, dtypes and sizes.
 */
export const verify = source({
  name: "verify",
  about: "Reads every patch of a store and checks that it has the expected bands, dtypes and sizes.",
  to: Verified,
  params: {
    from: param(Name, "The store, of either version; under `root_dir` unless it is absolute.", "patches.lmdb"),
    expect: param(
      choice("same", "bigearthnet", "any"),
      "The expected form of patches: the `same` as most of them, that of `bigearthnet`, or `any`.",
      "same"
    ),
    concurrency: param(PositiveInt, "Patches read at a time.", 4),
    on_bad_patch: onBadPatch
  },
  run: ({ from, expect, concurrency, on_bad_patch }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { root } = yield* Run
        const path = resolve(root, from)
        const { names, store } = yield* openAll(path)
        const forms = countForms()
        let patches = 0
        let bytes = 0
        let labelled = 0
        const check = (name: string) =>
          decodePatchOf(store, name, (value) => ({
            name,
            size: value.length,
            description: describeSafetensors(value, name)
          }))
        const count = ({ description, name, size }: Effect.Success<ReturnType<typeof check>>) =>
          Effect.sync(() => {
            forms.add(name, description)
            patches++
            bytes += size
            if (Object.keys(description.metadata).some((key) => key.startsWith("labels"))) labelled++
          })
        self.expect(1)
        const all = names.pipe(
          mapGood("verify", on_bad_patch, concurrency, (name: string) => name, check),
          Stream.runForEach(count)
        )
        const summary = Effect.suspend(() => {
          const list = forms.list()
          const wrong = strangeForms(list, expect)
          if (wrong.length > 0) return Effect.fail(strange(path, wrong, expect))
          return Effect.succeed<Verified>({
            kind: "verified store",
            path,
            version: store.version,
            patches,
            bytes,
            labelled,
            forms: list
          })
        })
        return Stream.fromEffect(Effect.andThen(all, summary))
      })
    )
})
