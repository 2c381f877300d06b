// SPDX-License-Identifier: MIT
// sedge export: a trained network for other programs to infer with, as ONNX.
#include <sys/stat.h>

#include "compiler/command.h"
#include "compiler/onnx/onnx.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"
#include "runtime/atomic_file.h"
#include "runtime/model.h"

static void tell_result(const Options *options, const Engine *engine) {
  struct stat status;
  const uint64_t bytes = stat(options->output, &status) == 0 ? (uint64_t)status.st_size : 0;
  const uint64_t parameters = model_parameter_count(engine->model);
  if (options->run.json) {
    print_json_line(stdout,
                    json_pack("{s:s, s:s, s:s, s:b, s:I, s:I}", "event", "exported", "format",
                              "onnx", "path", options->output, "sparse", options->sparse,
                              "parameters", (json_int_t)parameters, "bytes", (json_int_t)bytes));
  } else if (!options->run.quiet) {
    printf("exported %s: ONNX, %s weights, %s bytes\n", options->output,
           options->sparse ? "sparse" : "dense", grouped(bytes));
  }
}

ExitCode command_export(const Invocation *invocation) {
  Session session;
  ExitCode code = EXIT_DONE;
  Failure failure = {0};
  Invocation mine = *invocation;
  mine.options.engine = "sim"; /* it only holds the parameters, and does not need LLVM for that */
  const Options *options = &mine.options;
  if (!options->output) return usage_error("export needs -o OUT: the file to write");
  if (!options->run.load)
    return usage_error("export needs --load W: the parameters that training saved");
  if (!session_open(&mine, false, &session, &code)) return code;
  if (can_write_file(options->output, &failure) &&
      write_onnx(options->output, session.engine, options->sparse, &failure)) {
    tell_result(options, session.engine);
  } else {
    code = report_failure(&mine, session.c, &failure);
  }
  session_close(&session);
  return code;
}
