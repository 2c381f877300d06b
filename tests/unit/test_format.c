// SPDX-License-Identifier: MIT
// The one layout: what it looks like, that it stays, and that nothing is lost on the way, over
// every .sedge file here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/format.h"
#include "lang/words.h"

/* The text laid out, in the arena; NULL where it has errors. */
static const char *format(Arena *arena, const char *text) {
  Sources *sources = sources_new(arena);
  Diagnostics *d = diagnostics_new(arena, sources);
  const char *result =
      format_source(sources_add(sources, "test.sedge", text, strlen(text)), sources, d, arena).text;
  assert_false(has_error_code(d, ERROR_DEFECT));
  assert_true((result == NULL) == (error_count(d) > 0));
  return result;
}

static void statements_are_laid_out(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", ""},
      {"\n\n// a  \n\n\n\n// b", "// a\n\n// b\n"},
      {"let a=1 ;let bcd=2;\n\nlet e = 3;", "let a   = 1;\nlet bcd = 2;\n\nlet e = 3;\n"},
      {"let x = 1 / 8;", "let x = 1/8;\n"},
      {"let x = 64*1/8/2;", "let x = 64 * 1/8 / 2;\n"},
      {"let x = 7%3/4;", "let x = 7 % 3 / 4;\n"},
      {"let x = 1/2 us + 1/2^3;", "let x = 1 / 2 us + 1 / 2^3;\n"},
      {"let x = - ( a-- b ) ^ - 3;", "let x = -(a - -b)^-3;\n"},
      {"let x = ! a&&b ? (1,) : ( );", "let x = !a && b ? (1,) : ();\n"},
      {"train{}", "train {}\n"},
      {"train{\n\nbatch=1;\n\n}", "train {\n  batch = 1;\n}\n"},
      {"network n{input a[1,2,3]pad(8);layer bc[4]:relu;output d[5]pad 6:relu;}",
       "network n {\n  input  a[1, 2, 3] pad (8);\n  layer  bc[4]            : relu;\n"
       "  output d[5]       pad 6 : relu;\n}\n"},
      {"network n{junction a->bc:dense();junction bc->d->e:p;}",
       "network n {\n  junction a  -> bc     : dense();\n  junction bc -> d -> e : p;\n}\n"},
      {"pattern p(a,b=2)(l,r)=l>r;", "pattern p(a, b = 2)(l, r) = l > r;\n"},
      {"hardware{ports=2;\n// why\nz=auto;}",
       "hardware {\n  ports = 2;\n  // why\n  z     = auto;\n}\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Arena *arena = arena_open();
    assert_string_equal(format(arena, cases[i][0]), cases[i][1]);
    arena_close(arena);
  }
}

static void comments_keep_their_places(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"let x = 1; // a \t\r\nlet y = 2;",
       "let x = 1;                             // a\nlet y = 2;\n"},
      {"/* a */ let x = /* b */ 1 /* c */; /* d */\n",
       "/* a */ let x = /* b */ 1 /* c */;     /* d */\n"},
      {"let x = f(1, // one\n2);", "let x = f(1,                           // one\n  2);\n"},
      {"let x = f(\n// one\n1);", "let x = f(\n  // one\n  1);\n"},
      {"train { // a\n/* b */ }\n// c",
       "train {                                // a\n/* b */ }\n// c\n"},
      {"train {\n // b\n}", "train {\n  // b\n}\n"},
      {"let x = 1; /* a */ let y = 2;", "let x = 1;\n/* a */ let y = 2;\n"},
      {"/* a\n   b */ let x = 1;", "/* a\n   b */ let x = 1;\n"},
      {"let loooooooooooooooooooooooooooong = 1;// a",
       "let loooooooooooooooooooooooooooong = 1;   // a\n"},
      {"let x = \"\xC3\xA4\"; // a", "let x = \"\xC3\xA4\";                           // a\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Arena *arena = arena_open();
    assert_string_equal(format(arena, cases[i][0]), cases[i][1]);
    arena_close(arena);
  }
}

static void long_statements_are_broken(void **state) {
  (void)state;
  Arena *arena = arena_open();
  const char *text = format(
      arena,
      "pattern nearby(radius)(l, r) = abs(l % 28 - 2 * (r % 14)) <= radius && abs(floor(l / "
      "28) - 2 * floor(r / 14)) <= radius;"
      "train { optimizer = sgd(rate = step(2^-3, factor = 1/2, every = 2, floor = 2^-7), "
      "momentum = 1/2, nesterov = true); }"
      "network n { junction a -> b -> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -> "
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb : dense(); }");
  assert_string_equal(
      text, "pattern nearby(radius)(l, r) =\n"
            "  abs(l % 28 - 2 * (r % 14)) <= radius && abs(floor(l / 28) - 2 * floor(r / 14)) <= "
            "radius;\n"
            "train {\n"
            "  optimizer = sgd(rate = step(2^-3, factor = 1/2, every = 2, floor = 2^-7), "
            "momentum = 1/2,\n"
            "    nesterov = true);\n"
            "}\n"
            "network n {\n"
            "  junction a -> b -> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
            "    -> bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb : dense();\n"
            "}\n");
  arena_close(arena);
}

