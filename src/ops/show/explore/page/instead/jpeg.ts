/** Takes the place of `formats/tiff/jpeg.ts` in the page, which decodes by `sharp`. */
export const decodeJpegTiff = (): never => {
  throw new Error("JPEG inside TIFF is not read in the browser; convert the file, or use configs/search-image.yaml")
}
