import type { Clock } from "effect"

/**
 * Seconds on a clock that only runs forward: setting the time of the system does not change it. Only differences have a
 * meaning.
 */
export const secondsOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e9
