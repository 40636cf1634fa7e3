/** Size of the header that we write: NumPy wants a multiple of 64, and this holds any shape. */
export const NPY_HEADER = 128

/**
 * The header of a `.npy` file, version 1.0, of a float32 array [rows, columns] in row-major order and little-endian
 * (NumPy Enhancement Proposal 1). Always `NPY_HEADER` bytes, so that it can be written again once the rows are counted.
 */
export const npyHeader = (rows: number, columns: number): Uint8Array => {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`
  const header = new Uint8Array(NPY_HEADER).fill(0x20)
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (NPY_HEADER - 10) & 0xff, (NPY_HEADER - 10) >> 8])
  header.set(new TextEncoder().encode(text), 10)
  header[NPY_HEADER - 1] = 0x0a
  return header
}
