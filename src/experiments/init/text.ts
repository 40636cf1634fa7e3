/** Writes a proposal as a commented configuration. */

import { flowText } from "../../pipeline/print.ts"
import { counted, few } from "../../pipeline/words.ts"
import type { Found } from "./look.ts"
import type { Proposal } from "./proposal.ts"

/** Text in a comment: one line. */
const plain = (text: string): string => text.replace(/[\r\n\t]+/g, " ")

const described = (found: Found): ReadonlyArray<string> => {
  const { classes, labels, looked, notes, patches, pixels, splits, what } = found
  const [{ dtype, height, names, width }] = pixels
  const sizes = new Set(pixels.map((one) => `${one.height} x ${one.width}`))
  const kind = "archive" in what ? `an archive of the kind ${what.archive}` : "a store"
  const size =
    sizes.size === 1 ? `${height} x ${width} pixels` : `${sizes.size} sizes, most often ${height} x ${width} pixels`
  const own = (["train", "val", "test"] as const).filter((split) => splits.has(split))
  return [
    `${kind} with ${counted(patches, "image")}`,
    `${size}, ${counted(names.length, "band")} (${few(names, 4)}), ${dtype}; ${counted(looked.images, "image was", "images were")} opened`,
    classes.length === 0
      ? "no labels"
      : `${counted(classes.length, "class", "classes")} (${few(classes, 4)}), ${labels[0] === labels[1] ? labels[0] : `${labels[0]} to ${labels[1]}`} per image`,
    ...(own.length > 0 ? [`a split of its own: ${own.join(", ")}`] : []),
    ...notes
  ].map(plain)
}

const head = (found: Found, proposal: Proposal, file: string, program: string): ReadonlyArray<string> => [
  `# Written by \`orbitrank init\` for ${plain(found.path)}, where it found`,
  ...described(found).map((line) => `#   ${line}.`),
  ...proposal.remarks.map((line) => `# ${line}.`),
  `# Check and run it:`,
  `#   ${program} ${file} --check`,
  `#   ${program} ${file}`
]

const value = (text: string): string => flowText(text)

const settings = (found: Found, root: string): ReadonlyArray<string> => [
  "",
  "seed: 24                     # one seed, one result",
  "device: auto                 # the fastest tensor engine that loads",
  `root_dir: ${value(root)}   # folder of the split lists and the store`,
  `experiment: ${value(found.name)}   # the run folder is outputs/${found.name}`
]

const network = (channels: number, classes: number): string =>
  `{ backbone: resnet10-slim, pooling: avg, channels: ${channels}, num_classes: ${classes} }`

/** `split`, or what to say where the split is given. */
const splitStep = ({ split }: Proposal): string =>
  split === "drawn"
    ? "{ train: 0.7, val: 0.1 }                 # the rest is for testing; drawn with `seed`"
    : split === "own"
      ? "{ by: archive }                          # the archive's own split"
      : "{ by: archive, val: 0.1 }                # the archive's own split; validation is drawn from its training patches"

const prepare = (found: Found, proposal: Proposal): ReadonlyArray<string> =>
  "archive" in found.what
    ? [
        "  prepare:                   # lists, and a store that is fast to read",
        `    - archive:    { kind: ${found.what.archive}, path: ${value(found.path)} }`,
        `    - split:      ${splitStep(proposal)}`,
        "    - decode",
        "    - store:      { to: patches.lmdb }",
        ""
      ]
    : []

const constants = ({ constants: by }: Proposal): ReadonlyArray<string> =>
  by === undefined
    ? [
        "  constants:                 # mean and deviation of each band over the training split",
        "    - read:       { split: train, <<: *look }",
        "    - statistics: { to: normalisation.json }",
        ""
      ]
    : []

const evaluation = (name: string, weights: string, more: ReadonlyArray<string>): ReadonlyArray<string> => [
  "    - read:       { split: test, <<: *look }",
  "    - *fit",
  "    - *scale",
  "    - batch:      { size: *batch }",
  `    - embed:      { model: *net, weights: ${weights} }`,
  ...more,
  "    - rank:       { queries: 0.2 }",
  "    - measure:    { at: [10, 50] }",
  `    - report:     { as: ${name}${name === "trained" ? ", beside: [untrained]" : ""} }`
]

