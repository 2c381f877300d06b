// SPDX-License-Identifier: MIT
// A built trainer: opens the model that is packed in it and runs one of the verbs that it shares
// with sedge.
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/built/built.h"
#include "runtime/built/command_line.h"
#include "runtime/parameters.h"
#include "runtime/system.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/process.h"
#include "runtime/verbs/run.h"

/* One call: what main opens, the shared verb uses and main closes. */
typedef struct Call {
  const char *program; /* as it was called */
  TrainerLine line;
  UnpackedTrainer built;
  Dataset data;
  Engine *engine;
} Call;

/* ---- failures ---- */

static ExitCode report(void *context, const Failure *failure) {
  const Call *call = context;
  const char *place = failure->path[0] ? failure->path : call->program;
  if (call->line.options.json) {
    print_json_line(stdout, json_pack("{s:s, s:s, s:s}", "file", place, "severity", "error",
                                      "message", failure->message));
  } else {
    fprintf(stderr, "%s: error: %s\n", place, failure->message);
  }
  if (failure->kind == FAILURE_DEFECT)
    fprintf(stderr, "%s: this is a defect of sedge; please report it\n", call->program);
  return exit_code_of_failure(failure->kind);
}

static ExitCode usage_error(const Call *call, const char *complaint) {
  fprintf(stderr, "%s: error: %s\n%s --help lists the verbs and options\n", call->program,
          complaint, call->program);
  return EXIT_USAGE;
}

/* ---- info ---- */

static json_t *info_json(const Call *call) {
  const Model *model = &call->built.model;
  char number[40], digest[65];
  json_t *layers = json_array();
  for (uint32_t i = 0; i <= model->junction_count; i++)
    json_array_append_new(layers, json_integer(model->layers[i].neuron_count));
  number_name(&model->number, number);
  model_digest(model, digest);
  return json_pack(
      "{s:s, s:s, s:o, s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:b, s:s, s:s}", "event", "info",
      "network", model->name, "layers", layers, "inputs", (json_int_t)model->layers[0].real_count,
      "outputs", (json_int_t)model->layers[model->junction_count].real_count, "parameters",
      (json_int_t)model_parameter_count(model), "number", number, "order",
      model->is_pipelined ? "pipelined" : "sequential", "batch", (json_int_t)model->batch, "epochs",
      (json_int_t)call->built.recipe.epochs, "can_train", (int)call->built.recipe.is_given,
      "model_sha256", digest, "version", SEDGE_VERSION);
}

static ExitCode print_info(const Call *call) {
  const Model *model = &call->built.model;
  const Recipe *recipe = &call->built.recipe;
  char digest[65];
  if (call->line.options.json) {
    print_json_line(stdout, info_json(call));
    return EXIT_DONE;
  }
  model_digest(model, digest);
  print_network(model, stdout);
  printf("inputs      %" PRIu32 ", outputs %" PRIu32 "\n", model->layers[0].real_count,
         model->layers[model->junction_count].real_count);
  printf("parameters  %s\n", grouped(model_parameter_count(model)));
  if (recipe->is_given) {
    printf("training    %" PRIu32 " epochs%s%s\n", recipe->epochs,
           recipe->data.path[0] ? ", data in " : "", recipe->data.path);
  } else {
    puts("training    none: the program has no train block");
  }
  printf("model       sha256 %s\nbuilt by    sedge " SEDGE_VERSION "\n", digest);
  return EXIT_DONE;
}

/* ---- the shared verbs ---- */

static bool load_data(Call *call, Failure *failure) {
  const RunOptions *options = &call->line.options;
  char *near = system_program_folder();
  const bool is_good = near ? load_recipe_data(&call->built.recipe, &call->built.model,
                                               options->data, near, &call->data, failure)
                            : fail(failure, FAILURE_MEMORY, NULL, "no memory for a path");
  free(near);
  if (!is_good && failure->kind == FAILURE_INPUT && !options->data && !options->json) {
    report(call, failure);
    fputs("      = help: --data DIR says where else the data are\n", stderr);
    failure->kind = FAILURE_NONE;
  }
  return is_good;
}

/* Opens what the verb needs; a failure of kind NONE has been told. */
static bool open_call(Call *call, bool needs_data, Failure *failure) {
  const RunOptions *options = &call->line.options;
  if (needs_data && !call->built.recipe.is_given) {
    return fail(failure, FAILURE_MODEL, NULL,
                "the program has no train block: this was built to predict rows of a file");
  }
  if (options->seed.is_given) reseed(&call->built.recipe, &call->built.model, options->seed.value);
  if (needs_data && !load_data(call, failure)) return false;
  call->engine = open_built_engine(&call->built, run_threads(options, &call->built.model), failure);
  return call->engine && (!options->load || load_parameters(options->load, call->engine, failure));
}

typedef struct SharedVerb {
  ExitCode (*run)(const Run *run);
  const char *(*complaint)(const RunOptions *options);
} SharedVerb;

static const SharedVerb shared[TRAINER_VERB_COUNT] = {
    [VERB_TRAIN] = {run_train, train_complaint},
    [VERB_TEST] = {run_test, test_complaint},
    [VERB_PREDICT] = {run_predict, predict_complaint},
};

static ExitCode run_shared(Call *call) {
  const TrainerVerb verb = call->line.verb;
  const bool needs_data = verb != VERB_PREDICT || predict_needs_data(call->line.input);
  char again[4096];
  Failure failure = {0};
  snprintf(again, sizeof again, "%s train", call->program);
  if (!open_call(call, needs_data, &failure))
    return failure.kind == FAILURE_NONE ? EXIT_SYSTEM : report(call, &failure);
  const Run run = {.options = &call->line.options,
                   .recipe = &call->built.recipe,
                   .data = &call->data,
                   .engine = call->engine,
                   .input = call->line.input,
                   .program = call->program,
                   .again = again,
                   .report = report,
                   .context = call};
  return shared[verb].run(&run);
}

static ExitCode run_call(Call *call) {
  const TrainerVerb verb = call->line.verb;
  const char *complaint =
      shared[verb].complaint ? shared[verb].complaint(&call->line.options) : NULL;
  Failure failure = {0};
  if (complaint) return usage_error(call, complaint);
  if (!open_built_model(&call->built, &failure)) return report(call, &failure);
  const ExitCode code = shared[verb].run ? run_shared(call) : print_info(call);
  engine_close(call->engine);
  dataset_close(&call->data);
  unpacked_close(&call->built);
  return code;
}

/* Only write() is safe here. */
static void on_illegal_instruction(int signal_number) {
  static const char text[] =
      "this processor lacks instructions that the trainer was built for; `sedge build --cpu` makes "
      "one for it\n";
  (void)signal_number;
  _exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? EXIT_SYSTEM : EXIT_WRONG);
}

static ExitCode run_line(int argc, char **argv) {
  Call call = {.program = argc > 0 ? argv[0] : "trainer"};
  char complaint[256];
  process_begin(call.program);
  system_on_illegal_instruction(on_illegal_instruction);
  if (!parse_trainer_line(argc, argv, &call.line, complaint)) return usage_error(&call, complaint);
  const bool has_verb = call.line.verb != TRAINER_VERB_COUNT;
  if (call.line.options.version) {
    puts("sedge " SEDGE_VERSION);
  } else if (!has_verb) {
    print_trainer_overview(call.program, stdout);
  } else if (call.line.options.help) {
    print_trainer_verb(call.program, call.line.verb, stdout);
  } else {
    return run_call(&call);
  }
  return EXIT_DONE;
}

int main(int argc, char **argv) {
  return (int)process_end(run_line(argc, argv));
}
