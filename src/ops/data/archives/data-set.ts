/**
 * The definition of a data set. Each data set has a folder here with a value of `DataSet`, and a line in `list.ts`; the
 * operators' parameters, class lists, published counts and miniatures all come from these values. Does not import Effect,
 * because worker threads load it.
 */
import type { Band, Finding, PatchRef, Split } from "../../elements.ts"
import type { Note } from "../patches/noted.ts"
import type { ClassList } from "./shared/class-list.ts"

/** How an archive is to be read. Each data set names the options that it uses. */
export interface ArchiveOptions {
  /** File of labels, if it is not the usual one, relative to the archive's folder; of Parquet files, the column of labels. */
  readonly labels: string | undefined
  /** Folder of the Sentinel-1 patches that belong to those of Sentinel-2; relative to the archive's folder. */
  readonly s1: string | undefined
  /** Folder of reference maps, read as a band of their own; relative to the archive's folder. */
  readonly maps: string | undefined
  /** With labels from masks: a class counts if it has more pixels than this. */
  readonly threshold: number
  /** Names of the bands, for images and arrays that do not name them. */
  readonly bands: ReadonlyArray<string> | undefined
  /** Columns of your own table that are facts, not classes. */
  readonly facts: ReadonlyArray<string> | undefined
  /** Position of the channels in arrays: last (height, width, channels) or first. */
  readonly layout: "hwc" | "chw"
  /** Only labels are wanted: an archive without any images then has the names of its labels. */
  readonly labelsOnly: boolean
}

/** Options that a user may set. */
export type OptionName = Exclude<keyof ArchiveOptions, "labelsOnly">

/** A patch of an archive, without what all patches of the archive share. */
export interface PatchEntry extends Omit<PatchRef, "kind" | "archive" | "nomenclature" | "split"> {
  /** Its part in the archive's own division, if there is one. */
  readonly split?: Split | undefined
}

/** What a reader needs to decode a patch. */
export type PatchFiles = Pick<PatchEntry, "name" | "folder" | "files" | "facts">

/** An archive whose labels have been read. */
export interface OpenedSet {
  readonly classes: ClassList
  /** Names of all usable patches, in the archive's own order, which does not depend on the file system. */
  readonly names: ReadonlyArray<string>
  /** @returns the patch of that name; rejects with DataError if its labels are missing or damaged */
  readonly entry: (name: string) => Promise<PatchEntry>
  readonly findings: ReadonlyArray<Finding>
  /**
   * Names of the patches that have files, if opening has not looked for them; for an audit.
   *
   * @returns rejects with DataError if a folder cannot be listed
   */
  readonly onDisk?: () => Promise<ReadonlyArray<string>>
}

/** How patches are to be decoded. */
export interface DecodeOptions {
  /** Largest number of values (rows times columns times bands) of one image. */
  readonly maxValues: number
  /** Receives what was unusual about a file that was read nevertheless. */
  readonly note: Note
}

/** Reads the archives of one data set. */
export interface Reader {
  /** @returns rejects with DataError if the folder does not hold such an archive */
  readonly open: (folder: string, options: ArchiveOptions) => Promise<OpenedSet>
  /**
   * Reads the bands of a patch.
   *
   * @returns rejects with DataError naming file and band if one is missing, damaged, too large, or of another size or dtype
   */
  readonly decode: (patch: PatchFiles, options: DecodeOptions) => Promise<ReadonlyArray<Band>>
}

/** Parameters of a miniature. */
export interface MiniatureOptions {
  readonly seed: number
  readonly patches: number
  /** Rows and columns of its images; `undefined` for those of the data set. */
  readonly size: number | undefined
}

/** A miniature archive whose folder is ready. */
export interface Miniature {
  /** The folder holds every patch already. */
  readonly complete: boolean
  /** Makes patch `i` unless it exists; patches are counted in the archive's order. */
  readonly make: (i: number) => PatchEntry | Promise<PatchEntry>
  /** Writes the tables and marks the archive as complete. */
  readonly finish: () => void | Promise<void>
  /** Module of a worker that makes patches by their numbers, and its data, if threads are worth their start. */
  readonly worker?: { readonly module: URL; readonly data: unknown }
}

/** Makes miniatures of one data set. */
export interface MiniatureMaker {
  readonly classes: ClassList
  /**
   * Prepares a folder.
   *
   * @param name the data set, as the miniature records it
   * @throws DataError if the folder holds anything but this miniature
   */
  readonly open: (name: string, folder: string, options: MiniatureOptions) => Miniature
}

type Counts = Readonly<Record<string, number>>

/** Counts published about a data set, to which an audit compares an archive. */
export interface Published {
  /** Where the counts are from. */
  readonly source: string
  readonly patches: number
  /** Number of different label sets. */
  readonly distinctSets?: number
  readonly splits?: Readonly<Partial<Record<Split, number>>>
  readonly countries?: Counts
  readonly classes?: Counts
  /** Number of patches by their number of labels. */
  readonly labelsPerPatch?: Counts
}

/** Counts by class, given in the order of the class list. */
export const byClass = ({ classes }: ClassList, counts: ReadonlyArray<number>): Counts =>
  Object.fromEntries(classes.map((name, i) => [name, counts[i]]))

/** Everything that orbitrank knows about a data set. */
export interface DataSet<
  Name extends string = string,
  Classes extends string = string,
  Synonym extends string = string,
  Variant extends string = string
> {
  /** Its name in configurations: `kind: ucm`. */
  readonly name: Name
  /** One sentence for users: the data set, and how it lies on disk. */
  readonly about: string
  /** Its class lists: the one that labels are read as by default first. Empty if each archive brings its own classes. */
  readonly classes: ReadonlyArray<ClassList<Classes, Synonym>>
  readonly published: Published | undefined
  /** Folder of masks beside the images, which are not patches themselves. */
  readonly masks: string | undefined
  /** The options that it uses; others are refused. */
  readonly options: ReadonlyArray<OptionName>
  /** Whether a folder, or a file, looks like such an archive, judged by a glance at its names. */
  readonly recognises: (folder: string) => boolean
  /** Loads the reader; the code of other data sets is not loaded. */
  readonly reader: () => Promise<Reader>
  /** Loads the maker of miniatures. */
  readonly miniature: () => Promise<MiniatureMaker>
  /** Other forms of the miniature: `{ ms: … }` of `eurosat` is `eurosat-ms`. */
  readonly variants: Readonly<Record<Variant, () => Promise<MiniatureMaker>>>
}

/**
 * Defines a data set. The type keeps its names, so that parameters list them.
 *
 * @param definition every property is required: what a data set lacks is written as `undefined` or an empty list
 */
export const dataSet = <
  const Name extends string,
  const Classes extends string = never,
  const Synonym extends string = never,
  const Variant extends string = never
>(
  definition: DataSet<Name, Classes, Synonym, Variant>
): DataSet<Name, Classes, Synonym, Variant> => definition
