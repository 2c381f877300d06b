// SPDX-License-Identifier: MIT
// What is known of one open document: its words, its tree, its names, and what the compiler makes
// of it.
//
// An analysis belongs to one state of the text and is thrown away as a whole when anything it read
// changes.  It has two depths: checked (always: milliseconds) and fitted (edges, z, schedule: as
// far as the network is small enough to do it on the side).
#ifndef SEDGE_COMPILER_LSP_ANALYSIS_H
#define SEDGE_COMPILER_LSP_ANALYSIS_H

#include "compiler/compilation.h"
#include "compiler/lsp/name_index.h"
#include "compiler/lsp/place.h"
#include "lang/words.h"

/* A file that an analysis read, with its lines. */
typedef struct AnalyzedFile {
  SourceFile source;
  TextLines lines;
} AnalyzedFile;

typedef struct Analysis {
  Compilation *c; /* owns all below */
  uint32_t file_count;
  const AnalyzedFile *files; /* [file_count] ascending by base; the main file is the first; >= 1 */
  Words words;               /* of the main file */
  NameIndex *names;
  bool has_imports; /* it tried to read other files */
  bool is_fit_tried;
} Analysis;

/* Analyzes the text that `options->overlay` (or the disk) has for `path`.  Owned:
 * analysis_close. */
Analysis *analysis_open(const char *path, const CheckOptions *options);
void analysis_close(Analysis *analysis);

/* Goes on to edges, fit and schedule, once, where the program is right and not too large.  True:
 * there may be new messages. */
bool analysis_fit(Analysis *analysis);

/* The file that a place is in, or NULL. */
const AnalyzedFile *analyzed_file(const Analysis *analysis, Span at);

static inline const AnalyzedFile *main_file(const Analysis *analysis) {
  return &analysis->files[0];
}

/* The word that contains the offset or ends there, comments included; NULL where there is none.  Of
 * two that touch, a name or number wins. */
const Word *word_at(const Analysis *analysis, uint32_t offset);

/* The source text of a span, in the arena of the compilation. */
const char *span_text(const Analysis *analysis, Span at);

#endif
