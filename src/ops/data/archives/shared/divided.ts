import type { Split } from "../../../elements.ts"

/** Splits told by the folder that an image stands in. */
export const dividedBy =
  (folders: Readonly<Partial<Record<Split, string>>>) =>
  (file: string): Split | undefined => {
    const top = file.slice(0, file.indexOf("/"))
    return (["train", "val", "test"] as const).find((split) => folders[split] === top)
  }
