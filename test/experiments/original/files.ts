/** Files in the original's form, as its users have them: its keys, nesting and way of writing. */

export interface Variant {
  readonly dataset: "BigEarthNet" | "UCM" | "AID" | "WHDLD"
  readonly classes: number
  readonly nomenclature: string
  readonly metric: string
  readonly epochs: number
  readonly size: number
}

/** The original's experiments; AID's published file is `publishedAid`. */
export const variants: ReadonlyArray<Variant> = [
  { dataset: "BigEarthNet", classes: 19, nomenclature: "new_classes", metric: "smoothap", epochs: 40, size: 120 },
  { dataset: "UCM", classes: 17, nomenclature: "UCM", metric: "contrastive_avg", epochs: 100, size: 256 },
  { dataset: "AID", classes: 17, nomenclature: "AID", metric: "oml", epochs: 60, size: 256 },
  { dataset: "WHDLD", classes: 6, nomenclature: "WHDLD", metric: "contrastive_avg", epochs: 100, size: 256 }
]

/** The AID file names a loss that nobody has. */
export const publishedAid: Variant = { ...variants[2], metric: "proxy_ap" }

export const experimentFile = ({ classes, dataset, epochs, metric, nomenclature, size }: Variant): string => `
mode: 'test'
root_dir: 'ROOT'
device: [0]
experiment: 'multiAP'
model: { backbone: 'resnet50', output_stride: 32, module: 'none', pooling: 'max', part_dim: 256, parts: [[1, 1, 1]],
         num_classes: ${classes}, pretrained: False, channels: 3 }
train: { nomenclature: '${nomenclature}', id_loss: , metric_loss: '${metric}', loss_weight: [1, 1], sim_threshold: 0.5, mining_strategy: 'ji', optimizer: 'adam',
         learning_rate: 1e-4, epochs: ${epochs}, batch_size: 72, dataset: '${dataset}', update_iter: 1, resume: False, checkpoint_step: 20 }
test:
  { nomenclature: '${nomenclature}', batch_size: 96, dataset: '${dataset}', ckpt_directory: 'ROOT/experiments/checkpoints', save: True, save_path: 'ROOT/saved', global: { multi_scale: [1] },
    retrieval: { chunk_size: 250, seed: 24, path_gt: 'ROOT/gt.hdf5', visualize: 10 }, visualization: { img_path: 'ROOT/Images' } }
display: { summary_step: 100, display_step: 10 }
augment_config:
  { use_transform: False, h_flip: 0.5, v_flip: 0.0, rotate: 0.0, blur: 0.1, brightness: 0.1, contrast: 0.1, gamma: 0.1, normalize: 1, compose: 1, image_size: ${size},
    random_erasing: { p: 0.0, sl: 0.02, sh: 0.4, r1: 0.3 } }
`

/** Re-ranks what an experiment saved: its `.npy`, named like the experiment. */
export const rerankFile = (dataset: Variant["dataset"], name = `${dataset}_1e-4_resnet50_max_none_multiAP`): string => `
path_to_desc: 'ROOT/saved/${name}.npy'
dataset: '${dataset}'
seed: 24
rerank_scheme: ['qe', 'aqe', 'db']
retrieval: { chunk_size: 250, seed: 24, path_gt: None, visualize: 10 }
visualization: { img_path: None }
qe: { k: 10 }
aqe: { k: 10, alpha: 3 }
csqe: { k: 10, ks: 5, kc: 5, sim_affinity_path: None, label_affinity_path: None, precomputed_graph_path: None, labels_csv_path: None }
ja: { save_path: None, labels_csv_path: None }
`