const experiment = (found: Found, proposal: Proposal, root: string): ReadonlyArray<string> => {
  const { bands, batch, channels, constants: by, epochs, resized, size } = proposal
  const from = "archive" in found.what ? "patches.lmdb" : found.what.store
  const resize = resized
    ? `{ resize: { size: ${size} } }   # all images are brought to this size`
    : `{ crop: { size: ${size}, at: centre } }   # all images have this size`
  return [
    ...settings(found, root),
    "",
    "define:",
    `  net:    &net    ${network(channels, found.classes.length)}`,
    "                             # larger: resnet18, resnet50; to start from weights add `pretrained: FILE`",
    `  epochs: &epochs ${epochs}`,
    `  batch:  &batch  ${batch}          # images per batch`,
    `  look:   &look   { from: ${value(from)}, bands: ${flowText(bands)} }`,
    `  fit:    &fit    ${resize}`,
    `  scale:  &scale  { normalise: { by: ${by ?? "normalisation.json"} } }`,
    "",
    "pipelines:",
    ...prepare(found, proposal),
    ...constants(proposal),
    "  untrained:                 # the network before training, to compare with",
    ...evaluation("untrained", "initial", []),
    "",
    "  train:",
    "    - read:       { split: train, epochs: *epochs, shuffle: true, <<: *look }",
    "    - *fit",
    "    - augment:    { h_flip: 0.5, v_flip: 0.5, rotate: 0.5 }",
    "    - *scale",
    "    - batch:      { size: *batch, drop_last: true }",
    "    - optimise:   { model: *net, metric_loss: oml, optimizer: adam, learning_rate: 1e-3 }",
    "    - checkpoint",
    "    - curve",
    "",
    "  trained:                   # figures, strips of results, a page to look around and search",
    ...evaluation("trained", "newest", [
      "    - save:       { to: embeddings }",
      `    - explore:    { to: page, images: ${value(from)} }`
    ])
  ]
}

/** Pictures without labels: embeddings of a network, and a page to look around and search. */
const unlabelled = (found: Found, proposal: Proposal, root: string): ReadonlyArray<string> => {
  const { bands, batch, channels, size } = proposal
  const rgb = bands === "rgb"
  return [
    ...settings(found, root),
    "",
    "define:",
    `  net:    &net    ${network(channels, 1)}`,
    "  weights: &weights initial   # an untrained network sees colours and textures; name a file of weights for more",
    "",
    "pipelines:",
    "  looked:                    # embeddings, and a page to look around and search",
    `    - images:     { from: ${value(found.path)}${rgb ? ", bands: rgb" : ""} }`,
    `    - resize:     { size: ${size} }`,
    ...(rgb ? ["    - normalise:  { by: imagenet }"] : []),
    `    - batch:      { size: ${batch} }`,
    "    - embed:      { model: *net, weights: *weights }",
    "    - save:       { to: embeddings }",
    `    - explore:    { to: page, images: ${value(found.path)} }`
  ]
}

/** A store alone has no lists of patches, by which `read` reads it. */
const storeAlone = (found: Found, root: string): ReadonlyArray<string> => [
  "# To train on it, its folder needs train.csv, val.csv and test.csv, one name per line.",
  ...settings(found, root),
  "",
  "pipelines:",
  "  verified:                  # reads every patch",
  `    - verify:     { from: ${value("store" in found.what ? found.what.store : "")}, expect: any }`,
  "",
  "  looked:                    # one line of JSON per patch and band",
  `    - inspect:    { from: ${value("store" in found.what ? found.what.store : "")}, limit: 10 }`
]

/**
 * The configuration as text.
 *
 * @param file its path, for the commands in its first lines
 * @param root `root_dir`
 * @param program the command, such as `npx orbitrank`
 */
export const configurationText = (
  found: Found,
  proposal: Proposal,
  { file, program, root }: { readonly file: string; readonly program: string; readonly root: string }
): string => {
  const lines =
    "store" in found.what && !found.what.lists
      ? storeAlone(found, root)
      : found.classes.length === 0
        ? unlabelled(found, proposal, root)
        : experiment(found, proposal, root)
  return `${[...head(found, proposal, file, program), ...lines].join("\n")}\n`
}
