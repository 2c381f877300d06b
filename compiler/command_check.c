// SPDX-License-Identifier: MIT
// sedge check: is the file right?  Goes through all passes, so that what the hardware makes of it
// is said too.
#include <stdio.h>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/report.h"

/* One line that says what was understood. */
static void print_summary(const Compilation *c) {
  const Network *network = &c->program->network;
  uint64_t edge_count = 0, dense_count = 0;
  printf("%s: network '%s', ", c->path, network->name.text);
  for (uint32_t i = 0; i < network->layer_count; i++) {
    printf("%s%u", i > 0 ? "-" : "", network->layers[i].neuron_count);
  }
  for (uint32_t i = 0; i < network->junction_count; i++) {
    edge_count += c->edges[i].edge_count;
    dense_count += (uint64_t)c->edges[i].left_count * c->edges[i].right_count;
  }
  printf(", %s edges, %.1f %% of the dense network's\n", grouped(edge_count),
         100.0 * (double)edge_count / (double)dense_count);
}

ExitCode command_check(const Invocation *invocation) {
  const CompileGoal goal = compile_goal(invocation, PASS_SCHEDULE);
  if (goal.is_wrong) return EXIT_USAGE;
  ExitCode worst = EXIT_DONE;
  for (uint32_t i = 0; i < invocation->argument_count; i++) {
    const CheckOptions options = check_options(&invocation->options);
    Compilation *c = compilation_open(invocation->arguments[i], NULL, &options);
    const bool is_done = compile_to(&goal, c);
    const ExitCode code = report_messages(invocation, c);
    const Options *given = &invocation->options;
    if (is_done && !goal.is_partial && !given->run.json && !given->run.quiet) print_summary(c);
    if (worst == EXIT_DONE) worst = code;
    compilation_close(c);
  }
  return worst;
}
