/** The columns of a Parquet file with images: which one holds images, which one labels. Does not import Effect. */
import type { FileMetaData, SchemaTree } from "hyparquet"
import { few, suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { LABEL_KEYS } from "../shared/own-labels.ts"

/** Remedy for a file that is not a table of images. */
export const REMEDY =
  "Give a Parquet file with a column `image` of mappings `{ bytes, path }`, or a folder of such files"

/** The column of images. */
export interface ImageColumn {
  readonly image: string
  /** Whether it holds mappings with `bytes`, not bytes alone, and whether these have a `path`, too. */
  readonly mapping: boolean
  readonly path: boolean
}

/** Roles of the columns of a file. */
export interface Columns extends ImageColumn {
  /** Column of labels, and names of its classes in the order of their numbers if the file gives them. */
  readonly labels: { readonly name: string; readonly classes: ReadonlyArray<string> | undefined } | undefined
  readonly split: string | undefined
  /** Columns that may name images, the likeliest first. */
  readonly ids: ReadonlyArray<string>
  /** Other columns of texts and numbers; with the names of the classes if a column holds numbers of classes. */
  readonly facts: ReadonlyArray<{ readonly name: string; readonly classes: ReadonlyArray<string> | undefined }>
}

const PICTURES = ["image", "img", "picture", "photo", "pixels", "tile", "chip", "patch"]
const IDS = [
  "name",
  "id",
  "image_id",
  "image_name",
  "file_name",
  "filename",
  "patch_id",
  "tile_id",
  "sample_id",
  "path"
]
const SPLIT = /^(split|subset|partition)$/i

/** What `datasets` writes of a column: `{ _type: "ClassLabel", names }`, perhaps within a list. */
interface Feature {
  readonly _type?: unknown
  readonly names?: unknown
  readonly feature?: Feature
}

const featuresOf = (
  file: string,
  { key_value_metadata: pairs = [] }: FileMetaData
): Readonly<Record<string, Feature>> => {
  const text = pairs.find(({ key }) => key === "huggingface")?.value
  if (text === undefined) return {}
  try {
    const { info } = JSON.parse(text) as { readonly info?: { readonly features?: Record<string, Feature> } }
    return info?.features ?? {}
  } catch (cause) {
    throw new DataError({
      subject: file,
      problem: "its metadata `huggingface` are not JSON",
      remedy: "Write the file again with `datasets`, or remove these metadata",
      cause
    })
  }
}

/** Names of classes of a feature, or of the items of its lists. */
const classesOf = (feature: Feature | ReadonlyArray<Feature> | undefined): ReadonlyArray<string> | undefined => {
  if (Array.isArray(feature)) return classesOf(feature[0])
  const { _type, feature: inner, names } = (feature ?? {}) as Feature
  if (_type === "ClassLabel" && Array.isArray(names)) return names.map(String)
  return inner === undefined ? undefined : classesOf(inner)
}

const isRepeated = ({ element }: SchemaTree): boolean => element.repetition_type === "REPEATED"

const isText = ({ element: { converted_type: converted, logical_type: logical } }: SchemaTree): boolean =>
  converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING" || logical?.type === "ENUM"

const isBytes = (tree: SchemaTree): boolean =>
  tree.children.length === 0 && tree.element.type === "BYTE_ARRAY" && !isText(tree) && !isRepeated(tree)

const isMapping = (tree: SchemaTree): boolean =>
  !isRepeated(tree) && tree.children.some((child) => child.element.name === "bytes" && isBytes(child))

/** Texts and numbers, one per row. */
const isPlain = (tree: SchemaTree): boolean =>
  tree.children.length === 0 && !isRepeated(tree) && (tree.element.type !== "BYTE_ARRAY" || isText(tree))

/** Lists of texts or numbers. */
const isList = (tree: SchemaTree): boolean => {
  if (tree.children.length > 1 || tree.element.converted_type === "MAP") return false
  if (tree.children.length === 1) return isList(tree.children[0]) || isPlain(tree.children[0])
  return isRepeated(tree) && (tree.element.type !== "BYTE_ARRAY" || isText(tree))
}

type Refuse = (problem: string, remedy: string) => never

const refusing =
  (file: string): Refuse =>
  (problem, remedy) => {
    throw new DataError({ subject: file, problem, remedy })
  }

const nameOf = ({ element }: SchemaTree): string => element.name

/** The column of images: one with a usual name, or the only one. @throws DataError if there is none, or several fit */
export const imageColumn = (file: string, { children: columns }: SchemaTree): ImageColumn => {
  const refuse = refusing(file)
  const mappings = columns.filter(isMapping)
  const all = mappings.length > 0 ? mappings : columns.filter(isBytes)
  const usual = PICTURES.flatMap((name) => all.filter((one) => nameOf(one).toLowerCase() === name))
  const found = usual[0] ?? (all.length === 1 ? all[0] : undefined)
  if (found !== undefined) {
    const path = isMapping(found) && found.children.some((child) => nameOf(child) === "path" && isPlain(child))
    return { image: nameOf(found), mapping: isMapping(found), path }
  }
  if (all.length === 0)
    return refuse(`has no column of images; its columns are ${few(columns.map(nameOf), 20)}`, REMEDY)
  return refuse(
    `has ${all.length} columns of bytes: ${few(all.map(nameOf), 9)}`,
    "Name the column of the images `image`"
  )
}

/** The column of labels: the one that is asked for, one with a usual name, or the only one of classes. */
const labelColumn = (
  columns: ReadonlyArray<SchemaTree>,
  features: Readonly<Record<string, Feature>>,
  asked: string | undefined,
  refuse: Refuse
): Columns["labels"] => {
  const labelled = (name: string) => ({ name, classes: classesOf(features[name]) })
  const names = columns.filter((one) => isPlain(one) || isList(one)).map(nameOf)
  if (asked !== undefined) {
    if (names.includes(asked)) return labelled(asked)
    return refuse(
      `has no column of labels ${asked}${suggestion(asked, names)}`,
      "Name a column of texts or numbers in `labels`"
    )
  }
  const usual = names.filter((name) => LABEL_KEYS.test(name))
  const known = names.filter((name) => classesOf(features[name]) !== undefined)
  const found = usual.length > 0 ? usual : known
  if (found.length > 1) return refuse(`has labels in several columns: ${few(found, 9)}`, "Name one of them in `labels`")
  return found.length === 0 ? undefined : labelled(found[0])
}

/**
 * The roles of the columns of a file.
 *
 * @param asked the column of labels, if the user names it
 * @throws DataError if there is no column of images, or if a role fits several columns
 */
export const columnsOf = (
  file: string,
  metadata: FileMetaData,
  tree: SchemaTree,
  asked: string | undefined
): Columns => {
  const image = imageColumn(file, tree)
  const features = featuresOf(file, metadata)
  const labels = labelColumn(tree.children, features, asked, refusing(file))
  const others = tree.children
    .filter(isPlain)
    .map(nameOf)
    .filter((name) => name !== labels?.name)
  return {
    ...image,
    labels,
    split: others.find((name) => SPLIT.test(name)),
    ids: IDS.flatMap((id) => others.filter((name) => name.toLowerCase() === id)),
    facts: others.map((name) => ({ name, classes: classesOf(features[name]) }))
  }
}

/**
 * Metadata without one field of a column of mappings, so that reading the column leaves this field out.
 *
 * @param tree of the schema
 */
export const withoutField = (metadata: FileMetaData, tree: SchemaTree, column: string, field: string): FileMetaData => {
  const place = (one: SchemaTree, name: string, first: number): number => {
    const at = one.children.findIndex((child) => nameOf(child) === name)
    return one.children.slice(0, at).reduce((sum, { count }) => sum + count, first + 1)
  }
  const outer = place(tree, column, 0)
  const inner = place(tree.children.find((child) => nameOf(child) === column) ?? tree, field, outer)
  return {
    ...metadata,
    schema: metadata.schema
      .map((one, i) => (i === outer ? { ...one, num_children: (one.num_children ?? 1) - 1 } : one))
      .filter((_, i) => i !== inner),
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.filter(
        ({ meta_data: known }) => known?.path_in_schema.join("\0") !== `${column}\0${field}`
      )
    }))
  }
}
