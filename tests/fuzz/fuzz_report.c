// SPDX-License-Identifier: MIT
// Fuzzes what `sedge train --resume --log --report` reads back: the bytes are a log, of which a
// page is made.
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "runtime/verbs/report.h"
#include "runtime/verbs/train_log.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzz_folder.h"

/* All of a file, NUL-terminated; owned. */
static char *read_whole(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) abort();
  const long length = ftell(file);
  char *text = malloc((size_t)length + 1);
  rewind(file);
  if (!text || fread(text, 1, (size_t)length, file) != (size_t)length) abort();
  text[length] = '\0';
  fclose(file);
  return text;
}

/* The page is whole, and no text of the log has become part of its markup: it has no scripts and no
 * links of its own. */
static void check_page(const char *path) {
  static const char *const never[] = {"<script", "<a ", "<img", "<SCRIPT", "<iframe"};
  char *page = read_whole(path);
  if (strncmp(page, "<!DOCTYPE html>", 15) != 0 || !strstr(page, "</html>")) abort();
  for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
    if (strstr(page, never[i])) abort();
  free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[300];
  Failure failure = {0};
  const FuzzFile log = fuzz_file_open(data, size);
  json_t *events = read_train_log(log.path);
  fuzz_file_close(&log);
  snprintf(path, sizeof path, "%s/page", fuzz_folder());
  if (!write_report(events, path, &failure)) abort();
  check_page(path);
  unlink(path);
  json_decref(events);
  return 0;
}
