// SPDX-License-Identifier: MIT
// The order of checking: definitions, then every block by itself, then what the chosen ones must
// agree on.
#include "lang/check.h"

#include <string.h>

#include "lang/check_hardware.h"
#include "lang/check_network.h"
#include "lang/check_scalar.h"
#include "lang/check_train.h"
#include "lang/import.h"
#include "lang/scope.h"

enum { BLOCK_LIMIT = 1000 };

/* One kind of block: its word, and which one the command line wants. */
typedef struct BlockKind {
  ItemKind kind;
  const char *word;
  const char *wanted; /* NULL: the first */
} BlockKind;

static bool is_chosen(const BlockKind *blocks, const Item *item, const Item *chosen) {
  if (item->kind != blocks->kind) return false;
  if (blocks->wanted == NULL) return chosen == NULL;
  return item->name.text != NULL && strcmp(item->name.text, blocks->wanted) == 0 && chosen == NULL;
}

static void report_unknown_block(Diagnostics *d, const File *file, const BlockKind *blocks) {
  Message *m = error_in(d, ERROR_UNKNOWN_BLOCK, file->source->name, "no %s block is called '%s'",
                        blocks->word, blocks->wanted);
  Suggestion suggestion = suggestion_for(blocks->wanted);
  for (const Item *item = file->items; item != NULL; item = item->next) {
    if (item->kind == blocks->kind && item->name.text != NULL)
      suggest(&suggestion, item->name.text);
  }
  if (suggestion.best != NULL) help(m, "did you mean '%s'?", suggestion.best);
}

/* The block to take, NULL where there is none; *is_right false when the wanted one does not exist.
 */
static const Item *choose(Diagnostics *d, const File *file, const BlockKind *blocks,
                          bool *is_right) {
  const Item *chosen = NULL;
  for (const Item *item = file->items; item != NULL; item = item->next) {
    if (is_chosen(blocks, item, chosen)) chosen = item;
  }
  if (chosen == NULL && blocks->wanted != NULL) {
    report_unknown_block(d, file, blocks);
    *is_right = false;
  }
  return chosen;
}

static const char *block_word(ItemKind kind) {
  switch (kind) {
  case ITEM_NETWORK: return "network";
  case ITEM_HARDWARE: return "hardware";
  case ITEM_TRAIN: return "train";
  case ITEM_IMPORT:
  case ITEM_LET:
  case ITEM_PARAM:
  case ITEM_ACTIVATION:
  case ITEM_PATTERN: return NULL;
  }
  return NULL;
}

static void report_same_name(Diagnostics *d, const Item *item, const Item *first) {
  const char *word = block_word(item->kind);
  const bool is_named = item->name.text[0] != '\0';
  Message *m = is_named ? error_at(d, ERROR_DEFINED_TWICE, item->name.at,
                                   "%s '%s' is defined twice", word, item->name.text)
                        : error_at(d, ERROR_DEFINED_TWICE, item->keyword_at,
                                   "a second %s block without a name", word);
  note_at(m, is_named ? first->name.at : first->keyword_at, "the first is here");
}

/* Blocks of one kind differ in their names.  There are few, so each is compared with those before.
 */
static void check_block_names(const Checker *checker, const File *file) {
  const Item *blocks[BLOCK_LIMIT];
  uint32_t count = 0;
  for (const Item *item = file->items; item != NULL; item = item->next) {
    if (block_word(item->kind) == NULL || item->name.text == NULL) continue;
    uint32_t first = 0;
    while (first < count &&
           (blocks[first]->kind != item->kind || blocks[first]->name.text != item->name.text)) {
      first++;
    }
    if (first < count) {
      report_same_name(checker->diagnostics, item, blocks[first]);
      continue;
    }
    if (count == BLOCK_LIMIT) {
      error_at(checker->diagnostics, ERROR_TOO_LARGE, item->keyword_at, "a file of over %d blocks",
               BLOCK_LIMIT);
      return;
    }
    blocks[count++] = item;
  }
}

/* Checks every block of the file; keeps the results of the chosen ones. */
static bool check_blocks(const Checker *checker, const File *file, const Item *network,
                         const Item *hardware, const Item *train, Program *program) {
  bool is_right = true;
  Network other_network;
  Hardware other_hardware;
  Training other_training;
  for (const Item *item = file->items; item != NULL; item = item->next) {
    switch (item->kind) {
    case ITEM_NETWORK:
      is_right =
          check_network(checker, item, item == network ? &program->network : &other_network) &&
          is_right;
      break;
    case ITEM_HARDWARE:
      is_right =
          check_hardware(checker, item, item == hardware ? &program->hardware : &other_hardware) &&
          is_right;
      break;
    case ITEM_TRAIN:
      is_right = check_train(checker, item, item == train ? &program->training : &other_training) &&
                 is_right;
      break;
    case ITEM_IMPORT:
    case ITEM_LET:
    case ITEM_PARAM:
    case ITEM_ACTIVATION:
    case ITEM_PATTERN: break;
    }
  }
  if (hardware == NULL) is_right = check_hardware(checker, NULL, &program->hardware) && is_right;
  if (train == NULL) is_right = check_train(checker, NULL, &program->training) && is_right;
  return is_right;
}

/* `errors`: how many there were before this file. */
static bool check_program(const Checker *checker, const File *file, uint32_t errors,
                          Program *program) {
  Diagnostics *d = checker->diagnostics;
  const CheckOptions *options = checker->options;
  const BlockKind networks = {ITEM_NETWORK, "network", options->network};
  const BlockKind hardwares = {ITEM_HARDWARE, "hardware", options->hardware};
  const BlockKind trains = {ITEM_TRAIN, "train", options->train};
  bool is_right = true;
  check_block_names(checker, file);
  const Item *network = choose(d, file, &networks, &is_right);
  const Item *hardware = choose(d, file, &hardwares, &is_right);
  const Item *train = choose(d, file, &trains, &is_right);
  check_definitions(checker);
  is_right = check_blocks(checker, file, network, hardware, train, program) && is_right;
  if (network == NULL && is_right && error_count(d) == errors) {
    Message *m = error_in(d, ERROR_NO_NETWORK, file->source->name, "the file has no network");
    help(m, "write `network name { input ...; output ...; junction ...; }`");
  }
  if (!is_right || network == NULL || error_count(d) != errors) return false;
  is_right = check_parallelism(checker, &program->network, &program->hardware);
  return check_training_fits(checker, program) && is_right;
}

bool check_file(const char *path, const char *text, const CheckOptions *options, Sources *sources,
                Diagnostics *d, Arena *arena, Program **program) {
  Names *names = names_new(arena);
  const ImportContext context = {
      .sources = sources,
      .diagnostics = d,
      .names = names,
      .arena = arena,
      .include_folders = options->include_folders,
      .include_folder_count = options->include_folder_count,
  };
  const uint32_t errors = error_count(d);
  const File *file = import_file(&context, path, text);
  if (file == NULL) return false;
  Scope *scope = scope_new(file, options, sources, names, d, arena, error_count(d) != errors);
  const Checker checker = {d, arena, scope, {d, arena, scope_value, scope}, options};
  Program *result = ARENA_NEW(arena, Program);
  result->path = path;
  const bool is_right = check_program(&checker, file, errors, result);
  if (!is_right || error_count(d) != errors) return false;
  warn_of_unused(scope);
  *program = result;
  return true;
}
