// SPDX-License-Identifier: MIT
// The front half of the language: places, messages, exact values, printing and reading back,
// imports.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/evaluate.h"
#include "lang/import.h"

typedef struct Context {
  Arena *arena;
  Sources *sources;
  Diagnostics *diagnostics;
  Names *names;
} Context;

static Context context_open(void) {
  Context c = {.arena = arena_open()};
  c.sources = sources_new(c.arena);
  c.diagnostics = diagnostics_new(c.arena, c.sources);
  c.names = names_new(c.arena);
  return c;
}

static File *parse(const Context *c, const char *text) {
  return parse_file(sources_add(c->sources, "test.sedge", text, strlen(text)), c->diagnostics,
                    c->names, c->arena);
}

/* All messages as text, owned by the caller. */
static char *messages(const Context *c) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  print_diagnostics(c->diagnostics, out, false);
  fclose(out);
  return text;
}

/* ---- values ---- */

static Value unknown_name(void *context, const Expr *name) {
  (void)context;
  (void)name;
  return (Value){.kind = VALUE_POISON};
}

static const char *value_of(const Context *c, const char *expression) {
  const File *file = parse(c, arena_print(c->arena, "let x = %s;", expression));
  if (!file->items) return "syntax";
  const Evaluation evaluation = {c->diagnostics, c->arena, unknown_name, NULL};
  return value_text(evaluate(&evaluation, file->items->value), c->arena);
}

static void values_are_exact(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"64 * 1/8", "8"},
      {"0.125", "1/8"},
      {"1e-3", "1/1000"},
      {"0xff", "255"},
      {"1_000_000", "1000000"},
      {"2^-3", "1/8"},
      {"-7 % 3", "2"},
      {"2^3^2", "512"},
      {"-2^2", "-4"},
      {"1 < 2 && 3 >= 3", "true"},
      {"1 ? 2 : 3", "nothing"},
      {"2 > 1 ? 5 : 6", "5"},
      {"max(1, 7/2, 3)", "7/2"},
      {"gcd(12, 18)", "6"},
      {"lcm(4, 6)", "12"},
      {"sqrt(144)", "12"},
      {"log2(1024)", "10"},
      {"round(5/2)", "3"},
      {"floor(-1/2)", "-1"},
      {"ceil(1/3)", "1"},
      {"15 MHz", "15000000 Hz"},
      {"1 / 2 us", "500000 Hz"},
      {"135 * 36 kbit", "4976640 bit"},
      {"8 KiB / 1 B", "8192"},
      {"1 MHz * 2 us", "2"},
      {"3 MHz * 2 kbit", "6144000000 in other units"},
      {"15 MHz + 1 s", "nothing"},
      {"1 / 0", "nothing"},
      {"2^100", "nothing"},
      {"sqrt(-1)", "nothing"},
      {"\"a\" + 1", "nothing"},
      {"(1, 2)", "a list of 2"},
      {"12 Mhz", "nothing"},
      {"1 == 1 == 1", "syntax"},
      {"!true", "false"},
      {"abs(-3/4)", "3/4"},
      {"min()", "nothing"},
  };
  const Context c = context_open();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *found = value_of(&c, cases[i][0]);
    if (strcmp(found, cases[i][1]) != 0)
      fail_msg("%s gives %s, not %s", cases[i][0], found, cases[i][1]);
  }
  arena_close(c.arena);
}

static void rationals_refuse_what_does_not_fit(void **state) {
  (void)state;
  Rational r, large = rational_integer(INT64_MAX);
  assert_false(rational_add(large, rational_integer(1), &r));
  assert_false(rational_multiply(large, rational_integer(2), &r));
  assert_false(rational_divide(large, rational_integer(0), &r));
  assert_false(rational_power(rational_integer(3), 64, &r));
  assert_true(rational_make(INT64_MIN + 1, INT64_MAX, &r));
  assert_int_equal(r.numerator, -1);
  assert_true(rational_power(rational_integer(2), -62, &r));
  assert_true(fabs(rational_to_double(r) - 0x1p-62) < 1e-40);
}

/* ---- places and messages ---- */

static void columns_count_characters(void **state) {
  (void)state;
  const Context c = context_open();
  parse(&c, "/* \xC3\xA4\xE2\x82\xAC */ let x = ?;\nlet y = 2 @ 3;\n");
  char *text = messages(&c);
  assert_non_null(strstr(text, "test.sedge:1:18: error: unexpected '?', expected a value"));
  assert_non_null(strstr(text, "test.sedge:2:11: error: unexpected character '@'"));
  assert_int_equal(error_count(c.diagnostics), 2);
  free(text);
  arena_close(c.arena);
}

static void one_mistake_gives_one_message(void **state) {
  (void)state;
  static const char *const texts[] = {
      "let x = \"abc;\nlet y = 1;",
      "let x = 1 let y = 2;",
      "network { input a[4]; junction a -> ; output b[2]; }",
      "let x = 1 +;",
      "/* open",
      "let x = \"\\q\";",
      "let x = 99999999999999999999;",
      "hardware { ports = 2 }",
      "\x01",
      "let x = 1;\n}",
      "let \xFF = 1;",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const Context c = context_open();
    parse(&c, texts[i]);
    char *text = messages(&c);
    if (error_count(c.diagnostics) != 1) fail_msg("%s\ngives\n%s", texts[i], text);
    free(text);
    arena_close(c.arena);
  }
}

