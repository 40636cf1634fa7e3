import { explained } from "../../pipeline/explained.ts"

/** Figures that cannot be computed from what was given. */
export class MeasureError extends explained("MeasureError") {}
