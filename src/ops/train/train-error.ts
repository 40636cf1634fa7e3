import { explained } from "../../pipeline/explained.ts"

/** Training cannot go on. */
export class TrainError extends explained("TrainError") {}
