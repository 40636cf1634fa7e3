import { explained } from "../../pipeline/explained.ts"

/** The engine that was asked for cannot be had, or not with these settings. */
export class EngineError extends explained("EngineError") {}

/** The engine's memory is full. */
export class EngineMemoryError extends explained("EngineMemoryError") {}
