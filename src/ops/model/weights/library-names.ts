/** Names of arrays in torchvision and timm, for networks that these libraries also have. */
import type { NamedArray } from "../../elements.ts"
import { factsOf, type ModelFacts } from "../architecture.ts"
import { type BlockPlace, type Places, placesIn } from "../backbones/efficientnet.ts"
import type { ModelParams } from "../params.ts"

/** A network in a library: how Python builds it, and the library's names of our arrays. */
export interface LibraryNetwork {
  /** Lines of Python that build the variable `network`, weights excluded. */
  readonly python: ReadonlyArray<string>
  /** The library's name of one of our names. */
  readonly nameOf: (name: string) => string
}

const POOLS: Readonly<Record<string, string | undefined>> = { avg: "Avg", max: "Max" }

const resnet = ({ backbone, channels, num_classes, pooling }: ModelFacts): LibraryNetwork => {
  const width = backbone === "resnet18" || backbone === "resnet34" ? 512 : 2048
  return {
    python: [
      "import torch, torchvision",
      `network = torchvision.models.${backbone}(weights=None)`,
      `network.conv1 = torch.nn.Conv2d(${channels}, 64, 7, stride=2, padding=3, bias=False)`,
      `network.avgpool = torch.nn.Adaptive${POOLS[pooling]}Pool2d(1)`,
      `network.fc = torch.nn.Linear(${width}, ${num_classes}, bias=False)`
    ],
    nameOf: (name) =>
      name
        .replace(/^encoder\.encoder_block0\.0\./, "conv1.")
        .replace(/^encoder\.encoder_block0\.1\./, "bn1.")
        .replace(/^encoder\.encoder_block(\d)\./, "layer$1.")
        .replace(/^head\.head\.fc\./, "fc.")
  }
}

const vgg = ({ backbone, channels, num_classes, pooling }: ModelFacts): LibraryNetwork => ({
  python: [
    "import torch, torchvision",
    `network = torchvision.models.${backbone}(weights=None)`,
    `network.features[0] = torch.nn.Conv2d(${channels}, 64, 3, padding=1)`,
    `network.avgpool = torch.nn.Adaptive${POOLS[pooling]}Pool2d(1)`,
    `network.classifier = torch.nn.Linear(512, ${num_classes}, bias=False)`
  ],
  nameOf: (name) => name.replace(/^encoder\.encoder\./, "features.").replace(/^head\.head\.fc\./, "classifier.")
})

const senet = ({ backbone, channels, num_classes, pooling }: ModelFacts): LibraryNetwork => ({
  python: [
    "import timm, torch",
    `network = timm.create_model("legacy_${backbone.replace("se_", "se")}", in_chans=${channels}, num_classes=${num_classes}, global_pool="${pooling}")`,
    `network.last_linear = torch.nn.Linear(2048, ${num_classes}, bias=False)`
  ],
  nameOf: (name) =>
    name
      .replace(/^encoder\.encoder_block0\./, "layer0.")
      .replace(/^encoder\.encoder_block(\d)\./, "layer$1.")
      .replace(/^head\.head\.fc\./, "last_linear.")
})

/** Parts of a block by their names in torchvision, which counts them from the expansion. */
const inBlock = ({ expands }: BlockPlace, part: string): string => {
  const first = expands ? 1 : 0
  return part
    .replace(/^_expand_conv\./, "0.0.")
    .replace(/^_bn0\./, "0.1.")
    .replace(/^_depthwise_conv\./, `${first}.0.`)
    .replace(/^_bn1\./, `${first}.1.`)
    .replace(/^_se_reduce\./, `${first + 1}.fc1.`)
    .replace(/^_se_expand\./, `${first + 1}.fc2.`)
    .replace(/^_project_conv\./, `${first + 2}.0.`)
    .replace(/^_bn2\./, `${first + 2}.1.`)
}

