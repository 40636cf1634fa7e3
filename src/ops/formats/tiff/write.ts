/**
 * Writes small GeoTIFF files in the form of BigEarthNet's bands: uint16 or float32, uncompressed strips, little-endian,
 * placed in UTM; one band, or several with the values of a pixel side by side.
 */

/** The place of an image on the ground. */
export interface Placement {
  /** Easting of the upper left corner, metres. */
  readonly ulx: number
  /** Northing of the upper left corner, metres. */
  readonly uly: number
  /** The edge of a pixel, metres. */
  readonly metres: number
  /** EPSG code of the projection, for example 32629: WGS 84 / UTM zone 29N. */
  readonly epsg: number
}

/** Field types of TIFF 6.0, section 2. */
const SHORT = 3
const LONG = 4
const DOUBLE = 12
const SIZES: Readonly<Record<number, number>> = { [SHORT]: 2, [LONG]: 4, [DOUBLE]: 8 }

interface Field {
  readonly tag: number
  readonly type: number
  readonly values: ReadonlyArray<number>
}

const short = (tag: number, ...values: ReadonlyArray<number>): Field => ({ tag, type: SHORT, values })
const long = (tag: number, values: ReadonlyArray<number>): Field => ({ tag, type: LONG, values })
const double = (tag: number, ...values: ReadonlyArray<number>): Field => ({ tag, type: DOUBLE, values })

/** GTModelType projected, GTRasterType pixel is area, ProjectedCSType (GeoTIFF 1.0, sections 6.2 and 6.3). */
const geoKeys = (epsg: number) => [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg]

/** The type and number of the values of a pixel. */
interface Layout {
  readonly bits: number
  readonly format: number
  readonly samples: number
}

/** The fields in ascending order of their tags, as TIFF demands. */
const fields = (
  height: number,
  width: number,
  { bits, format, samples }: Layout,
  rowsPerStrip: number,
  offsets: ReadonlyArray<number>,
  counts: ReadonlyArray<number>,
  { ulx, uly, metres, epsg }: Placement
): ReadonlyArray<Field> => [
  short(256, width),
  short(257, height),
  short(258, ...new Array<number>(samples).fill(bits)), // BitsPerSample
  short(259, 1), // Compression: none
  short(262, 1), // PhotometricInterpretation: black is zero
  long(273, offsets), // StripOffsets
  short(277, samples), // SamplesPerPixel
  short(278, rowsPerStrip),
  long(279, counts), // StripByteCounts
  short(284, 1), // PlanarConfiguration
  short(339, ...new Array<number>(samples).fill(format)), // SampleFormat: unsigned 1, float 3
  double(33550, metres, metres, 0), // ModelPixelScale
  double(33922, 0, 0, 0, ulx, uly, 0), // ModelTiepoint
  short(34735, ...geoKeys(epsg))
]

const put = (view: DataView, at: number, type: number, value: number): void => {
  if (type === SHORT) view.setUint16(at, value, true)
  else if (type === LONG) view.setUint32(at, value, true)
  else view.setFloat64(at, value, true)
}

const HEADER = 8

/**
 * Writes one band or several as a GeoTIFF file.
 *
 * @param data row-major [height, width], or [height, width, bands]
 * @param rowsPerStrip rows of a strip, of which the last may have fewer; by default one strip has all rows
 */
export const encodeGeoTiff = (
  data: Uint16Array | Float32Array,
  height: number,
  width: number,
  placement: Placement,
  rowsPerStrip = height
): Uint8Array => {
  const strips = Math.ceil(height / rowsPerStrip)
  const size = data.BYTES_PER_ELEMENT
  const samples = data.length / (height * width)
  const pixel = { bits: 8 * size, format: data instanceof Float32Array ? 3 : 1, samples }
  const rowBytes = width * samples * size
  const counts = Array.from({ length: strips }, (_, i) => Math.min(rowsPerStrip, height - i * rowsPerStrip) * rowBytes)
  const layout = (start: number) =>
    fields(
      height,
      width,
      pixel,
      rowsPerStrip,
      counts.map((_, i) => start + i * rowsPerStrip * rowBytes),
      counts,
      placement
    )
  const length = ({ type, values }: Field) => SIZES[type] * values.length
  const directory = layout(0)
  const extras = directory.map(length).reduce((sum, bytes) => sum + (bytes > 4 ? bytes : 0), 0)
  let extra = HEADER + 2 + 12 * directory.length + 4
  const start = extra + extras
  const bytes = new Uint8Array(start + data.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x002a4949, true) // "II", 42
  view.setUint32(4, HEADER, true)
  view.setUint16(HEADER, directory.length, true)
  layout(start).forEach((field, i) => {
    const at = HEADER + 2 + 12 * i
    view.setUint16(at, field.tag, true)
    view.setUint16(at + 2, field.type, true)
    view.setUint32(at + 4, field.values.length, true)
    const inside = length(field) <= 4
    if (!inside) view.setUint32(at + 8, extra, true)
    field.values.forEach((value, k) => {
      put(view, (inside ? at + 8 : extra) + k * SIZES[field.type], field.type, value)
    })
    if (!inside) extra += length(field)
  })
  for (let i = 0; i < data.length; i++) {
    if (data instanceof Float32Array) view.setFloat32(start + size * i, data[i], true)
    else view.setUint16(start + size * i, data[i], true)
  }
  return bytes
}
