// SPDX-License-Identifier: MIT
// Texts whose bytes may be anything: as JSON strings, and how far they are UTF-8.
#ifndef SEDGE_LANG_JSON_TEXT_H
#define SEDGE_LANG_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* A new reference, never NULL.  JSON is UTF-8: each byte that is not part of it becomes U+FFFD. */
json_t *json_text(const char *text, size_t length);

/* Bytes of `text` before the first one that is no UTF-8: all `length` of them where there is
 * none. */
size_t utf8_length(const char *text, size_t length);

#endif
