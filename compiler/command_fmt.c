// SPDX-License-Identifier: MIT
// sedge fmt: one layout for .sedge files.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/command.h"
#include "compiler/compilation.h"
#include "compiler/report.h"
#include "lang/format.h"
#include "lang/import.h"
#include "runtime/atomic_file.h"

static bool is_standard_input(const char *path) {
  return strcmp(path, "-") == 0;
}

/* The text of a file, or of standard input.  NULL after reporting. */
static const SourceFile *read_text(const Compilation *c) {
  const ImportContext context = {
      .sources = c->sources, .diagnostics = c->diagnostics, .arena = c->arena};
  return read_source_file(&context, c->path);
}

/* Puts the new text in the file's place, with its permissions. */
static bool replace_file(const Compilation *c, LaidOut new) {
  Failure failure = {0};
  struct stat status;
  AtomicFile *file = atomic_file_open(c->path, &failure);
  if (file) {
    FILE *out = atomic_file_stream(file);
    if (stat(c->path, &status) == 0) fchmod(fileno(out), status.st_mode & 07777);
    fwrite(new.text, 1, new.length, out);
    if (atomic_file_commit(file, &failure)) return true;
  }
  add_failure(c->diagnostics, &failure);
  return false;
}

/* Says that a file is, or would be, changed. */
static void tell(const Invocation *invocation, const char *path) {
  if (invocation->options.run.json) {
    print_json_line(stdout, json_pack("{s:s, s:b}", "file", path, "changed", 1));
  } else if (invocation->options.check || !invocation->options.run.quiet) {
    printf("%s\n", path);
  }
}

static ExitCode format_one(const Invocation *invocation, const char *path) {
  const CheckOptions none = {0};
  Compilation *c = compilation_open(path, NULL, &none);
  const SourceFile *source = read_text(c);
  LaidOut new = {0};
  if (source) new = format_source(source, c->sources, c->diagnostics, c->arena);
  const bool is_changed = new.text && (new.length != source->length ||
                                       memcmp(new.text, source->text, source->length) != 0);
  const bool is_filter = is_standard_input(path) && !invocation->options.check;
  if (new.text && is_filter) {
    fwrite(new.text, 1, new.length, stdout);
  } else if (is_changed && (invocation->options.check || replace_file(c, new))) {
    tell(invocation, path);
  }
  ExitCode code = report_messages(invocation, c);
  if (code == EXIT_DONE && is_changed && invocation->options.check) code = EXIT_WRONG;
  compilation_close(c);
  return code;
}

ExitCode command_fmt(const Invocation *invocation) {
  ExitCode worst = EXIT_DONE;
  for (uint32_t i = 0; i < invocation->argument_count; i++) {
    const ExitCode code = format_one(invocation, invocation->arguments[i]);
    /* A file that cannot be read or is wrong weighs more than one that is laid out otherwise. */
    if (code > worst) worst = code;
  }
  return worst;
}
