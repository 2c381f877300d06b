// SPDX-License-Identifier: MIT
// SHA-256 of a stream of numbers, little-endian whatever the machine.
#ifndef SEDGE_RUNTIME_DIGEST_H
#define SEDGE_RUNTIME_DIGEST_H

#include <sha2.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Digest {
  SHA2_CTX state;
} Digest;

void digest_begin(Digest *digest);
void digest_bytes(Digest *digest, const void *bytes, size_t count);
void digest_text(Digest *digest, const char *text); /* its length, then its bytes */
void digest_u64(Digest *digest, uint64_t value);
void digest_double(Digest *digest, double value);
void digest_words(Digest *digest, const uint32_t *words, size_t count);

/* Ends it: 64 lower-case hexadecimal characters and a NUL. */
void digest_end(Digest *digest, char text[65]);

#endif
