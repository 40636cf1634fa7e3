/** Notes of a re-ranking on the gallery that all blocks share. */
import type { Gallery } from "../../elements.ts"

/**
 * Adds a note to galleries; blocks of one gallery get one gallery again.
 *
 * @param more what else the re-ranking changes
 */
export const noting = (note: string, more: Partial<Gallery> = {}): ((gallery: Gallery) => Gallery) => {
  let known: { readonly before: Gallery; readonly after: Gallery } | undefined
  return (gallery) => {
    if (known?.before !== gallery) {
      known = { before: gallery, after: { ...gallery, ...more, notes: [...(gallery.notes ?? []), note] } }
    }
    return known.after
  }
}
