// SPDX-License-Identifier: MIT
// One layout for .sedge text.
//
// The words (words.h) are cut into lines, a line for each statement, brace and lone comment; lines
// of one run are aligned; then each is printed, over several rows where it is too long.  The layout
// depends on the words alone and on which comments had a row for themselves, and the result has the
// same: so laying it out again changes nothing.
#include "lang/format.h"

#include <string.h>

#include "lang/layout.h"
#include "lang/parse.h"

/* ---- the proof ---- */

/* The tree of a text as text, for comparison. */
static const char *tree_text(const SourceFile *source, Diagnostics *d, Arena *arena) {
  return print_file(parse_file(source, d, names_new(arena), arena), arena);
}

/* Whether two texts have the same words; comments may differ in blanks at the ends of their
 * rows. */
static bool have_same_words(Words before, Words after) {
  if (before.count != after.count) return false;
  for (uint32_t i = 0; i < before.count; i++) {
    if (before.items[i].kind != after.items[i].kind) return false;
    const uint32_t length = laid_out_length(&before.items[i]);
    if (length != laid_out_length(&after.items[i])) return false;
    if (memcmp(before.items[i].text, after.items[i].text, length) != 0) return false;
  }
  return true;
}

static bool is_same_text(const SourceFile *source, LaidOut other) {
  return source->length == other.length && memcmp(source->text, other.text, other.length) == 0;
}

/* Proves the result: the same words, the same tree, and a layout that stays. */
static bool is_faithful(const SourceFile *result, Words before, const char *tree, Arena *arena) {
  Diagnostics *silent = diagnostics_new(arena, NULL);
  const Words after = read_words(result, arena);
  return have_same_words(before, after) && strcmp(tree, tree_text(result, silent, arena)) == 0 &&
         error_count(silent) == 0 && is_same_text(result, lay_out(after, arena));
}

/* ---- the whole ---- */

LaidOut format_source(const SourceFile *source, Sources *sources, Diagnostics *d, Arena *arena) {
  const LaidOut nothing = {0};
  const uint32_t errors = error_count(d);
  const char *tree = tree_text(source, d, arena);
  if (error_count(d) > errors) return nothing;
  const Words words = read_words(source, arena);
  const LaidOut laid_out = lay_out(words, arena);
  const SourceFile *result = sources_add(sources, source->name, laid_out.text, laid_out.length);
  if (result && is_faithful(result, words, tree, arena)) return laid_out;
  error_in(d, ERROR_DEFECT, source->name, "the new layout would not read as the old one does");
  return nothing;
}
