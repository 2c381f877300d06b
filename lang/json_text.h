// SPDX-License-Identifier: MIT
// A text as a JSON string, whatever its bytes are.
#ifndef SEDGE_LANG_JSON_TEXT_H
#define SEDGE_LANG_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* A new reference, never NULL.  JSON is UTF-8: each byte that is not part of it becomes U+FFFD. */
json_t *json_text(const char *text, size_t length);

#endif
