// SPDX-License-Identifier: MIT
// Reading files and following their imports, depth first.
#include "lang/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lang/vector.h"

/* A file that was read, known by device and inode, so that two ways to one file are one; by its
 * path where it is in memory alone. */
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
  if (!path_expr)
    return error_in(context->diagnostics, ERROR_READ, *path ? path : "''", "%s", reason);
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

/* ---- finding ---- */

/* A file that was looked for: its text in memory, or open on the disk; neither where there is
 * none. */
typedef struct Found {
  const char *path;
  const char *text; /* borrowed from the overlay, or NULL */
  size_t length;
  FILE *file;
  struct stat status;
  bool is_on_disk; /* status is filled */
} Found;

static const char *join(Arena *arena, const char *folder, size_t folder_length, const char *path) {
  if (path[0] == '/' || folder_length == 0) return path;
  return arena_print(arena, "%.*s/%s", (int)folder_length, folder, path);
}

/* Looks for a path; false where nothing is there (errno says why).  What is no regular file is
 * opened only if `any_kind`: opening a pipe may wait forever. */
static bool find_file(const ImportContext *context, const char *path, bool any_kind, Found *found) {
  const TextOverlay *overlay = context->overlay;
  *found = (Found){.path = path};
  if (overlay) found->text = overlay->find(overlay->context, path, &found->length);
  found->is_on_disk = stat(path, &found->status) == 0;
  if (found->text) return true;
  if (!found->is_on_disk) return false;
  if (!any_kind && !S_ISREG(found->status.st_mode)) return true;
  found->file = fopen(path, "rb");
  return found->file != NULL;
}

/* Looks for an imported path: beside the importing file, then in the -I folders. */
static bool find_import(const ImportContext *context, const char *importer, const char *path,
                        Found *found) {
  const char *slash = strrchr(importer, '/');
  const size_t folder_length = slash ? (size_t)(slash - importer) : 0;
  const char *beside = join(context->arena, importer, folder_length, path);
  bool is_found = find_file(context, beside, false, found);
  for (uint32_t i = 0; !is_found && i < context->include_folder_count; i++) {
    const char *folder = context->include_folders[i];
    is_found = find_file(context, join(context->arena, folder, strlen(folder), path), false, found);
  }
  return is_found;
}

/* The visit of the same file, by whatever path, or NULL. */
static Visit *find_visit(Import *import, const Found *found) {
  for (uint32_t i = 0; i < import->visits.count; i++) {
    Visit *visit = &import->visits.items[i];
    if (strcmp(visit->path, found->path) == 0) return visit;
    if (found->is_on_disk && visit->inode != 0 && visit->device == found->status.st_dev &&
        visit->inode == found->status.st_ino) {
      return visit;
    }
  }
  return NULL;
}

static void add_visit(Import *import, const Found *found) {
  *VECTOR_ADD(import->context->arena, &import->visits) = (Visit){
      .device = found->is_on_disk ? found->status.st_dev : 0,
      .inode = found->is_on_disk ? found->status.st_ino : 0,
      .path = found->path,
      .is_open = true,
  };
}

/* The file's text as a source; NULL after reporting. */
static const SourceFile *read_found(Import *import, const Expr *path_expr, const Found *found) {
  const ImportContext *context = import->context;
  size_t length = found->length;
  errno = 0;
  char *own = found->text ? NULL : read_all(found->file, &length);
  const char *text = found->text ? found->text : own;
  if (!text) {
    report_read(context, path_expr, found->path, strerror(errno ? errno : EIO));
    return NULL;
  }
  import->total_bytes += length;
  const SourceFile *source = NULL;
  if (length > SOURCE_LIMIT || import->total_bytes > SOURCE_LIMIT) {
    report_read(context, path_expr, found->path, "more than 16 MiB of text");
  } else {
    source = sources_add(context->sources, found->path, text, length);
  }
  free(own);
  return source;
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

/* Follows an imported file that was not met before.  NULL after an error. */
static Item *follow_found(Import *import, const Expr *path_expr, const Found *found) {
  const uint32_t number = import->visits.count;
  add_visit(import, found);
  const SourceFile *source = read_found(import, path_expr, found);
  import->depth++;
  Item *items = source ? follow(import, source)->items : NULL;
  import->depth--;
  import->visits.items[number].is_open = false;
  return items;
}

/* The items of an imported file; NULL where it was read before or could not be. */
static Item *import_items(Import *import, const SourceFile *importer, const Expr *path_expr) {
  const ImportContext *context = import->context;
  Found found;
  if (!find_import(context, importer->name, path_expr->string, &found)) {
    report_read(context, path_expr, path_expr->string, strerror(errno));
    return NULL;
  }
  Item *items = NULL;
  const Visit *before = find_visit(import, &found);
  if (before) {
    if (before->is_open) report_cycle(import, path_expr, before);
  } else if (!found.text && !S_ISREG(found.status.st_mode)) {
    report_read(context, path_expr, found.path, "it is no regular file");
  } else if (import->depth >= DEPTH_LIMIT || import->visits.count >= FILE_LIMIT) {
    report_read(context, path_expr, found.path, "too many files import one another");
  } else {
    items = follow_found(import, path_expr, &found);
  }
  if (found.file) fclose(found.file);
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

/* The text of a main file, remembered as open; NULL after reporting. */
static const SourceFile *read_main(Import *import, const char *path) {
  const ImportContext *context = import->context;
  Found found;
  if (!find_file(context, path, true, &found)) {
    report_read(context, NULL, path, strerror(errno));
    return NULL;
  }
  const SourceFile *source = NULL;
  if (!found.text && S_ISDIR(found.status.st_mode)) {
    report_read(context, NULL, path, "it is a folder, not a .sedge file");
  } else {
    add_visit(import, &found);
    source = read_found(import, NULL, &found);
  }
  if (found.file) fclose(found.file);
  return source;
}

const SourceFile *read_source_file(const ImportContext *context, const char *path) {
  Import import = {.context = context};
  if (strcmp(path, "-") == 0) {
    const Found input = {.path = "standard input", .file = stdin};
    return read_found(&import, NULL, &input);
  }
  return read_main(&import, path);
}

File *import_file(const ImportContext *context, const char *path, const char *text) {
  Import import = {.context = context};
  const SourceFile *source =
      text ? sources_add(context->sources, path, text, strlen(text)) : read_main(&import, path);
  return source ? follow(&import, source) : NULL;
}
