import type { Gallery } from "../elements.ts"

/** What all blocks of one gallery share: made with its first block, and the same for those that follow. */
export const perGallery = <A>(make: (gallery: Gallery) => A): ((gallery: Gallery) => A) => {
  let known: { readonly gallery: Gallery; readonly made: A } | undefined
  return (gallery) => {
    if (known?.gallery !== gallery) known = { gallery, made: make(gallery) }
    return known.made
  }
}
