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
#include "lang/override.h"
#include "lang/scope.h"
#include "lang/vector.h"

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

/* The block to take, NULL where there is none; a wanted one that does not exist is reported. */
static Item *choose(Diagnostics *d, const File *file, const BlockKind *blocks) {
  Item *chosen = NULL;
  for (Item *item = file->items; item != NULL; item = item->next) {
    if (is_chosen(blocks, item, chosen)) chosen = item;
  }
  if (chosen == NULL && blocks->wanted != NULL) report_unknown_block(d, file, blocks);
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

/* The blocks to take, NULL where the file has none, and whether each is right. */
typedef struct Chosen {
  Item *network, *hardware, *train;
  bool is_network_right, is_hardware_right, is_train_right;
} Chosen;

/* Checks every block of the file; keeps the results of the chosen ones. */
static void check_blocks(const Checker *checker, const File *file, Chosen *chosen,
                         Program *program) {
  Network network;
  Hardware hardware;
  Training training;
  for (const Item *item = file->items; item != NULL; item = item->next) {
    switch (item->kind) {
    case ITEM_NETWORK:
      if (check_network(checker, item, &network) && item == chosen->network) {
        chosen->is_network_right = true;
        program->network = network;
      }
      break;
    case ITEM_HARDWARE:
      if (check_hardware(checker, item, &hardware) && item == chosen->hardware) {
        chosen->is_hardware_right = true;
        program->hardware = hardware;
      }
      break;
    case ITEM_TRAIN:
      if (check_train(checker, item, &training) && item == chosen->train) {
        chosen->is_train_right = true;
        program->training = training;
      }
      break;
    case ITEM_IMPORT:
    case ITEM_LET:
    case ITEM_PARAM:
    case ITEM_ACTIVATION:
    case ITEM_PATTERN: break;
    }
  }
  if (chosen->hardware == NULL) {
    chosen->is_hardware_right = check_hardware(checker, NULL, &program->hardware);
  }
  if (chosen->train == NULL) {
    chosen->is_train_right = check_train(checker, NULL, &program->training);
  }
}

/* What the chosen blocks must agree on, as far as they are right themselves. */
static void check_agreement(const Checker *checker, const Chosen *chosen, const Program *program) {
  const bool has_network = chosen->is_network_right;
  const bool has_hardware = chosen->is_hardware_right;
  const bool has_train = chosen->is_train_right;
  if (has_network && has_hardware) {
    check_parallelism(checker, &program->network, &program->hardware);
  }
  if (has_network && has_train) check_goal(checker, &program->network, &program->training);
  if (has_hardware && has_train) check_arithmetic(checker, &program->hardware, &program->training);
}

static void report_no_network(Diagnostics *d, const File *file) {
  Message *m = error_in(d, ERROR_NO_NETWORK, file->source->name, "the file has no network");
  help(m, "write `network name { input ...; output ...; junction ...; }`");
}

static void list_params(const File *file, Arena *arena, Program *program) {
  VECTOR(Name) params = {0};
  for (const Item *item = file->items; item != NULL; item = item->next) {
    if (item->kind == ITEM_PARAM) *VECTOR_ADD(arena, &params) = item->name;
  }
  program->params = params.items;
  program->param_count = params.count;
}

/* Fills *program; true where its network is right, whatever the rest is. */
static bool check_program(const Checker *checker, File *file, Program *program) {
  Diagnostics *d = checker->diagnostics;
  const CheckOptions *options = checker->options;
  const BlockKind networks = {ITEM_NETWORK, "network", options->network};
  const BlockKind hardwares = {ITEM_HARDWARE, "hardware", options->hardware};
  const BlockKind trains = {ITEM_TRAIN, "train", options->train};
  check_block_names(checker, file);
  Chosen chosen = {
      .network = choose(d, file, &networks),
      .hardware = choose(d, file, &hardwares),
      .train = choose(d, file, &trains),
  };
  override_settings(checker->scope, file, &chosen.hardware, &chosen.train);
  check_definitions(checker);
  check_blocks(checker, file, &chosen, program);
  /* Part of the file may be lost to a syntax error, the network with it. */
  const bool is_missing = chosen.network == NULL && options->network == NULL;
  if (is_missing && !checker->scope->is_partial) report_no_network(d, file);
  check_agreement(checker, &chosen, program);
  return chosen.is_network_right;
}

Checked check_tree(const char *path, const char *text, const CheckOptions *options,
                   Sources *sources, Diagnostics *d, Arena *arena) {
  Names *names = names_new(arena);
  const ImportContext context = {
      .sources = sources,
      .diagnostics = d,
      .names = names,
      .arena = arena,
      .include_folders = options->include_folders,
      .include_folder_count = options->include_folder_count,
      .overlay = options->overlay,
  };
  const uint32_t errors = error_count(d);
  File *file = import_file(&context, path, text);
  if (file == NULL) return (Checked){0};
  Scope *scope = scope_new(file, options, sources, names, d, arena, error_count(d) != errors);
  const Checker checker = {d, arena, scope, {d, arena, scope_value, scope}, options};
  Program *result = ARENA_NEW(arena, Program);
  result->path = path;
  list_params(file, arena, result);
  const bool is_network_right = check_program(&checker, file, result);
  const Network *network = is_network_right ? &result->network : NULL;
  if (error_count(d) != errors) return (Checked){file, scope, network, NULL};
  warn_of_unused(scope);
  return (Checked){file, scope, network, result};
}

bool check_file(const char *path, const char *text, const CheckOptions *options, Sources *sources,
                Diagnostics *d, Arena *arena, Program **program) {
  const Checked checked = check_tree(path, text, options, sources, d, arena);
  if (checked.program == NULL) return false;
  *program = checked.program;
  return true;
}
