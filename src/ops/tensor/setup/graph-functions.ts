/**
 * The part of the compiled binding that is ours: functions made of graphs, which the package's binding does not offer. The
 * set-up inserts it into its copy of the binding's source.
 */

/** Version of this part. A package that was built with another one is built again. */
export const GRAPH_FUNCTIONS = 1

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

`

const ENTRIES = `static napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t argc = 5;
  napi_value args[5];
  napi_value js_this;
  napi_status nstatus =
      napi_get_cb_info(env, info, &argc, args, &js_this, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (argc < 5) {
    NAPI_THROW_ERROR(env, "addFunction() needs 5 args but got %zu.", argc);
    return nullptr;
  }
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  return backend->AddFunction(env, args[0], args[1], args[2], args[3], args[4]);
}

static napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value args[1];
  napi_value js_this;
  napi_status nstatus =
      napi_get_cb_info(env, info, &argc, args, &js_this, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (argc < 1) {
    NAPI_THROW_ERROR(env, "removeFunction() needs 1 arg but got %zu.", argc);
    return nullptr;
  }
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  return backend->RemoveFunction(env, args[0]);
}

`

const PROPERTIES = `{"addFunction", nullptr, AddFunction, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      `

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
