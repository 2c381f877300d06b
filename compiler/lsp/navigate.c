// SPDX-License-Identifier: MIT
// Where names are defined and meant: definition, references, highlights, rename.
#include <string.h>

#include "compiler/lsp/query.h"
#include "compiler/lsp/uri.h"
#include "lang/json_text.h"
#include "lang/vector.h"

static const Definition *asked_definition(const Query *query) {
  const Word *word = word_at(query->analysis, query->offset);
  if (!word || word->kind != WORD_NAME) return NULL;
  return definition_at(query->analysis->names, word->at.begin);
}

/* ---- definition ---- */

/* The file that the text in quotes under the cursor imports, or NULL. */
static const AnalyzedFile *asked_import(const Query *query) {
  const Analysis *analysis = query->analysis;
  const Word *word = word_at(analysis, query->offset);
  if (!word || word == analysis->words.items || word->kind != WORD_STRING) return NULL;
  if (!word_is(word - 1, "import") || word_length(word) < 2) return NULL;
  const char *path = arena_copy(query->arena, word->text + 1, word_length(word) - 2);
  const char *importer = main_file(analysis)->source.name;
  const char *slash = path[0] == '/' ? NULL : strrchr(importer, '/');
  const size_t folder = slash ? (size_t)(slash - importer) + 1 : 0;
  const char *beside = arena_print(query->arena, "%.*s%s", (int)folder, importer, path);
  for (uint32_t i = 1; i < analysis->file_count; i++) {
    const char *name = analysis->files[i].source.name;
    const size_t length = strlen(name), wanted = strlen(path);
    /* Beside the file, or in one of the folders that are searched after it. */
    if (strcmp(name, beside) == 0) return &analysis->files[i];
    if (length > wanted && name[length - wanted - 1] == '/' &&
        strcmp(name + length - wanted, path) == 0)
      return &analysis->files[i];
  }
  return NULL;
}

json_t *answer_definition(Query *query) {
  const AnalyzedFile *file = asked_import(query);
  const Definition *definition = asked_definition(query);
  json_t *location = NULL;
  if (file) {
    location = location_json(query, (Span){file->source.base, file->source.base});
  } else if (definition) {
    location = location_json(query, definition->at);
  }
  return location ? location : json_null();
}

/* ---- references ---- */

/* A definition in whatever analysis it is met: its file and where it stands there. */
typedef struct Target {
  const char *path; /* canonical */
  const char *text;
  uint32_t offset;
} Target;

typedef struct Visited {
  const char *path; /* canonical */
} Visited;

/* Called for each place that means the target. */
typedef void (*Visit)(const Query *query, const AnalyzedFile *file, const char *uri, Span at,
                      bool is_definition, json_t *result);

static Target target_of(const Query *query, const Definition *definition) {
  const AnalyzedFile *file = analyzed_file(query->analysis, definition->at);
  return (Target){canonical_path(file->source.name, query->arena), definition->text,
                  definition->at.begin - file->source.base};
}

static bool is_target(const Query *query, const Analysis *analysis, const Definition *definition,
                      const Target *target) {
  if (strcmp(definition->text, target->text) != 0) return false;
  const AnalyzedFile *file = analyzed_file(analysis, definition->at);
  return file && definition->at.begin - file->source.base == target->offset &&
         strcmp(canonical_path(file->source.name, query->arena), target->path) == 0;
}

/* The target's number among the definitions of an analysis, UINT32_MAX where it does not know
 * it. */
static uint32_t find_target(const Query *query, const Analysis *analysis, const Target *target) {
  for (uint32_t i = 0; i < analysis->names->definition_count; i++) {
    if (is_target(query, analysis, &analysis->names->definitions[i], target)) return i;
  }
  return UINT32_MAX;
}

/* Visits the places in one file of an analysis. */
static void visit_file(const Query *query, const Analysis *analysis, const AnalyzedFile *file,
                       uint32_t target, Visit visit, json_t *result) {
  const NameIndex *names = analysis->names;
  const uint32_t base = file->source.base, end = base + file->source.length;
  const char *uri = uri_of_file(query->documents, file, query->arena);
  for (uint32_t i = 0; i < names->occurrence_count; i++) {
    const Occurrence *o = &names->occurrences[i];
    if (o->definition != target || o->at.begin < base || o->at.begin >= end) continue;
    visit(query, file, uri, o->at, o->at.begin == names->definitions[target].at.begin, result);
  }
}

