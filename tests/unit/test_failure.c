// SPDX-License-Identifier: MIT
// Failures whose path or message is longer than there is room for, or is not meant for a terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/failure.h"

enum { ROOM = 512 };

/* A text of `length` letters, no two neighbours the same, on the heap so that sanitizers see where
 * it ends. */
static char *letters(size_t length) {
  char *text = malloc(length + 1);
  assert_non_null(text);
  for (size_t i = 0; i < length; i++) text[i] = (char)('a' + i % 26);
  text[length] = '\0';
  return text;
}

static void long_paths_keep_their_end(void **state) {
  (void)state;
  for (size_t length = ROOM - 3; length < ROOM + 30; length++) {
    char *path = letters(length);
    Failure failure = {0};
    assert_false((fail)(&failure, FAILURE_INPUT, path, "wrong"));
    assert_string_equal(failure.message, "wrong");
    if (length < ROOM) {
      assert_string_equal(failure.path, path);
    } else {
      assert_int_equal(strlen(failure.path), ROOM - 1);
      assert_memory_equal(failure.path, "...", 3);
      assert_string_equal(failure.path + 3, path + length - (ROOM - 4));
    }
    free(path);
  }
}

/* Whether a text is whole characters of UTF-8. */
static bool is_whole(const char *text) {
  while (*text) {
    const unsigned char lead = (unsigned char)*text++;
    for (int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0; more > 0; more--) {
      if (((unsigned char)*text++ & 0xC0) != 0x80) return false;
    }
  }
  return true;
}

static void long_messages_end_with_whole_characters(void **state) {
  (void)state;
  static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA6\x94"};
  for (size_t k = 0; k < sizeof characters / sizeof characters[0]; k++) {
    const size_t bytes = strlen(characters[k]);
    for (size_t before = ROOM - 12; before < ROOM + 2; before++) {
      char *text = letters(before);
      Failure failure = {0};
      assert_false(
          (fail)(&failure, FAILURE_INPUT, NULL, "%s%s%s", text, characters[k], characters[k]));
      assert_string_equal(failure.path, "");
      assert_true(is_whole(failure.message));
      /* As many characters as there is room for, and no fewer. */
      size_t kept = before;
      for (int i = 0; i < 2 && kept + bytes < ROOM; i++) kept += bytes;
      assert_int_equal(strlen(failure.message), kept < ROOM ? kept : ROOM - 1);
      free(text);
    }
  }
}

static void control_characters_are_replaced(void **state) {
  (void)state;
  Failure failure = {0};
  assert_false((fail)(&failure, FAILURE_MODEL, NULL, "a\tb\x1b[1mc\x7f \xC3\xA9"));
  assert_int_equal(failure.kind, FAILURE_MODEL);
  assert_string_equal(failure.message, "a?b?[1mc? \xC3\xA9");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_paths_keep_their_end),
      cmocka_unit_test(long_messages_end_with_whole_characters),
      cmocka_unit_test(control_characters_are_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
