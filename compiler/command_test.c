// SPDX-License-Identifier: MIT
// sedge test: compiles the file and hands it to the runtime's verb.
#include "compiler/command.h"
#include "compiler/open_engine.h"

ExitCode command_test(const Invocation *invocation) {
  Session session;
  ExitCode code = EXIT_DONE;
  const char *complaint = test_complaint(&invocation->options.run);
  if (complaint) return usage_error("%s", complaint);
  if (!is_engine_known(&invocation->options)) return EXIT_USAGE;
  if (!session_open(invocation, true, &session, &code)) return code;
  const Run run = session_run(&session);
  code = run_test(&run);
  session_close(&session);
  return code;
}
