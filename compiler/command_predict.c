// SPDX-License-Identifier: MIT
// sedge predict: compiles the file and hands it to the runtime's verb.
#include "compiler/command.h"
#include "compiler/open_engine.h"

ExitCode command_predict(const Invocation *invocation) {
  Session session;
  ExitCode code = EXIT_DONE;
  const char *complaint = predict_complaint(&invocation->options.run);
  const char *input = invocation->argument_count > 1 ? invocation->arguments[1] : NULL;
  if (complaint) return usage_error("%s", complaint);
  if (!is_engine_known(&invocation->options)) return EXIT_USAGE;
  if (!session_open(invocation, predict_needs_data(input), &session, &code)) return code;
  const Run run = session_run(&session);
  code = run_predict(&run);
  session_close(&session);
  return code;
}
