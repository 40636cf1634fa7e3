export const entries: ReadonlyArray<string>
export const report: (name: string, dist: string, write: boolean) => ReadonlyArray<string>
