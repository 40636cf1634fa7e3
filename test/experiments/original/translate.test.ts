/** Files in the original's form become files of ours, or are refused at their own keys and lines. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { translate } from "../../../src/experiments/original/translate.ts"
import { language, makePlan, showPlan } from "../../../src/experiments/plan.ts"
import { load } from "../../../src/pipeline/load.ts"
import { hash } from "../../../src/pipeline/print.ts"
import { experimentFile, rerankFile, type Variant, variants } from "./files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const UCM = variants[1]

beforeAll(() => {
  for (const folder of ["checkpoints", "saved", "patches.lmdb", "S2A_1", "weights"]) mkdirSync(join(home, folder))
  const files = "train.csv val.csv test.csv saved/embeddings.npy saved/embeddings.csv".split(" ")
  for (const file of files) writeFileSync(join(home, file), "")
  writeFileSync(join(home, "val.csv"), "one\n")
  mkdirSync(join(home, "truth.lmdb"))
  writeFileSync(join(home, "truth.lmdb", "data.mdb"), "")
  for (const file of ["epoch_9.pth", "epoch_20.pth", "notes.txt"]) writeFileSync(join(home, "checkpoints", file), "")
  writeFileSync(join(home, "weights", "resnet50-0676ba61.pth"), "")
})

const rooted = (text: string) => text.replaceAll("ROOT", home)
const translated = (text: string, set: ReadonlyArray<string> = []) =>
  Result.getOrThrow(translate(rooted(text), "a.yaml", set))
const faults = (text: string, set: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const result = translate(rooted(text), "a.yaml", set)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["nothing wrong"]
}
const planOf = (text: string, set: ReadonlyArray<string> = []) => {
  const path = join(home, "mine.yaml")
  writeFileSync(path, rooted(text))
  return makePlan(path, set)
}
const stepsOf = (text: string, pipeline: string, set: ReadonlyArray<string> = []) => {
  const steps = planOf(text, set).loaded.pipelines.get(pipeline)?.steps ?? []
  return steps.map(({ name, params }) => [name, params] as const)
}
const paramsOf = (text: string, pipeline: string, operator: string, set: ReadonlyArray<string> = []) =>
  stepsOf(text, pipeline, set).find(([name]) => name === operator)?.[1]

const modes = ["prepare", "train", "test", "visualize"] as const
const all = variants.flatMap((variant) => modes.map((mode) => ({ mode, variant, name: variant.dataset })))

describe("a file of the original", () => {
  it.each(all)("$name, $mode: is a file of ours, and so is what --check prints", ({ mode, variant }) => {
    const plan = planOf(experimentFile(variant), [`mode=${mode}`])
    expect([...plan.loaded.pipelines.keys()]).toContain(mode)
    const again = Result.getOrThrow(load(showPlan(plan), "printed.yaml", language))
    expect(again.settings).toEqual({ ...plan.loaded.settings, experiment: plan.experiment })
    for (const [name, pipeline] of plan.loaded.pipelines) {
      expect(hash(again.pipelines.get(name) ?? pipeline)).toBe(hash(pipeline))
    }
  })

  it.each(variants)("$dataset: folders are named as the original names them", (variant) => {
    const name = `${variant.dataset}_1e-4_resnet50_max_none_multiAP`
    const at = (kind: string) => join(home, "experiments", kind, name)
    const train = planOf(experimentFile(variant), ["mode=train"])
    expect([train.experiment, train.folder, train.translation?.links]).toEqual([
      name,
      at("summary"),
      { checkpoints: at("checkpoints") }
    ])
    expect(planOf(experimentFile(variant)).folder).toBe(at("outputs"))
  })

  it("keeps the rate's text in the name, whatever it is, and its value in training", () => {
    for (const [written, value] of [
      ["1e-4", 1e-4],
      ["0.00010", 1e-4],
      ["2.5e-05", 2.5e-5],
      ["'1e-3'", 1e-3]
    ] as const) {
      const text = experimentFile(UCM).replace("learning_rate: 1e-4", `learning_rate: ${written}`)
      expect(planOf(text, ["mode=train"]).experiment).toContain(`UCM_${written.replaceAll("'", "")}_resnet50`)
      expect(paramsOf(text, "train", "optimise", ["mode=train"])?.learning_rate).toBe(value)
    }
  })

  it("takes the newest checkpoint of a folder, by epoch", () => {
    expect(paramsOf(experimentFile(UCM), "test", "embed")?.weights).toBe(join(home, "checkpoints", "epoch_20.pth"))
  })

  it("finds pretrained weights of the backbone, for training alone", () => {
    const text = experimentFile(UCM).replace("pretrained: False", "pretrained: True")
    const found = join(home, "weights", "resnet50-0676ba61.pth")
    expect(paramsOf(text, "train", "optimise", ["mode=train"])?.model).toMatchObject({ pretrained: found })
    expect(paramsOf(text, "test", "embed")?.model).not.toHaveProperty("pretrained")
  })

  it("reads pictures from the archive and bands from the store, each with its constants", () => {
    const look = (variant: Variant, ...set: ReadonlyArray<string>) => {
      const steps = new Map(stepsOf(experimentFile(variant), "test", set))
      return [steps.get("read"), steps.get("resize"), steps.get("normalise")]
    }
    expect(look(UCM)).toMatchObject([
      { from: ".", store: "none", kind: "ucm", bands: "rgb" },
      { size: 256 },
      { by: "imagenet" }
    ])
    const [read, resize, normalise] = look(variants[0], "model.channels=10")
    expect([read, normalise]).toMatchObject([
      { from: "patches.lmdb", bands: "s2-10m+20m", nomenclature: "19", split: "test" },
      { by: "bigearthnet" }
    ])
    expect(resize).toBeUndefined()
    expect(look(UCM, "augment_config.normalize=0")[2]).toMatchObject({ by: "none" })
  })

  it("augments where it says so", () => {
    const steps = (...set: ReadonlyArray<string>) =>
      new Map(stepsOf(experimentFile(UCM), "train", ["mode=train", ...set])).get("augment")
    expect(steps()).toBeUndefined()
    expect(steps("augment_config.use_transform=True")).toMatchObject({
      h_flip: 0.5,
      blur: 0.1,
      compose: true,
      random_erasing: { p: 0, sl: 0.02, sh: 0.4, r1: 0.3 }
    })
    expect(steps("compat=original")).toMatchObject({ h_flip: 0.5, compat: "original" })
  })

  it("has BigEarthNet's lists exchanged with compat: original", () => {
    expect(paramsOf(experimentFile(variants[0]), "test", "read", ["compat=original"])?.split).toBe("val")
    expect(paramsOf(experimentFile(UCM), "test", "read", ["compat=original"])?.split).toBe("test")
  })

  it("averages chunks of BigEarthNet's queries with compat: original", () => {
    const chunk = (variant: Variant, ...set: ReadonlyArray<string>) =>
      paramsOf(experimentFile(variant), "test", "measure", set)?.chunk
    expect(chunk(variants[0], "compat=original")).toBe(250)
    expect([chunk(variants[0]), chunk(UCM, "compat=original")]).toEqual([undefined, undefined])
  })

  it("says in one line that a foreign ground truth is not opened", () => {
    expect(translated(experimentFile(UCM))?.notes).toEqual([
      `path_gt: ${join(home, "gt.hdf5")} is not opened; relevance is computed from the labels instead.`
    ])
    expect(translated(rerankFile)?.notes).toEqual([])
  })

  it("reads ground truth of ours in place of the archive's labels", () => {
    const text = experimentFile(UCM).replace("ROOT/gt.hdf5", "ROOT/truth.lmdb")
    for (const mode of ["test", "visualize"]) {
      expect(paramsOf(text, mode, "relabel", [`mode=${mode}`])).toEqual({ from: join(home, "truth.lmdb") })
    }
    expect(translated(text)?.notes).toEqual([])
    const again = rerankFile.replace("path_gt: None", "path_gt: 'ROOT/truth.lmdb'")
    expect(paramsOf(again, "qe", "relabel")).toEqual({ from: join(home, "truth.lmdb") })
  })

  it("says in one line each what it does not read", () => {
    expect(translated(experimentFile(UCM), ["mode=visualize"])?.notes).toEqual([
      `path_gt: ${join(home, "gt.hdf5")} is not opened; relevance is computed from the labels instead.`,
      `img_path: ${join(home, "Images")} is not read; pictures come from the archive in ${home}.`
    ])
    const again = rerankFile
      .replace("img_path: None", "img_path: pictures")
      .replace("labels_csv_path: None }\nja", "labels_csv_path: labels.csv }\nja")
    expect(translated(again)?.notes).toEqual([
      "img_path: pictures is not read; re-ranking draws no pictures.",
      `labels.csv: not read; labels stand in ${join(home, "saved", "embeddings.csv")}.`
    ])
  })

  it("says that a training begins anew, where it would not go on from what is there", () => {
    const place = join(home, "experiments", "checkpoints", "UCM_1e-4_resnet50_max_none_multiAP")
    const notes = (...set: ReadonlyArray<string>) => translated(experimentFile(UCM), ["mode=train", ...set])?.notes
    expect(notes()).toEqual([])
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, "epoch_0020.safetensors"), "")
    expect(notes()).toEqual([
      `resume: False: a training that is not finished begins anew, without the checkpoints in ${place}.`
    ])
    expect(notes("train.resume=True")).toEqual([])
    rmSync(join(home, "experiments"), { recursive: true })
  })

  it("keeps every checkpoint, and writes losses for TensorBoard as often as it says", () => {
    const params = (name: string) => paramsOf(experimentFile(UCM), "train", name, ["mode=train"])
    expect(params("checkpoint")).toEqual({ checkpoint_step: 20, keep: UCM.epochs, resume: false })
    expect(params("tensorboard")).toEqual({ display_step: 10 })
  })

  it("validates only where the list of validation patches names any, as AID's does not", () => {
    const names = () => [...planOf(experimentFile(variants[2]), ["mode=train"]).loaded.pipelines.keys()]
    expect(names()).toEqual(["validation", "train"])
    writeFileSync(join(home, "val.csv"), "")
    expect(names()).toEqual(["train"])
    writeFileSync(join(home, "val.csv"), "one\n")
  })

  it("is told apart from one of ours", () => {
    expect(translated("pipelines: { a: [report] }\nmode: test\n")).toBeUndefined()
    expect(translated("seed: 3\n")).toBeUndefined()
    expect(translated("a: [")).toBeUndefined()
  })
})

describe("a re-ranking file", () => {
  it("is the plain ranking, then a pipeline a scheme, `db` being `ja`", () => {
    const { folder, loaded } = planOf(rerankFile)
    expect([...loaded.pipelines.keys()]).toEqual(["plain", "qe", "aqe", "ja"])
    expect(folder).toBe(join("outputs", "mine"))
    expect(paramsOf(rerankFile, "ja", "report")).toEqual({ as: "ja", beside: ["plain", "qe", "aqe"] })
    expect(paramsOf(rerankFile, "aqe", "aqe")).toEqual({ k: 10, alpha: 3 })
    expect(paramsOf(rerankFile, "plain", "embeddings")).toEqual({
      from: join(home, "saved", "embeddings.npy"),
      labels: join(home, "saved", "embeddings.csv")
    })
  })

  it.each([
    ["rerank_scheme: ['qe', 'aqe', 'db']", "rerank_scheme: ['csqe']", 'rerank_scheme.0: unknown value "csqe"'],
    [
      "path_to_desc: 'ROOT/saved'",
      "path_to_desc: 'ROOT/none'",
      "path_to_desc: there is no ROOT/none: looked for a folder with embeddings.npy, or a .npy file"
    ],
    [
      "path_to_desc: 'ROOT/saved'",
      "path_to_desc: 'ROOT/weights'",
      "path_to_desc: ROOT/weights holds 0 .npy files: looked for embeddings.npy, or a single one"
    ],
    ["aqe: { k: 10, alpha: 3 }", "aqe: { k: 0, alpa: 3 }", "aqe.k: expected a whole number of at least 1, found 0"]
  ])("with %s become %s is refused", (before, after, message) => {
    expect(faults(rerankFile.replace(before, after)).join("\n")).toContain(rooted(message))
  })
})

describe("faults", () => {
  /** Where a text stands in the example, as `line:column`. */
  const place = (text: string) => {
    const at = experimentFile(UCM).indexOf(text)
    const before = experimentFile(UCM).slice(0, at).split("\n")
    return `${before.length}:${before[before.length - 1].length + 1}`
  }
  it.each([
    [
      "metric_loss: 'contrastive_avg'",
      "metric_loss: 'proxy_ap'",
      "train.metric_loss: `proxy_ap` is named in the original's files, but neither its code nor this one has it; there is `contrastive_avg`, `triplet_avg`, `triplet_hard`, `oml`, `smoothap`, or no value for none"
    ],
    [
      "metric_loss: 'contrastive_avg'",
      "metric_loss: 'none'",
      'train.metric_loss: expected a loss, or no value for none, found "none"'
    ],
    [
      "multi_scale: [1]",
      "multi_scale: [1, 2]",
      "test.global.multi_scale: expected [1]: several scales are deprecated in the original, and not offered here, found [1,2]"
    ],
    [
      "backbone: 'resnet50'",
      "backbone: 'resnet5'",
      'model.backbone: unknown value "resnet5"; did you mean `resnet50`?'
    ],
    ["pooling: 'max'", "poling: 'max'", "model.poling: unknown key; did you mean `pooling`?"],
    ["num_classes: 17", "num_classes: 19", "model.num_classes: expected 17, the classes of UCM, found 19"],
    ["channels: 3", "channels: 10", "model.channels: expected 3, the colours of UCM, found 10"],
    ["sim_threshold: 0.5", "sim_threshold: 1.5", "train.sim_threshold: expected a number from 0 to 1, found 1.5"],
    ["learning_rate: 1e-4", "learning_rate: fast", 'train.learning_rate: expected a number above 0, found "fast"'],
    ["epochs: 100", "epochs: many", 'train.epochs: expected a whole number of at least 1, found "many"'],
    ["save: True", "save: 'True'", 'test.save: expected true or false, found "True"'],
    ["device: [0]", "device: [-1]", "device"],
    [
      "ckpt_directory: 'ROOT/checkpoints'",
      "ckpt_directory: 'ROOT/saved'",
      "test.ckpt_directory: ROOT/saved holds no checkpoint: looked for epoch_N.safetensors and epoch_N.pth"
    ],
    [
      "ckpt_directory: 'ROOT/checkpoints'",
      "ckpt_directory: 'ROOT/none'",
      "test.ckpt_directory: there is no folder ROOT/none: looked for checkpoints there, epoch_N.safetensors or epoch_N.pth"
    ],
    [
      "root_dir: 'ROOT'",
      "root_dir: 'ROOT/none'",
      "root_dir: there is no folder ROOT/none: looked for the archive UCM there"
    ],
    [
      "nomenclature: 'UCM', batch",
      "nomenclature: 'AID', batch",
      'test.nomenclature: expected UCM for UCM, found "AID"'
    ],
    [
      "backbone: 'resnet50', output_stride: 32",
      "backbone: 'vgg16', output_stride: 16",
      "model.output_stride: expected 32 for vgg16, found 16; the original ignores it there, as `compat: original` does"
    ],
    [
      "sl: 0.02, sh: 0.4",
      "sl: 0.5, sh: 0.4",
      "augment_config.random_erasing.sl: expected at most `sh`, which is 0.4, found 0.5"
    ],
    ["mode: 'test'", "mode: 'rerank'", "mode: re-ranks saved embeddings, so its file has `path_to_desc`"],
    ["mode: 'test'", "mode: 'tset'", 'mode: unknown value "tset"; did you mean `test`?']
  ])("%s become %s", (before, after, message) => {
    const found = faults(experimentFile(UCM).replace(before, after))
    const [expected] = found.filter((line) => line.includes(rooted(message)))
    expect(found.join("\n")).toContain(rooted(message))
    expect(expected.startsWith(`a.yaml:${place(before).split(":")[0]}:`)).toBe(true)
  })

  it("are reported together, each at its key", () => {
    const text = experimentFile(UCM).replace("pooling: 'max'", "pooling: 'mx'").replace("epochs: 100", "epochs: 0")
    expect(faults(text)).toEqual([
      `a.yaml:${place("max'")}: model.pooling: unknown value "mx"; did you mean \`max\`?`,
      `a.yaml:${place("100, batch")}: train.epochs: expected a whole number of at least 1, found 0`
    ])
  })

  it("name what a mode needs and has not", () => {
    expect(faults(experimentFile(UCM).replace("learning_rate: 1e-4,", ""), ["mode=train"]).join()).toContain(
      "train.learning_rate: is missing: `mode: train` needs it"
    )
    expect(faults(experimentFile(UCM).replace("metric_loss: 'contrastive_avg',", ""), ["mode=train"]).join()).toContain(
      "training needs one of them"
    )
  })

  it("name weights that are not there", () => {
    const text = experimentFile(UCM).replace("pretrained: False", "pretrained: True").replace("resnet50", "resnet34")
    expect(faults(text, ["mode=train"]).join()).toMatch(
      /there are no weights of resnet34: looked for .*resnet34\.safet/
    )
  })

  it("of --set name the option", () => {
    expect(faults(experimentFile(UCM), ["train.epochs=0"])).toEqual([
      "--set train.epochs=0: train.epochs: expected a whole number of at least 1, found 0"
    ])
    expect(faults(experimentFile(UCM), ["trian.epochs=1"]).join()).toContain("did you mean `train`")
  })
})
