// SPDX-License-Identifier: MIT
// sedge explain: an error code at length.
#include <stdio.h>

#include "compiler/command.h"
#include "compiler/report.h"
#include "lang/diagnostic.h"
#include "lang/suggest.h"

ExitCode command_explain(const Invocation *invocation) {
  const char *wanted = invocation->arguments[0];
  const ErrorCode code = find_error_code(wanted);
  if (code == ERROR_CODE_COUNT) {
    Suggestion nearest = suggestion_for(wanted);
    for (ErrorCode i = 0; i < ERROR_CODE_COUNT; i++) suggest(&nearest, error_code_name(i));
    if (nearest.best)
      return usage_error("there is no error code '%s'; did you mean %s?", wanted, nearest.best);
    return usage_error("there is no error code '%s'; codes look like %s", wanted,
                       error_code_name(0));
  }
  if (invocation->options.run.json) {
    print_json_line(stdout, json_pack("{s:s, s:s, s:s}", "code", error_code_name(code), "summary",
                                      error_code_summary(code), "text", error_code_text(code)));
    return EXIT_DONE;
  }
  printf("%s: %s\n\n%s", error_code_name(code), error_code_summary(code), error_code_text(code));
  return EXIT_DONE;
}
