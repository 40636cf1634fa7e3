import type { Position } from "../fault.ts"

/** The text that the nodes of a tree refer to: a file, or the value of one `--set`. */
export interface Text {
  readonly content: string
  readonly position: (offset: number) => Position
}

/** The text of a file. Offsets are UTF-16 indices; lines and columns count from 1. */
export const fileText = (file: string, content: string): Text => {
  const starts = [0]
  for (let i = content.indexOf("\n"); i >= 0; i = content.indexOf("\n", i + 1)) starts.push(i + 1)
  const position = (offset: number): Position => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - starts[low] + 1 }
  }
  return { content, position }
}

/** The value of a `--set` option: the position of every offset is the option itself. */
export const optionText = (option: string, content: string): Text => ({
  content,
  position: () => ({ file: option, line: 0, column: 0 })
})