static void twenty_errors_are_enough(void **state) {
  (void)state;
  const Context c = context_open();
  char text[2000] = "";
  for (int i = 0; i < 30; i++) strcat(text, "let x = ;\n");
  parse(&c, text);
  assert_int_equal(error_count(c.diagnostics), 30);
  char *printed = messages(&c);
  assert_non_null(strstr(printed, "test.sedge:20:9"));
  assert_null(strstr(printed, "test.sedge:21:9"));
  assert_non_null(strstr(printed, "the last 10 errors not shown"));
  free(printed);
  arena_close(c.arena);
}

static void deep_nesting_is_refused(void **state) {
  (void)state;
  const Context c = context_open();
  char *text = arena_alloc(c.arena, 300100, 1);
  strcpy(text, "let x = ");
  memset(text + strlen(text), '(', 300000);
  parse(&c, text);
  assert_true(error_count(c.diagnostics) >= 1);
  arena_close(c.arena);
}

static void long_sums_are_refused(void **state) {
  (void)state;
  const Context c = context_open();
  char *text = arena_alloc(c.arena, 300100, 1);
  strcpy(text, "let x = 1");
  for (int i = 0; i < 100000; i++) memcpy(text + 9 + 2 * i, "+1", 2);
  strcpy(text + 9 + 200000, ";");
  parse(&c, text);
  assert_int_equal(error_count(c.diagnostics), 1);
  assert_true(has_error_code(c.diagnostics, ERROR_TOO_DEEP));
  arena_close(c.arena);
}

/* ---- printing and reading back ---- */

static void round_trip(const char *text) {
  const Context c = context_open();
  const File *file = parse(&c, text);
  if (error_count(c.diagnostics) == 0) {
    const char *printed = print_file(file, c.arena);
    const char *again = print_file(parse(&c, printed), c.arena);
    assert_int_equal(error_count(c.diagnostics), 0);
    assert_string_equal(printed, again);
  }
  arena_close(c.arena);
}

static char *read_text(const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = calloc(1, 1 << 20);
  assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
  fclose(file);
  return text;
}

static void trees_print_and_read_back(void **state) {
  (void)state;
  round_trip("let x = (1 - 2) - 3 - (4 - 5) * -(2 ^ 3 ^ 2) + (true ? 1 : 2) ? 3 : (4 ? 5 : 6);");
  round_trip("let a = 0.125 MHz; let b = (1,); let c = (); let d = \"a\\\"\\n\\x7f\";");
  static const char *const folders[] = {SEDGE_SOURCE_DIR "/tests/lang",
                                        SEDGE_SOURCE_DIR "/examples"};
  int files = 0;
  for (size_t i = 0; i < 2; i++) {
    DIR *folder = opendir(folders[i]);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
      if (!strstr(entry->d_name, ".sedge")) continue;
      char path[1024];
      snprintf(path, sizeof path, "%s/%s", folders[i], entry->d_name);
      char *text = read_text(path);
      round_trip(text);
      free(text);
      files++;
    }
    closedir(folder);
  }
  assert_true(files > 20);
}

/* ---- imports ---- */

static void write_text(const char *folder, const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void imports_are_followed_once(void **state) {
  (void)state;
  char folder[64] = "/tmp/sedge-import-XXXXXX";
  assert_non_null(mkdtemp(folder));
  write_text(folder, "a.sedge", "import \"b.sedge\"; import \"c.sedge\"; let a = 1;");
  write_text(folder, "b.sedge", "import \"c.sedge\"; let b = 1;");
  write_text(folder, "c.sedge", "let c = 1;");
  write_text(folder, "ring.sedge", "import \"ring2.sedge\"; let r = 1;");
  write_text(folder, "ring2.sedge", "import \"ring.sedge\"; import \"none.sedge\";");
  const Context c = context_open();
  const ImportContext context = {
      .sources = c.sources, .diagnostics = c.diagnostics, .names = c.names, .arena = c.arena};
  const File *file = import_file(&context, arena_print(c.arena, "%s/a.sedge", folder), NULL);
  assert_non_null(file);
  assert_string_equal(print_file(file, c.arena), "let c = 1;\nlet b = 1;\nlet a = 1;\n");
  assert_int_equal(error_count(c.diagnostics), 0);
  import_file(&context, arena_print(c.arena, "%s/ring.sedge", folder), NULL);
  char *text = messages(&c);
  assert_int_equal(error_count(c.diagnostics), 2);
  assert_non_null(strstr(text, "this import closes a circle"));
  assert_non_null(strstr(text, "cannot import 'none.sedge': No such file"));
  free(text);
  assert_null(import_file(&context, "/nowhere/x.sedge", NULL));
  assert_null(import_file(&context, folder, NULL));
  arena_close(c.arena);
  static const char *const names[] = {"a.sedge", "b.sedge", "c.sedge", "ring.sedge", "ring2.sedge"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    assert_int_equal(remove(path), 0);
  }
  assert_int_equal(remove(folder), 0);
}

static void names_are_suggested(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"sigmiod", "sigmoid"}, {"Relu", "relu"}, {"tnh", "tanh"}, {"xyzzy", NULL}};
  static const char *const known[] = {"sigmoid", "tanh", "relu", "identity", "softmax"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Suggestion suggestion = suggestion_for(cases[i][0]);
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) suggest(&suggestion, known[k]);
    if (cases[i][1]) {
      assert_string_equal(suggestion.best, cases[i][1]);
    } else {
      assert_null(suggestion.best);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_exact),
      cmocka_unit_test(rationals_refuse_what_does_not_fit),
      cmocka_unit_test(columns_count_characters),
      cmocka_unit_test(one_mistake_gives_one_message),
      cmocka_unit_test(twenty_errors_are_enough),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(long_sums_are_refused),
      cmocka_unit_test(trees_print_and_read_back),
      cmocka_unit_test(imports_are_followed_once),
      cmocka_unit_test(names_are_suggested),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
