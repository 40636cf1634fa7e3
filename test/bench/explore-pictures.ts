/** Pictures for an explorer that was written without any: every sheet is the same file, so that they cost no time. */
import { linkSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"
import { partText } from "../../src/ops/show/explore/folder.ts"
import { packBits, textFrom } from "../../src/ops/show/explore/kit/base64.ts"
import { type Contents, type ImagesPart, PIECE, partName, sheetName } from "../../src/ops/show/explore/kit/contents.ts"
import { partIn } from "../../src/ops/show/explore/serve.ts"
import { PER_SHEET } from "../../src/ops/show/explore/sheets.ts"
import { random } from "../../src/pipeline/random.ts"

const SHEETS = { edge: 96, ...PER_SHEET }

/** A sheet of noise, which compresses worse than thumbnails of images. */
const sheet = (): Promise<Buffer> => {
  const draw = random(2, 0, 0, "sheet")
  const [width, height] = [SHEETS.columns * SHEETS.edge, SHEETS.rows * SHEETS.edge]
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => 60 + draw.int(60))
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .webp({ quality: 72 })
    .toBuffer()
}

/** Gives every image of an explorer a picture. */
export const addPictures = async (folder: string, contents: Contents): Promise<void> => {
  const write = (name: string, value: unknown) =>
    writeFileSync(join(folder, "data", `${name}.js`), partText(name, value))
  const each = SHEETS.columns * SHEETS.rows
  mkdirSync(join(folder, "sheets"))
  const first = join(folder, sheetName(0))
  writeFileSync(first, await sheet())
  for (let number = 1; number * each < contents.count; number++) linkSync(first, join(folder, sheetName(number)))
  for (let number = 0; number * PIECE < contents.count; number++) {
    const name = partName("images", number)
    const images = partIn(folder, name) as ImagesPart
    const pictured = textFrom(packBits(new Uint8Array(images.names.length).fill(1)))
    write(name, { ...images, pictured } satisfies ImagesPart)
  }
  write("contents", { ...contents, sheets: SHEETS } satisfies Contents)
}
