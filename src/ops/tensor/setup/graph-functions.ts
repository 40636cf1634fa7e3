/**
 * The part of the compiled binding that is ours: functions made of graphs, which the package's binding does not offer. The
 * set-up inserts it into its copy of the binding's source.
 */

/** Version of this part. A package that was built with another one is built again. */
export const GRAPH_FUNCTIONS = 2

/** An insertion into a file of the binding's source, before a text that occurs there once. */
interface Insertion {
  readonly file: string
  readonly before: string
  readonly text: string
}

const DECLARATION = `
  // Makes a function of a graph, under a name that executeOp accepts:
  // - name_value (string)
  // - graph_value (Buffer: a GraphDef whose nodes i0, i1, ... are the inputs
  //   and o0, o1, ... the outputs)
  // - inputs_value, outputs_value (number of each)
  // - config_value (Buffer: the ConfigProto that the function runs with)
  napi_value AddFunction(napi_env env, napi_value name_value,
                         napi_value graph_value, napi_value inputs_value,
                         napi_value outputs_value, napi_value config_value);

  // Removes a function by its name.
  napi_value RemoveFunction(napi_env env, napi_value name_value);

  // Runs a function on a thread of libuv's pool, and returns a promise of what
  // executeOp returns:
  // - name_value (string)
  // - ids_value (array of input tensor IDs)
  // - outputs_value (number)
  napi_value StartFunction(napi_env env, napi_value name_value,
                           napi_value ids_value, napi_value outputs_value);

  // Settles the promise.
  static void FinishFunction(napi_env env, napi_status status, void *data);

`

const MEMBER = `  // ConfigProto of each function by its name.
  std::unordered_map<std::string, std::string> function_configs_;

`

/** Without its ConfigProto, a function would run without TensorFlow's optimisations. */
const CONFIGURED = `  auto function_config = function_configs_.find(op_name);
  if (function_config != function_configs_.end()) {
    TFE_OpSetAttrString(tfe_op.op, "config_proto",
                        function_config->second.data(),
                        function_config->second.size());
    TFE_OpSetAttrString(tfe_op.op, "executor_type", "", 0);
  }

`

