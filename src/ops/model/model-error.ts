import { explained } from "../../pipeline/explained.ts"

/** A file of weights cannot be used for a network, or cannot be written. */
export class WeightsError extends explained("WeightsError") {}

/** A checkpoint cannot be written, found or read. */
export class CheckpointError extends explained("CheckpointError") {}
