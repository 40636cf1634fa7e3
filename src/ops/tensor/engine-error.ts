import { explained } from "../../pipeline/explained.ts"

/** The engine that was asked for cannot be had, or not with these settings. */
export class EngineError extends explained("EngineError") {}

/** The engine's memory is full. */
export class EngineMemoryError extends explained("EngineMemoryError") {}

/** A batch norm in training has one value of each channel, which has no variance; PyTorch refuses it, too. */
export class SingleValueError extends explained("SingleValueError") {}
