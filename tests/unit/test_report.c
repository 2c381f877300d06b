// SPDX-License-Identifier: MIT
// Failures of the runtime as messages of the command: their code, their words, and the exit status.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/report.h"

typedef struct Reported {
  ErrorCode code;
  ExitCode exit_code;
  char text[512]; /* as on standard error */
} Reported;

static Reported report(FailureKind kind, const char *path) {
  const Invocation invocation = {.verb = VERB_TRAIN};
  const CheckOptions options = {0};
  Compilation *c = compilation_open("n.sedge", NULL, &options);
  Failure failure;
  Reported reported = {0};
  (fail)(&failure, kind, path, "no %s", "luck");

  FILE *words = tmpfile();
  const int own = dup(STDERR_FILENO);
  assert_non_null(words);
  assert_true(dup2(fileno(words), STDERR_FILENO) >= 0);
  reported.exit_code = report_failure(&invocation, c, &failure);
  fflush(stderr);
  assert_true(dup2(own, STDERR_FILENO) >= 0);
  close(own);
  rewind(words);
  assert_true(fread(reported.text, 1, sizeof reported.text - 1, words) > 0);
  fclose(words);

  assert_int_equal(message_count(c->diagnostics), 1);
  reported.code = message_facts(c->diagnostics, 0).code;
  compilation_close(c);
  return reported;
}

static void test_codes_and_exit_status(void **state) {
  (void)state;
  static const struct {
    FailureKind kind;
    ErrorCode code;
    ExitCode exit_code;
  } expected[] = {
      {FAILURE_INPUT, ERROR_READ, EXIT_SYSTEM},    {FAILURE_OUTPUT, ERROR_WRITE, EXIT_SYSTEM},
      {FAILURE_MEMORY, ERROR_MEMORY, EXIT_SYSTEM}, {FAILURE_MODEL, ERROR_UNSUITABLE, EXIT_WRONG},
      {FAILURE_TARGET, ERROR_TARGET, EXIT_WRONG},  {FAILURE_DEFECT, ERROR_DEFECT, EXIT_DEFECT},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    const Reported reported = report(expected[i].kind, NULL);
    assert_int_equal(reported.code, expected[i].code);
    assert_int_equal(reported.exit_code, expected[i].exit_code);
    assert_non_null(strstr(reported.text, "error: no luck\n"));
  }
}

static void test_a_failure_names_its_file(void **state) {
  (void)state;
  assert_non_null(strstr(report(FAILURE_INPUT, "rows.csv").text, "rows.csv: error: no luck\n"));
}

static void test_a_defect_is_owned_up_to(void **state) {
  (void)state;
  static const char words[] = "this is a defect of sedge, not of your file; please report it";
  assert_non_null(strstr(report(FAILURE_DEFECT, NULL).text, words));
  assert_null(strstr(report(FAILURE_MODEL, NULL).text, words));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_codes_and_exit_status),
      cmocka_unit_test(test_a_failure_names_its_file),
      cmocka_unit_test(test_a_defect_is_owned_up_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
