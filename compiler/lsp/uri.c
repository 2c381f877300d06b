// SPDX-License-Identifier: MIT
// file: URIs (RFC 8089) and the paths behind them.
#include "compiler/lsp/uri.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

const char *path_of_uri(const char *uri, Arena *arena) {
  if (strncasecmp(uri, "file://", 7) != 0) return NULL;
  const char *from = uri + 7;
  if (strncasecmp(from, "localhost/", 10) == 0) from += 9;
  if (*from != '/') return NULL;
  char *path = arena_alloc(arena, strlen(from) + 1, 1);
  char *to = path;
  for (; *from; from++) {
    const int high = *from == '%' ? hex_value(from[1]) : -1;
    const int low = high >= 0 ? hex_value(from[2]) : -1;
    if (low >= 0) {
      *to = (char)(high * 16 + low);
      if (*to == '\0') return NULL;
      from += 2;
    } else {
      *to = *from;
    }
    to++;
  }
  return path;
}

const char *uri_of_path(const char *path, Arena *arena) {
  static const char kept[] = "/-._~"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static const char digits[] = "0123456789ABCDEF";
  char *uri = arena_alloc(arena, 8 + 3 * strlen(path), 1);
  strcpy(uri, "file://");
  char *to = uri + 7;
  for (; *path; path++) {
    const unsigned char byte = (unsigned char)*path;
    if (strchr(kept, *path)) {
      *to++ = *path;
    } else {
      *to++ = '%';
      *to++ = digits[byte / 16];
      *to++ = digits[byte % 16];
    }
  }
  return uri;
}

/* Removes "." and ".." from an absolute path, in place. */
static void normalize(char *path) {
  char *to = path;
  for (const char *from = path; *from;) {
    while (*from == '/') from++;
    const size_t length = strcspn(from, "/");
    if (length == 2 && from[0] == '.' && from[1] == '.') {
      while (to > path && *--to != '/') continue;
    } else if (length > 0 && !(length == 1 && from[0] == '.')) {
      *to++ = '/';
      memmove(to, from, length);
      to += length;
    }
    from += length;
  }
  if (to == path) *to++ = '/';
  *to = '\0';
}

const char *canonical_path(const char *path, Arena *arena) {
  char *real = realpath(path, NULL);
  if (real) {
    const char *copy = arena_copy(arena, real, strlen(real));
    free(real);
    return copy;
  }
  char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);
  char *absolute = arena_print(arena, "%s/%s", folder ? folder : "", path);
  free(folder);
  normalize(absolute);
  return absolute;
}