static void nul_in_comments_stays(void **state) {
  (void)state;
  static const char text[] = "let x=1;// a\0b \n/*\0*/";
  static const char expected[] = "let x = 1;                             // a\0b\n/*\0*/\n";
  Arena *arena = arena_open();
  Sources *sources = sources_new(arena);
  const LaidOut result = format_source(sources_add(sources, "test.sedge", text, sizeof text - 1),
                                       sources, diagnostics_new(arena, sources), arena);
  assert_int_equal(result.length, sizeof expected - 1);
  assert_memory_equal(result.text, expected, sizeof expected);
  arena_close(arena);
}

static void wrong_text_is_left_alone(void **state) {
  (void)state;
  static const char *const texts[] = {"let x = ;",       "let x = 1", "/* open",    "let x = \"a;",
                                      "network n { ; }", "}",         "let x = @;", "\xFF"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    Arena *arena = arena_open();
    assert_null(format(arena, texts[i]));
    arena_close(arena);
  }
}

/* ---- every file of the project ---- */

static uint32_t files, laid_out_already;

/* Formats one file; format_source itself proves that words, tree and layout stay. */
static int try_file(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)place;
  const size_t length = strlen(path);
  if (kind != FTW_F || length < 6 || strcmp(path + length - 6, ".sedge") != 0) return 0;
  Arena *arena = arena_open();
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = arena_alloc(arena, 1 << 20, 1);
  fread(text, 1, (1 << 20) - 1, file);
  fclose(file);
  const char *result = format(arena, text);
  const bool is_example = strstr(path, "/examples/") != NULL;
  if (is_example) {
    if (!result || strcmp(result, text) != 0) fail_msg("lay it out by `sedge fmt %s`", path);
    laid_out_already++;
  }
  files += result != NULL;
  arena_close(arena);
  return 0;
}

static void every_file_goes_round(void **state) {
  (void)state;
  assert_int_equal(nftw(SEDGE_SOURCE_DIR "/tests", try_file, 16, FTW_PHYS), 0);
  assert_int_equal(nftw(SEDGE_SOURCE_DIR "/examples", try_file, 16, FTW_PHYS), 0);
  assert_true(files > 40 && laid_out_already >= 6);
}

/* ---- comments and line ends anywhere ---- */

static void anything_between_words_goes_round(void **state) {
  (void)state;
  static const char program[] =
      "import \"a\" ; let x = 1 / 8 ; param yy = - 2 ^ 3 * ( 4 + 5 ) ? f ( 1 , k = 2 ) : ( 1 , ) ; "
      "pattern p ( a , b = 2 ) ( l , r ) = l % 2 == r && ! ( l > r ) ; "
      "network n { input a [ 1 , 2 , 3 ] pad ( 8 ) ; layer b [ 4 ] , c [ 5 ] : relu ; "
      "output d [ 6 ] pad 7 : relu ; junction a -> b -> c : dense ( ) ; } "
      "hardware { } train t { batch = 1 ; loss = quadratic ; }";
  static const char *const fillers[] = {
      "\n", "\n\n\n", "/* b */", "// a \n", "/* c\n  d */ ", "\n/* e */\n", "\t", "\r\n"};
  uint32_t random = 1;
  for (uint32_t round = 0; round < 2000; round++) {
    Arena *arena = arena_open();
    char text[4096];
    uint32_t used = 0;
    for (const char *c = program; *c; c++) {
      text[used++] = *c;
      random = random * 1664525u + 1013904223u;
      if (*c != ' ' || (random >> 8) % 16 > round % 16) continue;
      const char *filler = fillers[(random >> 20) % 8];
      memcpy(text + used, filler, strlen(filler));
      used += (uint32_t)strlen(filler);
    }
    text[used] = '\0';
    if (!format(arena, text)) fail_msg("not laid out:\n%s", text);
    arena_close(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statements_are_laid_out),
      cmocka_unit_test(comments_keep_their_places),
      cmocka_unit_test(long_statements_are_broken),
      cmocka_unit_test(nul_in_comments_stays),
      cmocka_unit_test(wrong_text_is_left_alone),
      cmocka_unit_test(every_file_goes_round),
      cmocka_unit_test(anything_between_words_goes_round),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
