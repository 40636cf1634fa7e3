/** A field of a CSV file (RFC 4180): in quotes where it holds commas, quotes or line breaks. */
export const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
