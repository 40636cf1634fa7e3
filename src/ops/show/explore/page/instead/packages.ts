/** Takes the place of `zstddec` in the page, which would double its size. */
export class ZSTDDecoder {
  init(): never {
    throw new Error("ZSTD is not read in the browser; convert the file, or use configs/search-image.yaml")
  }
}
