import { explained } from "../../pipeline/explained.ts"

/** The engine cannot be used on this machine, or not with these settings. */
export class EngineError extends explained("EngineError") {}

/** The engine's memory is full. */
export class EngineMemoryError extends explained("EngineMemoryError") {}

/** A batch norm in training got one value per channel, which has no variance; PyTorch refuses that as well. */
export class SingleValueError extends explained("SingleValueError") {}
