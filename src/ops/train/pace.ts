/** The note of a training that runs: its loss and its pace. */
import type { TrainStep } from "../elements.ts"

/** Weight of earlier batches in the pace: about the last 20 count. */
const MEMORY = 0.95

/** Measures images per second over the last batches. */
export const paceOf = () => {
  let [images, seconds] = [0, 0]
  return {
    add: (some: number, took: number): void => {
      images = MEMORY * images + some
      seconds = MEMORY * seconds + took
    },
    words: (): string => {
      const pace = images / Math.max(seconds, 1e-3)
      return `${pace < 10 ? pace.toFixed(1) : Math.round(pace)} images/s`
    }
  }
}

/** Words such as `loss 0.5312`, with both parts if there are two. */
export const wordsOf = ({ idLoss, loss, metricLoss }: TrainStep): string => {
  const both = idLoss !== 0 && metricLoss !== 0
  return `loss ${loss.toFixed(4)}${both ? ` (id ${idLoss.toFixed(4)}, metric ${metricLoss.toFixed(4)})` : ""}`
}