const METHODS = `// Returns the ends of a function that are called PREFIX0, PREFIX1, ...
static bool FindEnds(napi_env env, TF_Graph *graph, const char *prefix,
                     int32_t count, std::vector<TF_Output> *ends) {
  for (int32_t i = 0; i < count; i++) {
    const std::string name = prefix + std::to_string(i);
    TF_Operation *operation = TF_GraphOperationByName(graph, name.c_str());
    if (operation == nullptr) {
      NAPI_THROW_ERROR(env, "The graph has no node %s", name.c_str());
      return false;
    }
    ends->push_back({operation, 0});
  }
  return true;
}

napi_value TFJSBackend::AddFunction(napi_env env, napi_value name_value,
                                    napi_value graph_value,
                                    napi_value inputs_value,
                                    napi_value outputs_value,
                                    napi_value config_value) {
  std::string name;
  ENSURE_NAPI_OK_RETVAL(env, GetStringParam(env, name_value, name), nullptr);
  void *graph_data;
  size_t graph_length;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_buffer_info(env, graph_value, &graph_data, &graph_length),
      nullptr);
  void *config_data;
  size_t config_length;
  ENSURE_NAPI_OK_RETVAL(
      env,
      napi_get_buffer_info(env, config_value, &config_data, &config_length),
      nullptr);
  int32_t num_inputs;
  int32_t num_outputs;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_value_int32(env, inputs_value, &num_inputs), nullptr);
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_value_int32(env, outputs_value, &num_outputs), nullptr);

  TF_AutoStatus tf_status;
  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph(TF_NewGraph(),
                                                             TF_DeleteGraph);
  std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> buffer(
      TF_NewBufferFromString(graph_data, graph_length), TF_DeleteBuffer);
  std::unique_ptr<TF_ImportGraphDefOptions,
                  decltype(&TF_DeleteImportGraphDefOptions)>
      options(TF_NewImportGraphDefOptions(), TF_DeleteImportGraphDefOptions);
  TF_GraphImportGraphDef(graph.get(), buffer.get(), options.get(),
                         tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);

  std::vector<TF_Output> inputs;
  std::vector<TF_Output> outputs;
  if (!FindEnds(env, graph.get(), "i", num_inputs, &inputs)) return nullptr;
  if (!FindEnds(env, graph.get(), "o", num_outputs, &outputs)) return nullptr;
  std::unique_ptr<TF_Function, decltype(&TF_DeleteFunction)> function(
      TF_GraphToFunction(graph.get(), name.c_str(), 0, -1, nullptr, num_inputs,
                         inputs.data(), num_outputs, outputs.data(), nullptr,
                         nullptr, name.c_str(), tf_status.status),
      TF_DeleteFunction);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  TFE_ContextAddFunction(tfe_context_, function.get(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  function_configs_[name] =
      std::string(static_cast<const char *>(config_data), config_length);
  return nullptr;
}

napi_value TFJSBackend::RemoveFunction(napi_env env, napi_value name_value) {
  std::string name;
  ENSURE_NAPI_OK_RETVAL(env, GetStringParam(env, name_value, name), nullptr);
  TF_AutoStatus tf_status;
  TFE_ContextRemoveFunction(tfe_context_, name.c_str(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  function_configs_.erase(name);
  return nullptr;
}

// A function that runs on a thread of libuv's pool.
struct FunctionRun {
  explicit FunctionRun(TFJSBackend *backend) : backend(backend) {}

  TFJSBackend *const backend;
  std::unique_ptr<TFE_Op, decltype(&TFE_DeleteOp)> op{nullptr, TFE_DeleteOp};
  std::vector<TFE_TensorHandle *> results;
  TF_AutoStatus tf_status;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

static void RunFunction(napi_env env, void *data) {
  FunctionRun *const run = static_cast<FunctionRun *>(data);
  int size = run->results.size();
  TFE_Execute(run->op.get(), run->results.data(), &size,
              run->tf_status.status);
}

void TFJSBackend::FinishFunction(napi_env env, napi_status status, void *data) {
  std::unique_ptr<FunctionRun> run(static_cast<FunctionRun *>(data));
  napi_delete_async_work(env, run->work);
  if (status != napi_ok || TF_GetCode(run->tf_status.status) != TF_OK) {
    const char *why = TF_Message(run->tf_status.status);
    napi_value message;
    napi_value error;
    ENSURE_NAPI_OK(env, napi_create_string_utf8(env, why, NAPI_AUTO_LENGTH,
                                                &message));
    ENSURE_NAPI_OK(env, napi_create_error(env, nullptr, message, &error));
    napi_reject_deferred(env, run->deferred, error);
    return;
  }
  napi_value infos;
  ENSURE_NAPI_OK(env, napi_create_array_with_length(env, run->results.size(),
                                                    &infos));
  for (uint32_t i = 0; i < run->results.size(); i++) {
    napi_value info =
        run->backend->GenerateOutputTensorInfo(env, run->results[i]);
    ENSURE_NAPI_OK(env, napi_set_element(env, infos, i, info));
  }
  napi_resolve_deferred(env, run->deferred, infos);
}

napi_value TFJSBackend::StartFunction(napi_env env, napi_value name_value,
                                      napi_value ids_value,
                                      napi_value outputs_value) {
  std::string name;
  ENSURE_NAPI_OK_RETVAL(env, GetStringParam(env, name_value, name), nullptr);
  auto config = function_configs_.find(name);
  if (config == function_configs_.end()) {
    NAPI_THROW_ERROR(env, "There is no function %s", name.c_str());
    return nullptr;
  }
  std::unique_ptr<FunctionRun> run(new FunctionRun(this));
  TF_AutoStatus tf_status;
  run->op.reset(TFE_NewOp(tfe_context_, name.c_str(), tf_status.status));
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  uint32_t num_inputs;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_array_length(env, ids_value, &num_inputs), nullptr);
  for (uint32_t i = 0; i < num_inputs; i++) {
    napi_value id_value;
    int32_t id;
    ENSURE_NAPI_OK_RETVAL(env, napi_get_element(env, ids_value, i, &id_value),
                          nullptr);
    ENSURE_NAPI_OK_RETVAL(env, napi_get_value_int32(env, id_value, &id),
                          nullptr);
    auto entry = tfe_handle_map_.find(id);
    if (entry == tfe_handle_map_.end()) {
      NAPI_THROW_ERROR(env, "Input Tensor ID not referenced (tensor_id: %d)",
                       id);
      return nullptr;
    }
    // The operation holds the tensor until it has run.
    TFE_OpAddInput(run->op.get(), entry->second, tf_status.status);
    ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  }
  TFE_OpSetAttrString(run->op.get(), "config_proto", config->second.data(),
                      config->second.size());
  TFE_OpSetAttrString(run->op.get(), "executor_type", "", 0);
  int32_t num_outputs;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_value_int32(env, outputs_value, &num_outputs), nullptr);
  run->results.assign(num_outputs, nullptr);

  napi_value resource;
  ENSURE_NAPI_OK_RETVAL(
      env,
      napi_create_string_utf8(env, "function", NAPI_AUTO_LENGTH, &resource),
      nullptr);
  ENSURE_NAPI_OK_RETVAL(
      env,
      napi_create_async_work(env, nullptr, resource, RunFunction,
                             FinishFunction, run.get(), &run->work),
      nullptr);
  napi_value promise;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_create_promise(env, &run->deferred, &promise), nullptr);
  ENSURE_NAPI_OK_RETVAL(env, napi_queue_async_work(env, run->work), nullptr);
  // FinishFunction owns it now.
  run.release();
  return promise;
}

`

