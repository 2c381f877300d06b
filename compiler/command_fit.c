// SPDX-License-Identifier: MIT
// sedge fit: what the hardware makes of the network.
#include <stdio.h>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/fit/fit_report.h"
#include "compiler/report.h"

ExitCode command_fit(const Invocation *invocation) {
  const CompileGoal goal = compile_goal(invocation, PASS_SCHEDULE);
  if (goal.is_wrong) return EXIT_USAGE;
  const CheckOptions options = check_options(&invocation->options);
  Compilation *c = compilation_open(invocation->arguments[0], NULL, &options);
  const bool is_done = compile_to(&goal, c);
  const ExitCode code = report_messages(invocation, c);
  if (is_done && !goal.is_partial) {
    const FitReportInput input = {.program = c->program,
                                  .model = c->model,
                                  .fit = c->fit,
                                  .schedule = c->schedule,
                                  .with_color =
                                      stream_has_color(stdout, invocation->options.color)};
    if (invocation->options.run.json) {
      print_json_line(stdout, fit_report_json(&input));
    } else {
      print_fit_report(&input, stdout);
    }
  }
  compilation_close(c);
  return code;
}
