/** Names of arrays in torchvision and timm, for networks that these libraries have too. */
import type { NamedArray } from "../../elements.ts"
import { factsOf } from "../architecture.ts"
import type { ModelParams } from "../params.ts"

/** A network in a library: how Python builds it, and the library's names of our arrays. */
export interface LibraryNetwork {
  /** Lines of Python that build the variable `network`, weights excluded. */
  readonly python: ReadonlyArray<string>
  /** The library's name of one of our names. */
  readonly nameOf: (name: string) => string
}

const POOLS: Readonly<Record<string, string | undefined>> = { avg: "Avg", max: "Max" }

type Given = ReturnType<typeof factsOf>

const resnet = ({ backbone, channels, num_classes, pooling }: Given): LibraryNetwork => {
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

const vgg = ({ backbone, channels, num_classes, pooling }: Given): LibraryNetwork => ({
  python: [
    "import torch, torchvision",
    `network = torchvision.models.${backbone}(weights=None)`,
    `network.features[0] = torch.nn.Conv2d(${channels}, 64, 3, padding=1)`,
    `network.avgpool = torch.nn.Adaptive${POOLS[pooling]}Pool2d(1)`,
    `network.classifier = torch.nn.Linear(512, ${num_classes}, bias=False)`
  ],
  nameOf: (name) => name.replace(/^encoder\.encoder\./, "features.").replace(/^head\.head\.fc\./, "classifier.")
})

const senet = ({ backbone, channels, num_classes, pooling }: Given): LibraryNetwork => ({
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

/**
 * The same network in torchvision (ResNet, VGG) or timm (SE networks); `undefined` if neither has it: other backbones, attention,
 * parts, a projection, GeM pooling, or an output stride other than 32.
 *
 * @example
 * libraryNetwork({ backbone: "resnet18", pooling: "avg", channels: 3, num_classes: 2 })?.nameOf("head.head.fc.weight") // => "fc.weight"
 */
export const libraryNetwork = (params: ModelParams): LibraryNetwork | undefined => {
  const facts = factsOf(params)
  const plain =
    facts.module === "none" &&
    facts.parts === "[[1,1,1]]" &&
    facts.embedding_dim === "none" &&
    facts.output_stride === 32 &&
    POOLS[facts.pooling] !== undefined
  if (!plain) return undefined
  if (/^resnet(18|34|50|101|152)$/.test(facts.backbone)) return resnet(facts)
  if (/^vgg/.test(facts.backbone)) return vgg(facts)
  return /^se/.test(facts.backbone) ? senet(facts) : undefined
}

/** Arrays under a library's names. */
export const underLibraryNames = (
  arrays: ReadonlyArray<NamedArray>,
  { nameOf }: LibraryNetwork
): ReadonlyArray<NamedArray> => arrays.map((array) => ({ ...array, name: nameOf(array.name) }))
