// SPDX-License-Identifier: MIT
// Compiles the file of an invocation as far as its verb needs it.
#include "compiler/compile.h"

#include "compiler/default_program.h"
#include "compiler/report.h"
#include "compiler/spare_inputs.h"
#include "lang/suggest.h"

/* The pass that an option names; NULL: `otherwise`. */
static bool choose_pass(const char *option, const char *name, PassId otherwise, PassId *pass) {
  *pass = otherwise;
  if (!name) return true;
  *pass = find_pass(name);
  if (*pass < PASS_COUNT) return true;
  Suggestion nearest = suggestion_for(name);
  for (uint32_t i = 0; i < PASS_COUNT; i++) suggest(&nearest, passes[i].name);
  usage_error("--%s=%s: there is no such pass; %s%s", option, name,
              nearest.best ? "did you mean " : "they are check, edges, model, fit and schedule",
              nearest.best ? nearest.best : "");
  return false;
}

CompileGoal compile_goal(const Invocation *invocation, PassId last) {
  const Options *options = &invocation->options;
  CompileGoal goal = {.is_partial = options->stop_after || options->dump};
  goal.is_wrong = !choose_pass("stop-after", options->stop_after, last, &goal.last) ||
                  !choose_pass("dump", options->dump, PASS_COUNT, &goal.dump);
  if (!goal.is_wrong && goal.dump != PASS_COUNT &&
      (goal.dump > goal.last || !options->stop_after)) {
    goal.last = goal.dump;
  }
  return goal;
}

bool compile_to(const CompileGoal *goal, Compilation *c) {
  if (!run_passes(c, goal->last)) return false;
  if (goal->dump != PASS_COUNT) passes[goal->dump].dump(c, stdout);
  return true;
}

Compilation *compile_file(const Invocation *invocation, PassId last, ExitCode *code) {
  const CheckOptions options = check_options(&invocation->options);
  const bool is_given = invocation->argument_count > 0;
  Compilation *c = compilation_open(is_given ? invocation->arguments[0] : "morse.sedge",
                                    is_given ? NULL : default_program, &options);
  const bool is_checked = run_passes(c, PASS_CHECK);
  const char *complaint = is_checked ? overwriting_complaint(invocation, c) : NULL;
  if (is_checked && !complaint && run_passes_from(c, PASS_CHECK + 1, last)) return c;
  *code = complaint ? usage_error("%s", complaint) : report_messages(invocation, c);
  compilation_close(c);
  return NULL;
}
