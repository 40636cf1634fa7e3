/** Notes of a re-ranking on the gallery that all blocks share. */
import type { Gallery } from "../../elements.ts"
import { perGallery } from "../per-gallery.ts"

/**
 * Adds a note to galleries; blocks of one gallery get one gallery again.
 *
 * @param more what else the re-ranking changes
 */
export const noting = (note: string, more: Partial<Gallery> = {}): ((gallery: Gallery) => Gallery) =>
  perGallery((gallery) => ({ ...gallery, ...more, notes: [...(gallery.notes ?? []), note] }))
