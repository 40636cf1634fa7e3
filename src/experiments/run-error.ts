import { explained } from "../pipeline/explained.ts"

/** A run that cannot begin, or go on, in its folder. */
export class RunError extends explained("RunError") {}
