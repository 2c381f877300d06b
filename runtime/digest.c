// SPDX-License-Identifier: MIT
// SHA-256, by libmd.
#include <sys/types.h>

#include "runtime/digest.h"

#include <string.h>

void digest_begin(Digest *digest) {
  SHA256Init(&digest->state);
}

void digest_bytes(Digest *digest, const void *bytes, size_t count) {
  SHA256Update(&digest->state, bytes, count);
}

void digest_u64(Digest *digest, uint64_t value) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  digest_bytes(digest, bytes, sizeof bytes);
}

void digest_text(Digest *digest, const char *text) {
  const size_t length = text ? strlen(text) : 0;
  digest_u64(digest, length);
  if (length) digest_bytes(digest, text, length);
}

void digest_double(Digest *digest, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  digest_u64(digest, bits);
}

void digest_words(Digest *digest, const uint32_t *words, size_t count) {
  uint8_t bytes[4 * 256];
  while (count) {
    const size_t part = count < 256 ? count : 256;
    for (size_t i = 0; i < part; i++) {
      for (int byte = 0; byte < 4; byte++)
        bytes[4 * i + (size_t)byte] = (uint8_t)(words[i] >> (8 * byte));
    }
    digest_bytes(digest, bytes, 4 * part);
    words += part;
    count -= part;
  }
}

void digest_end(Digest *digest, char text[65]) {
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256Final(hash, &digest->state);
  for (size_t i = 0; i < sizeof hash; i++) {
    text[2 * i] = "0123456789abcdef"[hash[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
  }
  text[64] = '\0';
}
