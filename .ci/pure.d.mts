export const annotated: (text: string) => string
