// SPDX-License-Identifier: MIT
// Compares each file that an option names with each that the program is made of.
#include "compiler/spare_inputs.h"

#include <stdlib.h>

#include "compiler/make_recipe.h"
#include "runtime/atomic_file.h"

typedef struct Output {
  const char *option, *path; /* path NULL: not given */
} Output;

/* The option that names this input as its output, or NULL. */
static const char *find_output(const Options *o, const char *input) {
  const Output outputs[] = {
      {"-o", o->output},       {"--save", o->run.save},     {"--checkpoint", o->run.checkpoint},
      {"--log", o->run.log},   {"--report", o->run.report}, {"--state", o->state},
      {"--figure", o->figure},
  };
  for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
    if (outputs[i].path && is_same_file(outputs[i].path, input)) return outputs[i].option;
  return NULL;
}

static const char *complain(const Invocation *invocation, const char *input) {
  const char *option = find_output(&invocation->options, input);
  return option ? arena_print(invocation->arena,
                              "%s would write over '%s', which the program reads", option, input)
                : NULL;
}

static const char *check_sources(const Invocation *invocation, const Compilation *c) {
  const char *complaint = NULL;
  for (uint32_t i = 0; !complaint && i < sources_count(c->sources); i++)
    complaint = complain(invocation, sources_file(c->sources, i)->name);
  return complaint;
}

static const char *check_edges(const Invocation *invocation, const Compilation *c) {
  const Network *network = &c->program->network;
  const char *complaint = NULL;
  for (uint32_t i = 0; !complaint && i < network->junction_count; i++) {
    const Pattern *pattern = &network->junctions[i].pattern;
    if (pattern->kind == PATTERN_EDGES) complaint = complain(invocation, edge_file(c, pattern));
  }
  return complaint;
}

static const char *check_data(const Invocation *invocation, const Compilation *c) {
  const Recipe recipe = make_recipe(c);
  char *path = data_path(&recipe.data, invocation->options.run.data,
                         folder_of_span(c, c->program->training.data.path_at));
  const char *complaint = path ? complain(invocation, path) : NULL;
  free(path);
  return complaint;
}

/* `export --load W -o W`; training may go on in the file that it began with. */
static const char *check_parameters(const Options *o) {
  if (!o->output || !o->run.load || !is_same_file(o->output, o->run.load)) return NULL;
  return "--load and -o name the same file";
}

const char *overwriting_complaint(const Invocation *invocation, const Compilation *c) {
  const char *complaint = c->text ? NULL : check_sources(invocation, c);
  if (!complaint) complaint = check_parameters(&invocation->options);
  if (!complaint) complaint = check_edges(invocation, c);
  return complaint ? complaint : check_data(invocation, c);
}
