/** Values derived from a gallery. All blocks of one ranking share one gallery. */
import type { Gallery } from "../elements.ts"

/** A function of galleries that runs once for consecutive blocks of the same gallery. */
export const perGallery = <A>(make: (gallery: Gallery) => A): ((gallery: Gallery) => A) => {
  let known: { readonly gallery: Gallery; readonly made: A } | undefined
  return (gallery) => {
    if (known?.gallery !== gallery) known = { gallery, made: make(gallery) }
    return known.made
  }
}

/**
 * A function that adds a note to galleries. Blocks that shared a gallery share the new one.
 *
 * @param more other fields to set
 */
export const noting = (note: string, more: Partial<Gallery> = {}): ((gallery: Gallery) => Gallery) =>
  perGallery((gallery) => ({ ...gallery, ...more, notes: [...(gallery.notes ?? []), note] }))
