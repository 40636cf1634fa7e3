import { explained } from "../../pipeline/explained.ts"

/** Figures cannot be computed from the given rankings or tables. */
export class MeasureError extends explained("MeasureError") {}
