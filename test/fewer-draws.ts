/** For mutation testing: fewer drawn cases of each property, and always the same. */
import fc from "fast-check"

fc.configureGlobal({ numRuns: 25, seed: 1 })