/** torchvision's network pads both sides alike and divides by other deviations: these lines make it equal. */
const EFFICIENTNET = [
  "def pad(layer, images):",
  "    total = layer.kernel_size[0] - 2",
  "    return torch.nn.functional.pad(images[0], [total // 2, total - total // 2] * 2)",
  "for layer in network.modules():",
  "    if isinstance(layer, torch.nn.BatchNorm2d):",
  "        layer.eps = 1e-3",
  "    if isinstance(layer, torch.nn.Conv2d) and layer.stride == (2, 2):",
  "        layer.padding = (0, 0)",
  "        layer.register_forward_pre_hook(pad)"
]

const efficientnet = (
  { backbone, channels, num_classes, pooling }: ModelFacts,
  { blocks, head, last, stem }: Places
): LibraryNetwork => ({
  python: [
    "import torch, torchvision",
    `network = torchvision.models.${backbone.replace("-", "_")}(weights=None)`,
    `network.features[0][0] = torch.nn.Conv2d(${channels}, ${stem}, 3, stride=2, padding=1, bias=False)`,
    `network.avgpool = torch.nn.Adaptive${POOLS[pooling]}Pool2d(1)`,
    `network.classifier = torch.nn.Linear(${head}, ${num_classes}, bias=False)`,
    ...EFFICIENTNET
  ],
  nameOf: (name) => {
    const block = blocks.find((one) => name.startsWith(`${one.name}._`))
    if (block !== undefined) {
      const { name: begin, place, stage } = block
      return `features.${stage + 1}.${place}.block.${inBlock(block, name.slice(begin.length + 1))}`
    }
    const part = ["encoder.encoder_block0.0", "encoder.encoder_block0.1", ...last].findIndex((one) =>
      name.startsWith(`${one}.`)
    )
    const places = ["features.0.0", "features.0.1", "features.8.0", "features.8.1"]
    return part < 0
      ? name.replace(/^head\.head\.fc\./, "classifier.")
      : name.replace(/^encoder\.encoder_block\d\.\d+/, places[part])
  }
})

/**
 * The same network in torchvision (ResNet, VGG, EfficientNet) or timm (SE networks); `undefined` if neither has it: other
 * backbones, attention, parts, a projection, GeM pooling, an output stride other than 32, or an EfficientNet as in the original.
 *
 * @example
 * libraryNetwork({ backbone: "resnet18", pooling: "avg", channels: 3, num_classes: 2 })?.nameOf("head.head.fc.weight") // => "fc.weight"
 */
export const libraryNetwork = (params: ModelParams): LibraryNetwork | undefined => networkOf(factsOf(params))

const networkOf = (facts: ModelFacts): LibraryNetwork | undefined => {
  const plain =
    facts.module === "none" &&
    facts.parts === "[[1,1,1]]" &&
    facts.embedding_dim === "none" &&
    facts.output_stride === 32 &&
    POOLS[facts.pooling] !== undefined
  if (!plain) return undefined
  if (/^resnet(18|34|50|101|152)$/.test(facts.backbone)) return resnet(facts)
  if (/^vgg/.test(facts.backbone)) return vgg(facts)
  const places = placesIn(facts.backbone)
  if (places !== undefined) return facts.compat === "original" ? undefined : efficientnet(facts, places)
  return /^se/.test(facts.backbone) ? senet(facts) : undefined
}

/**
 * Own names of arrays by a library's names, for weights that were published under these.
 *
 * @param known own names of the network's arrays
 */
export const fromLibraryNames = (facts: ModelFacts, known: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const found = networkOf(facts)
  return new Map(found === undefined ? [] : known.map((name) => [found.nameOf(name), name]))
}

/** Arrays under a library's names. */
export const underLibraryNames = (
  arrays: ReadonlyArray<NamedArray>,
  { nameOf }: LibraryNetwork
): ReadonlyArray<NamedArray> => arrays.map((array) => ({ ...array, name: nameOf(array.name) }))