/* Visits all places in all files that the open documents read, each file once. */
static void visit_everywhere(const Query *query, const Definition *definition, Visit visit,
                             json_t *result) {
  const Target target = target_of(query, definition);
  VECTOR(Visited) visited = {0};
  for (Document *d = query->documents->first; d; d = d->next) {
    const Analysis *analysis = document_analysis(query->documents, d);
    const uint32_t number = find_target(query, analysis, &target);
    for (uint32_t i = 0; number != UINT32_MAX && i < analysis->file_count; i++) {
      const char *path = canonical_path(analysis->files[i].source.name, query->arena);
      bool is_new = true;
      for (uint32_t k = 0; k < visited.count; k++)
        is_new &= strcmp(visited.items[k].path, path) != 0;
      if (!is_new) continue;
      *VECTOR_ADD(query->arena, &visited) = (Visited){path};
      visit_file(query, analysis, &analysis->files[i], number, visit, result);
    }
  }
}

static void collect_location(const Query *query, const AnalyzedFile *file, const char *uri, Span at,
                             bool is_definition, json_t *result) {
  const json_t *context = json_object_get(query->params, "context");
  if (is_definition && json_is_false(json_object_get(context, "includeDeclaration"))) return;
  json_array_append_new(
      result, json_pack("{s:s, s:o}", "uri", uri, "range", range_json(query->documents, file, at)));
}

json_t *answer_references(Query *query) {
  const Definition *definition = asked_definition(query);
  if (!definition) return json_null();
  json_t *locations = json_array();
  visit_everywhere(query, definition, collect_location, locations);
  return locations;
}

static void collect_highlight(const Query *query, const AnalyzedFile *file, const char *uri,
                              Span at, bool is_definition, json_t *result) {
  (void)uri;
  enum { HIGHLIGHT_READ = 2, HIGHLIGHT_WRITE = 3 };
  json_array_append_new(result,
                        json_pack("{s:o, s:i}", "range", range_json(query->documents, file, at),
                                  "kind", is_definition ? HIGHLIGHT_WRITE : HIGHLIGHT_READ));
}

json_t *answer_highlight(Query *query) {
  const Definition *definition = asked_definition(query);
  if (!definition) return json_null();
  json_t *highlights = json_array();
  const uint32_t number = (uint32_t)(definition - query->analysis->names->definitions);
  visit_file(query, query->analysis, main_file(query->analysis), number, collect_highlight,
             highlights);
  return highlights;
}

/* ---- rename ---- */

json_t *answer_prepare_rename(Query *query) {
  const Definition *definition = asked_definition(query);
  if (!definition) return json_null();
  const Word *word = word_at(query->analysis, query->offset);
  return json_pack("{s:o, s:s}", "range",
                   range_json(query->documents, main_file(query->analysis), word->at),
                   "placeholder", definition->text);
}

static void collect_edit(const Query *query, const AnalyzedFile *file, const char *uri, Span at,
                         bool is_definition, json_t *result) {
  (void)is_definition;
  json_t *edits = json_object_get(result, uri);
  if (!edits) {
    edits = json_array();
    json_object_set_new(result, uri, edits);
  }
  json_array_append_new(edits,
                        json_pack("{s:o, s:O}", "range", range_json(query->documents, file, at),
                                  "newText", json_object_get(query->params, "newName")));
}

static bool is_name(const char *text) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return text[0] && strchr(letters, text[0]) && strspn(text, more) == strlen(text);
}

/* Whether two definitions share a space of names. */
static bool can_clash(const Definition *a, const Definition *b) {
  const bool are_inside = a->kind == NAME_LAYER || a->kind == NAME_ARGUMENT;
  if (are_inside) return a->kind == b->kind && a->item == b->item;
  if (a->kind == NAME_BLOCK) return b->kind == NAME_BLOCK && a->item->kind == b->item->kind;
  return b->kind != NAME_LAYER && b->kind != NAME_ARGUMENT && b->kind != NAME_BLOCK;
}

/* Why the name cannot become `wanted`, or NULL. */
static const char *refuse_rename(const Query *query, const Definition *definition,
                                 const char *wanted) {
  if (!wanted || !is_name(wanted))
    return "a name has letters, digits and _, and does not begin with a digit";
  const NameIndex *names = query->analysis->names;
  for (uint32_t i = 0; i < names->definition_count; i++) {
    const Definition *other = &names->definitions[i];
    if (other != definition && strcmp(other->text, wanted) == 0 && can_clash(definition, other))
      return arena_print(query->arena, "there is a %s '%s' already", name_kind_noun(other->kind),
                         wanted);
  }
  return NULL;
}

json_t *answer_rename(Query *query) {
  const Definition *definition = asked_definition(query);
  if (!definition) {
    query->failure = "this is no name that the file defines";
    return json_null();
  }
  query->failure = refuse_rename(query, definition,
                                 json_string_value(json_object_get(query->params, "newName")));
  if (query->failure) return json_null();
  json_t *changes = json_object();
  visit_everywhere(query, definition, collect_edit, changes);
  return json_pack("{s:o}", "changes", changes);
}
