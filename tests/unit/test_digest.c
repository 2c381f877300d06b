// SPDX-License-Identifier: MIT
// Digests: SHA-256's published examples, streaming, little-endian numbers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "runtime/digest.h"

static void check_digest(const char *message, const char *expected) {
  Digest digest;
  char text[65];
  digest_begin(&digest);
  digest_bytes(&digest, message, strlen(message));
  digest_end(&digest, text);
  assert_string_equal(text, expected);
}

/* FIPS 180-4's examples. */
static void published_examples(void **state) {
  (void)state;
  check_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  check_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_are_one_stream(void **state) {
  (void)state;
  const char *message = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (size_t cut = 0; cut <= strlen(message); cut++) {
    Digest digest;
    char text[65];
    digest_begin(&digest);
    digest_bytes(&digest, message, cut);
    digest_bytes(&digest, message + cut, strlen(message) - cut);
    digest_end(&digest, text);
    assert_string_equal(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

static void numbers_are_little_endian(void **state) {
  (void)state;
  Digest digest;
  char numbers[65], bytes[65];
  uint32_t words[300];
  uint8_t raw[sizeof words];
  for (uint32_t i = 0; i < 300; i++) {
    words[i] = i * 0x01030507u;
    for (uint32_t byte = 0; byte < 4; byte++) raw[4 * i + byte] = (uint8_t)(words[i] >> (8 * byte));
  }
  digest_begin(&digest);
  digest_words(&digest, words, 300);
  digest_u64(&digest, 0x0807060504030201);
  digest_double(&digest, 1.0);
  digest_end(&digest, numbers);
  digest_begin(&digest);
  digest_bytes(&digest, raw, sizeof raw);
  digest_bytes(&digest, "\1\2\3\4\5\6\7\10", 8);
  digest_bytes(&digest, "\0\0\0\0\0\0\360\77", 8);
  digest_end(&digest, bytes);
  assert_string_equal(numbers, bytes);
}

/* "ab", "c" is not "a", "bc". */
static void texts_are_told_apart(void **state) {
  (void)state;
  static const char *const texts[][2] = {{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}};
  char digests[4][65];
  for (size_t i = 0; i < 4; i++) {
    Digest digest;
    digest_begin(&digest);
    digest_text(&digest, texts[i][0]);
    digest_text(&digest, texts[i][1]);
    digest_end(&digest, digests[i]);
    for (size_t j = 0; j < i; j++) assert_string_not_equal(digests[i], digests[j]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_examples),
      cmocka_unit_test(pieces_are_one_stream),
      cmocka_unit_test(numbers_are_little_endian),
      cmocka_unit_test(texts_are_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
