/** Galleries, which all blocks of one ranking share. */
import type { Gallery } from "../elements.ts"

/** Derives a value from a gallery, once for all blocks that share it. */
export const perGallery = <A>(make: (gallery: Gallery) => A): ((gallery: Gallery) => A) => {
  let known: { readonly gallery: Gallery; readonly made: A } | undefined
  return (gallery) => {
    if (known?.gallery !== gallery) known = { gallery, made: make(gallery) }
    return known.made
  }
}

/**
 * Adds a note to galleries; blocks of one gallery get one gallery again.
 *
 * @param more other fields to set
 */
export const noting = (note: string, more: Partial<Gallery> = {}): ((gallery: Gallery) => Gallery) =>
  perGallery((gallery) => ({ ...gallery, ...more, notes: [...(gallery.notes ?? []), note] }))
