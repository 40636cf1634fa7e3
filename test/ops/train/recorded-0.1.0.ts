/** The parameters of `optimise`, but for its model, as version 0.1.0 recorded them: one key per parameter of every loss. */
export const RECORDED = {
  id_loss: "none",
  metric_loss: "oml",
  loss_weight: [1, 1],
  sim_threshold: 0.5,
  mining_strategy: "ji",
  exclude_anchor: false,
  margin: 1.2,
  temperature: 0.01,
  optimizer: "adam",
  momentum: 0.9,
  learning_rate: 0.002,
  schedule: { name: "exponential" },
  update_iter: 1,
  compat: "none"
}