/** The functions of the binding by their names in C++, each with its number of arguments. */
const FUNCTIONS = [
  ["AddFunction", 5],
  ["RemoveFunction", 1],
  ["StartFunction", 3]
] as const

const inJavaScript = (name: string): string => `${name[0].toLowerCase()}${name.slice(1)}`

/** The function that JavaScript calls: it checks the number of arguments, and passes them on. */
const entry = ([name, count]: (typeof FUNCTIONS)[number]): string => {
  const args = Array.from({ length: count }, (_, i) => `args[${i}]`).join(", ")
  const needs = `${count} arg${count === 1 ? "" : "s"}`
  return `static napi_value ${name}(napi_env env, napi_callback_info info) {
  size_t argc = ${count};
  napi_value args[${count}];
  napi_value js_this;
  napi_status nstatus =
      napi_get_cb_info(env, info, &argc, args, &js_this, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (argc < ${count}) {
    NAPI_THROW_ERROR(env, "${inJavaScript(name)}() needs ${needs} but got %zu.", argc);
    return nullptr;
  }
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  return backend->${name}(env, ${args});
}

`
}

const ENTRIES = FUNCTIONS.map(entry).join("")

const property = ([name]: (typeof FUNCTIONS)[number]): string =>
  `{"${inJavaScript(name)}", nullptr, ${name}, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      `

const PROPERTIES = FUNCTIONS.map(property).join("")

/** Insertions for version 4.22.0 of the package. */
export const INSERTIONS: ReadonlyArray<Insertion> = [
  { file: "tfjs_backend.h", before: " private:\n  TFJSBackend(napi_env env);", text: DECLARATION },
  { file: "tfjs_backend.h", before: "  TFE_Context *tfe_context_;", text: MEMBER },
  {
    file: "tfjs_backend.cc",
    before: "  int32_t num_outputs;\n  nstatus = napi_get_value_int32(env, num_output_values, &num_outputs);",
    text: CONFIGURED
  },
  { file: "tfjs_backend.cc", before: "/* Helper function to generate TensorInfo", text: METHODS },
  { file: "tfjs_binding.cc", before: "static napi_value IsUsingGPUDevice(", text: ENTRIES },
  { file: "tfjs_binding.cc", before: '{"loadSavedModel", nullptr,', text: PROPERTIES }
]

/**
 * Inserts this part into one file of the binding's source.
 *
 * @returns undefined if the text is not that of version 4.22.0
 */
export const withGraphFunctions = (file: string, source: string): string | undefined =>
  INSERTIONS.filter((insertion) => insertion.file === file).reduce<string | undefined>(
    (text, { before, text: added }) => {
      const pieces = text?.split(before) ?? []
      return pieces.length === 2 ? `${pieces[0]}${added}${before}${pieces[1]}` : undefined
    },
    source
  )
