/** Files in the original's form become files of ours, or are refused at their own keys and lines. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { translate } from "../../../src/experiments/original/translate.ts"
import { language, makePlan, showPlan } from "../../../src/experiments/plan/plan.ts"
import { load } from "../../../src/pipeline/load.ts"
import { hash } from "../../../src/pipeline/print.ts"
import { experimentFile, publishedAid, rerankFile, type Variant, variants } from "./files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const UCM = variants[1]
const NAME = "UCM_1e-4_resnet50_max_none_multiAP"
const SAVED = `saved/${NAME}`
const CHECKPOINTS = join(home, "experiments", "checkpoints")
const rerankUcm = rerankFile("UCM")

beforeAll(() => {
  for (const folder of ["experiments/checkpoints", "saved", "patches.lmdb", "S2A_1", "weights"]) {
    mkdirSync(join(home, folder), { recursive: true })
  }
  const files = `train.csv val.csv test.csv ${SAVED}.npy ${SAVED}.csv`.split(" ")
  for (const file of files) writeFileSync(join(home, file), "")
  writeFileSync(join(home, "val.csv"), "one\n")
  mkdirSync(join(home, "truth.lmdb"))
  writeFileSync(join(home, "truth.lmdb", "data.mdb"), "")
  for (const file of ["epoch_9.pth", "epoch_20.pth", "notes.txt"]) writeFileSync(join(CHECKPOINTS, file), "")
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
    expect(paramsOf(experimentFile(UCM), "test", "embed")?.weights).toBe(join(CHECKPOINTS, "epoch_20.pth"))
  })

  it("takes the checkpoints of the experiment's own folder first, as the original joins the two", () => {
    const own = join(CHECKPOINTS, NAME)
    const weights = (...set: ReadonlyArray<string>) => paramsOf(experimentFile(UCM), "test", "embed", set)?.weights
    mkdirSync(own)
    expect(weights()).toBe(join(CHECKPOINTS, "epoch_20.pth"))
    for (const file of ["epoch_0002.safetensors", "epoch_3.pth"]) writeFileSync(join(own, file), "")
    expect(weights()).toBe(join(own, "epoch_3.pth"))
    expect(weights(`test.ckpt_directory=${own}`)).toBe(join(own, "epoch_3.pth"))
    expect(weights("experiment=other")).toBe(join(CHECKPOINTS, "epoch_20.pth"))
    expect(faults(experimentFile(UCM), [`test.ckpt_directory=${home}/none`]).join()).toContain(
      `; training has left checkpoints in ${own}`
    )
    rmSync(own, { recursive: true })
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
    expect(translated(rerankUcm)?.notes).toEqual([])
  })

  it("reads BigEarthNet's lists from Splits where they are there, each by itself", () => {
    const lists = (...set: ReadonlyArray<string>) => paramsOf(experimentFile(variants[0]), "test", "read", set)?.lists
    expect(lists()).toBe(".")
    mkdirSync(join(home, "Splits"))
    writeFileSync(join(home, "Splits", "test.csv"), "one\n")
    expect([lists(), lists("compat=original")]).toEqual(["Splits", "."])
    expect(paramsOf(experimentFile(UCM), "test", "read")?.lists).toBe(".")
    rmSync(join(home, "Splits"), { recursive: true })
  })

  it("names the place of a list that is missing", () => {
    const without = (variant: Variant) => {
      rmSync(join(home, "test.csv"))
      const found = faults(experimentFile(variant)).join()
      writeFileSync(join(home, "test.csv"), "")
      return found
    }
    expect(without(variants[0])).toContain(
      rooted(
        "ROOT/Splits/test.csv is missing: it lists the patches of test, one name per line; put the list there or at ROOT/test.csv"
      )
    )
    expect(without(UCM)).toContain(
      rooted("ROOT/test.csv is missing: it lists the patches of test, and `mode: prepare` writes it for UCM")
    )
  })

  it("saves embeddings under the experiment's name in save_path, or where a .npy says", () => {
    const save = (...set: ReadonlyArray<string>) => paramsOf(experimentFile(UCM), "test", "save", set)
    expect(save()).toEqual({ to: NAME, folder: join(home, "saved"), as: "npy" })
    expect(save("experiment=second run", "train.learning_rate=0.0001")).toMatchObject({
      to: "UCM_0.0001_resnet50_max_none_second run"
    })
    expect(save(`test.save_path=${home}/a/own.v2.npy`)).toEqual({ to: "own.v2", folder: join(home, "a"), as: "npy" })
    expect(faults(experimentFile(UCM), [`test.save_path=${home}/a/.npy.npy`]).join()).toContain(
      'expected a file name before .npy, found ".npy"'
    )
  })

  it("passes the parameters of the chosen losses only, and names the others", () => {
    const chosen = (metric: string, ...set: ReadonlyArray<string>) => {
      const edits = ["mode=train", `train.metric_loss=${metric}`, "train.sim_threshold=0.4", ...set]
      return {
        notes: translated(experimentFile(UCM), edits)?.notes,
        text: translated(experimentFile(UCM), edits)?.text
      }
    }
    expect(chosen("contrastive_avg").text).toContain("sim_threshold: 0.4, mining_strategy: ji")
    expect(chosen("contrastive_avg").notes).toEqual([])
    expect(chosen("oml").text).not.toContain("sim_threshold: 0.4")
    expect(chosen("oml").notes).toEqual(["sim_threshold, mining_strategy: no effect, because the loss is oml."])
    expect(chosen("oml", "train.loss_weight=[7, 2]").text).toContain("loss_weight: [1, 2]")
  })

  it("refuses proxy_ap for training only", () => {
    const text = experimentFile(publishedAid)
    expect(faults(text, ["mode=train"])).toEqual([
      expect.stringMatching(
        /^a\.yaml:\d+:\d+: train\.metric_loss: `proxy_ap` is named in .* choose one of `contrastive_avg`, .*, or give no value for none$/
      )
    ])
    for (const mode of ["prepare", "test", "visualize"]) {
      expect(translated(text, [`mode=${mode}`])?.notes).toContain(
        `metric_loss: neither the original's code nor orbitrank has proxy_ap; \`mode: ${mode}\` does not need it.`
      )
    }
  })

  it("reads ground truth of ours in place of the archive's labels", () => {
    const text = experimentFile(UCM).replace("ROOT/gt.hdf5", "ROOT/truth.lmdb")
    for (const mode of ["test", "visualize"]) {
      expect(paramsOf(text, mode, "relabel", [`mode=${mode}`])).toEqual({ from: join(home, "truth.lmdb") })
    }
    expect(translated(text)?.notes).toEqual([])
    const again = rerankUcm.replace("path_gt: None", "path_gt: 'ROOT/truth.lmdb'")
    expect(paramsOf(again, "qe", "relabel")).toEqual({ from: join(home, "truth.lmdb") })
  })

  it("says in one line each what it does not read", () => {
    expect(translated(experimentFile(UCM), ["mode=visualize"])?.notes).toEqual([
      `path_gt: ${join(home, "gt.hdf5")} is not opened; relevance is computed from the labels instead.`,
      `img_path: ${join(home, "Images")} is not read; images come from the archive in ${home}.`
    ])
    const again = rerankUcm
      .replace("img_path: None", "img_path: pictures")
      .replace("labels_csv_path: None }\nja", "labels_csv_path: labels.csv }\nja")
    expect(translated(again)?.notes).toEqual([
      "img_path: pictures is not read; re-ranking draws no images.",
      `labels.csv: not read; the labels come from ${join(home, `${SAVED}.csv`)}.`
    ])
  })

  it("says that a training begins anew, where it would not go on from what is there", () => {
    const place = join(home, "experiments", "checkpoints", "UCM_1e-4_resnet50_max_none_multiAP")
    const notes = (...set: ReadonlyArray<string>) => translated(experimentFile(UCM), ["mode=train", ...set])?.notes
    expect(notes()).toEqual([])
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, "epoch_0020.safetensors"), "")
    expect(notes()).toEqual([
      `resume: False: an unfinished training starts anew; the checkpoints in ${place} are removed.`
    ])
    expect(notes("train.resume=True")).toEqual([])
    rmSync(place, { recursive: true })
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
  it("finds embeddings by their file, its name without extension, or their folder", () => {
    const from = (path: string) => paramsOf(rerankUcm, "plain", "embeddings", [`path_to_desc=${path}`])?.from
    const found = join(home, `${SAVED}.npy`)
    for (const path of [found, join(home, SAVED), join(home, "saved")]) expect(from(path)).toBe(found)
    for (const name of ["AID_1e-4_a.npy", "AID_1e-4_a.csv", "AID_1e-4_b.npy"])
      writeFileSync(join(home, "saved", name), "")
    expect(from(join(home, "saved"))).toBe(found)
    expect(faults(rerankFile("AID"), [`path_to_desc=${home}/saved`]).join()).toContain(
      `${home}/saved holds 3 .npy files (AID_1e-4_a.npy, AID_1e-4_b.npy, ${NAME}.npy): give the path of one .npy file`
    )
    rmSync(join(home, "saved", "AID_1e-4_b.npy"))
    expect(paramsOf(rerankFile("AID"), "plain", "embeddings", [`path_to_desc=${home}/saved`])?.from).toBe(
      join(home, "saved", "AID_1e-4_a.npy")
    )
    for (const name of ["AID_1e-4_a.npy", "AID_1e-4_a.csv"]) rmSync(join(home, "saved", name))
  })

  it("is the plain ranking, then a pipeline a scheme, `db` being `ja`", () => {
    const { folder, loaded } = planOf(rerankUcm)
    expect([...loaded.pipelines.keys()]).toEqual(["plain", "qe", "aqe", "ja"])
    expect(folder).toBe(join("outputs", "mine"))
    expect(paramsOf(rerankUcm, "ja", "report")).toEqual({ as: "ja", beside: ["plain", "qe", "aqe"] })
    expect(paramsOf(rerankUcm, "aqe", "aqe")).toEqual({ k: 10, alpha: 3 })
    expect(paramsOf(rerankUcm, "plain", "embeddings")).toEqual({
      from: join(home, `${SAVED}.npy`),
      labels: join(home, `${SAVED}.csv`)
    })
  })

  it.each([
    ["rerank_scheme: ['qe', 'aqe', 'db']", "rerank_scheme: ['csqe']", 'rerank_scheme.0: unknown value "csqe"'],
    [
      `path_to_desc: 'ROOT/${SAVED}.npy'`,
      "path_to_desc: 'ROOT/none'",
      "path_to_desc: there is no ROOT/none: looked for a .npy file, or a folder with one; `mode: test` with `save: True` writes it"
    ],
    [
      `path_to_desc: 'ROOT/${SAVED}.npy'`,
      "path_to_desc: 'ROOT/weights'",
      "path_to_desc: ROOT/weights holds no .npy file: give the path of one .npy file"
    ],
    ["aqe: { k: 10, alpha: 3 }", "aqe: { k: 0, alpa: 3 }", "aqe.k: expected a whole number of at least 1, found 0"]
  ])("with %s become %s is refused", (before, after, message) => {
    expect(faults(rerankUcm.replace(before, after)).join("\n")).toContain(rooted(message))
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
      "metric_loss: 'none'",
      'train.metric_loss: expected a loss, or no value for none, found "none"'
    ],
    [
      "multi_scale: [1]",
      "multi_scale: [1, 2]",
      "test.global.multi_scale: expected [1], since other scales are deprecated in the original and not supported here, found [1,2]"
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
      "ckpt_directory: 'ROOT/experiments/checkpoints'",
      "ckpt_directory: 'ROOT/saved'",
      `test.ckpt_directory: neither ROOT/${SAVED} nor ROOT/saved holds a checkpoint: looked for epoch_N.safetensors or epoch_N.pth`
    ],
    [
      "ckpt_directory: 'ROOT/experiments/checkpoints'",
      "ckpt_directory: 'ROOT/none'",
      `test.ckpt_directory: there is no folder ROOT/none: looked for checkpoints in ROOT/none/${NAME} and in ROOT/none, epoch_N`
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
      "model.output_stride: expected 32 for vgg16, found 16; the original ignores it for this backbone, as `compat: original` does"
    ],
    [
      "sl: 0.02, sh: 0.4",
      "sl: 0.5, sh: 0.4",
      "augment_config.random_erasing.sl: expected at most `sh`, which is 0.4, found 0.5"
    ],
    ["mode: 'test'", "mode: 'rerank'", "mode: `rerank` works on saved embeddings, so its file needs `path_to_desc`"],
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
