/** Names of patches and bands by those of files. Does not import Node's modules: the explorer's page uses it, too. */
import { RGB_BANDS } from "../patches/bands.ts"

/** Names of the channels of a jpg or png: grey or colours, and transparency. */
export const channelNames = (channels: number): ReadonlyArray<string> => {
  const colours = channels < 3 ? ["Data"] : RGB_BANDS
  return colours.length < channels ? [...colours, "Alpha"] : colours
}

/** What separates folders from names. */
const FOLDERS = globalThis.process?.platform === "win32" ? /^.*[/\\]/s : /^.*\//s

/** Bands that BigEarthNet keeps in a file of their own. */
const BAND_FILE = /^(.+)_(B0[1-9]|B8A|B1[0-2]|VV|VH)$/

/** The patch that a file belongs to, and its band if the file's name has one. */
export const patchOfFile = (file: string): { readonly patch: string; readonly band: string | undefined } => {
  const name = file.replace(FOLDERS, "")
  const stem = name.replace(/(?<=.)\.[^.]*$/, "").normalize("NFC")
  const [, patch = stem, band] = BAND_FILE.exec(stem) ?? []
  return { patch, band }
}
