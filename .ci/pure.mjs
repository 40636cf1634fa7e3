/** Functions whose calls have no effect. Bundlers may then drop definitions that a program does not use. */
const PURE = [
  ...["defineMetric", "defineLoss", "defineRelation", "relationParam"],
  ...["positive", "probability", "flag", "count", "oneOf"]
]

/** A call that makes a constant, or a property within another definition. */
const CALLS = new RegExp(`(^(?:export )?const \\w+ = |^.*\\b\\w+: )(${PURE.join("|")})\\(`, "gm")

/** Marks such calls in JavaScript, in the form that esbuild, Rollup and webpack read. */
export const annotated = (text) => text.replace(CALLS, "$1/* @__PURE__ */ $2(")
