// SPDX-License-Identifier: MIT
// Reading files and following their imports, depth first.
#include "lang/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lang/vector.h"

/* A file that was read, known by device and inode, so that two ways to one file are one. */
typedef struct Visit {
  dev_t device;
  ino_t inode;
  const char *path;
  bool is_open; /* its imports are being followed: meeting it again is a cycle */
} Visit;

typedef struct Import {
  const ImportContext *context;
  VECTOR(Visit) visits;
  uint64_t total_bytes;
  uint32_t depth;
} Import;

enum { DEPTH_LIMIT = 100, FILE_LIMIT = 10000 };

/* ---- reading ---- */

static Message *report_read(const ImportContext *context, const Expr *path_expr, const char *path,
                            const char *reason) {
  if (!path_expr) return error_in(context->diagnostics, ERROR_READ, path, "%s", reason);
  return error_at(context->diagnostics, ERROR_IMPORT, path_expr->at, "cannot import '%s': %s", path,
                  reason);
}

/* The whole of an open file, NUL-terminated and owned by the caller; NULL with errno. */
static char *read_all(FILE *file, size_t *length) {
  size_t capacity = 1 << 14, used = 0;
  char *text = malloc(capacity + 1);
  while (text) {
    used += fread(text + used, 1, capacity - used, file);
    if (used < capacity) break;
    if (capacity >= 2 * (size_t)SOURCE_LIMIT) break;
    capacity *= 2;
    char *larger = realloc(text, capacity + 1);
    if (!larger) free(text);
    text = larger;
  }
  if (text && ferror(file)) {
    free(text);
    return NULL;
  }
  *length = used;
  return text;
}

/* The file's text as a source; NULL after reporting. */
static const SourceFile *read_source(Import *import, const Expr *path_expr, const char *path,
                                     FILE *file) {
  const ImportContext *context = import->context;
  size_t length = 0;
  errno = 0;
  char *text = read_all(file, &length);
  if (!text) {
    report_read(context, path_expr, path, errno ? strerror(errno) : "it cannot be read");
    return NULL;
  }
  import->total_bytes += length;
  const SourceFile *source = NULL;
  if (length > SOURCE_LIMIT || import->total_bytes > SOURCE_LIMIT) {
    report_read(context, path_expr, path, "more than 16 MiB of text");
  } else {
    source = sources_add(context->sources, path, text, length);
  }
  free(text);
  return source;
}

/* ---- finding ---- */

static const char *join(Arena *arena, const char *folder, size_t folder_length, const char *path) {
  if (path[0] == '/' || folder_length == 0) return path;
  return arena_print(arena, "%.*s/%s", (int)folder_length, folder, path);
}

/* Opens an imported path: beside the importing file, then in the -I folders.  *found is where. */
static FILE *open_import(const ImportContext *context, const char *importer, const char *path,
                         const char **found) {
  const char *slash = strrchr(importer, '/');
  *found = join(context->arena, importer, slash ? (size_t)(slash - importer) : 0, path);
  FILE *file = fopen(*found, "rb");
  for (uint32_t i = 0; !file && i < context->include_folder_count; i++) {
    const char *folder = context->include_folders[i];
    *found = join(context->arena, folder, strlen(folder), path);
    file = fopen(*found, "rb");
  }
  return file;
}

static Visit *find_visit(Import *import, const struct stat *status) {
  for (uint32_t i = 0; i < import->visits.count; i++) {
    Visit *visit = &import->visits.items[i];
    if (visit->device == status->st_dev && visit->inode == status->st_ino) return visit;
  }
  return NULL;
}

