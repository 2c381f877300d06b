// SPDX-License-Identifier: MIT
// Runs the compiler over an open document, as far as an editor can wait for it.
#include "compiler/lsp/analysis.h"

#include <string.h>

#include "compiler/passes.h"

/* What is more than this many edges, or pairs that a condition is asked about, is left to
 * `sedge fit`: a fifth of a second. */
static const uint64_t edge_limit = UINT64_C(1) << 20, pair_limit = UINT64_C(1) << 22;

static void collect_files(Analysis *analysis) {
  const Compilation *c = analysis->c;
  const uint32_t count = sources_count(c->sources);
  AnalyzedFile *files = ARENA_ARRAY(c->arena, AnalyzedFile, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    const SourceFile source = *sources_file(c->sources, i);
    files[i] = (AnalyzedFile){source, text_lines(source.text, source.length, c->arena)};
  }
  analysis->files = files;
  analysis->file_count = count;
  if (count > 0) return;
  /* The file could not be read: something to point at is needed all the same. */
  const SourceFile nothing = {.name = c->path, .text = "", .base = 1, .line_count = 1};
  files[0] = (AnalyzedFile){nothing, text_lines("", 0, c->arena)};
  analysis->file_count = 1;
}

Analysis *analysis_open(const char *path, const CheckOptions *options) {
  Compilation *c = compilation_open(NULL, NULL, options);
  c->path = arena_copy(c->arena, path, strlen(path));
  Analysis *analysis = ARENA_NEW(c->arena, Analysis);
  analysis->c = c;
  run_passes(c, PASS_CHECK);
  collect_files(analysis);
  analysis->words = read_words(&main_file(analysis)->source, c->arena);
  for (uint32_t i = 0; i < analysis->words.count; i++)
    analysis->has_imports |= word_is(&analysis->words.items[i], "import");
  analysis->names = name_index(c->checked.file, c->arena);
  return analysis;
}

void analysis_close(Analysis *analysis) {
  if (analysis) compilation_close(analysis->c);
}

static bool is_small(const Network *network) {
  uint64_t edges = 0, pairs = 0;
  for (uint32_t i = 0; i < network->junction_count; i++) {
    const Pattern *pattern = &network->junctions[i].pattern;
    const uint64_t all =
        (uint64_t)network->layers[i].neuron_count * network->layers[i + 1].neuron_count;
    if (pattern->kind == PATTERN_OWN) pairs += all;
    edges += pattern->edge_count > 0 ? pattern->edge_count : all / 4;
  }
  return edges <= edge_limit && pairs <= pair_limit;
}

bool analysis_fit(Analysis *analysis) {
  Compilation *c = analysis->c;
  if (analysis->is_fit_tried) return false;
  analysis->is_fit_tried = true;
  if (!c->program || !is_small(&c->program->network)) return false;
  run_passes_from(c, PASS_EDGES, PASS_SCHEDULE);
  return true;
}

const AnalyzedFile *analyzed_file(const Analysis *analysis, Span at) {
  for (uint32_t i = analysis->file_count; i-- > 0;) {
    const SourceFile *source = &analysis->files[i].source;
    if (source->base <= at.begin && at.begin <= source->base + source->length)
      return &analysis->files[i];
  }
  return NULL;
}

const Word *word_at(const Analysis *analysis, uint32_t offset) {
  const Words words = analysis->words;
  uint32_t low = 0, high = words.count;
  while (low < high) { /* the first word that ends at the offset or behind it */
    const uint32_t middle = low + (high - low) / 2;
    if (words.items[middle].at.end < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == words.count || words.items[low].at.begin > offset) return NULL;
  const Word *word = &words.items[low];
  const bool has_next = low + 1 < words.count && word[1].at.begin == offset;
  const bool is_next_better = has_next && (word->kind == WORD_SYMBOL || word_is_comment(word));
  return is_next_better ? word + 1 : word;
}

const char *span_text(const Analysis *analysis, Span at) {
  const AnalyzedFile *file = analyzed_file(analysis, at);
  if (!file) return "";
  return arena_copy(analysis->c->arena, file->source.text + (at.begin - file->source.base),
                    at.end - at.begin);
}