static void report_cycle(Import *import, const Expr *path_expr, const Visit *again) {
  const ImportContext *context = import->context;
  const char *chain = "";
  bool is_inside = false;
  for (uint32_t i = 0; i < import->visits.count; i++) {
    const Visit *visit = &import->visits.items[i];
    is_inside |= visit == again;
    if (is_inside && visit->is_open)
      chain = arena_print(context->arena, "%s'%s' imports ", chain, visit->path);
  }
  Message *m =
      error_at(context->diagnostics, ERROR_IMPORT, path_expr->at, "this import closes a circle");
  help(m, "%s'%s' again", chain, again->path);
}

/* ---- following ---- */

static File *follow(Import *import, const SourceFile *source);

/* The items of an imported file; NULL where it was read before or could not be. */
static Item *import_items(Import *import, const SourceFile *importer, const Expr *path_expr) {
  const ImportContext *context = import->context;
  const char *path = NULL;
  FILE *file = open_import(context, importer->name, path_expr->string, &path);
  struct stat status;
  if (!file || fstat(fileno(file), &status) != 0) {
    report_read(context, path_expr, path_expr->string, strerror(errno));
    if (file) fclose(file);
    return NULL;
  }
  Item *items = NULL;
  const Visit *before = find_visit(import, &status);
  if (before) {
    if (before->is_open) report_cycle(import, path_expr, before);
  } else if (!S_ISREG(status.st_mode)) {
    report_read(context, path_expr, path, "it is no regular file");
  } else if (import->depth >= DEPTH_LIMIT || import->visits.count >= FILE_LIMIT) {
    report_read(context, path_expr, path, "too many files import one another");
  } else {
    const uint32_t number = import->visits.count;
    *VECTOR_ADD(context->arena, &import->visits) =
        (Visit){status.st_dev, status.st_ino, path, true};
    const SourceFile *source = read_source(import, path_expr, path, file);
    import->depth++;
    if (source) items = follow(import, source)->items;
    import->depth--;
    import->visits.items[number].is_open = false;
  }
  fclose(file);
  return items;
}

/* Parses a source and replaces each of its imports by the items it brings. */
static File *follow(Import *import, const SourceFile *source) {
  const ImportContext *context = import->context;
  File *file = parse_file(source, context->diagnostics, context->names, context->arena);
  for (Item **place = &file->items; *place;) {
    Item *item = *place;
    if (item->kind != ITEM_IMPORT) {
      place = &item->next;
      continue;
    }
    Item *brought = import_items(import, source, item->path);
    *place = item->next;
    if (!brought) continue;
    Item *last = brought;
    while (last->next) last = last->next;
    last->next = item->next;
    *place = brought;
    place = &last->next;
  }
  return file;
}

/* Opens a main file and remembers that it is open; NULL after reporting. */
static FILE *open_main(Import *import, const char *path) {
  const ImportContext *context = import->context;
  FILE *file = fopen(path, "rb");
  struct stat status;
  if (!file || fstat(fileno(file), &status) != 0) {
    report_read(context, NULL, path, strerror(errno));
    if (file) fclose(file);
    return NULL;
  }
  if (S_ISDIR(status.st_mode)) {
    report_read(context, NULL, path, "it is a folder, not a .sedge file");
    fclose(file);
    return NULL;
  }
  *VECTOR_ADD(context->arena, &import->visits) = (Visit){status.st_dev, status.st_ino, path, true};
  return file;
}

static const SourceFile *read_main(Import *import, const char *path) {
  FILE *file = open_main(import, path);
  if (!file) return NULL;
  const SourceFile *source = read_source(import, NULL, path, file);
  fclose(file);
  return source;
}

const SourceFile *read_source_file(const ImportContext *context, const char *path) {
  Import import = {.context = context};
  if (strcmp(path, "-") == 0) return read_source(&import, NULL, "standard input", stdin);
  return read_main(&import, path);
}

File *import_file(const ImportContext *context, const char *path, const char *text) {
  Import import = {.context = context};
  const SourceFile *source = text ? sources_add(context->sources, path, text, strlen(text))
                                  : read_main(&import, path);
  return source ? follow(&import, source) : NULL;
}
