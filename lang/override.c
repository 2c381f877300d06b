// SPDX-License-Identifier: MIT
// An override is a statement like any other from here on: it is checked, and complained of, as if
// it stood in the file.
#include "lang/override.h"

#include <string.h>

/* A block that the file does not have, at its end. */
static Item *append_block(const Scope *scope, File *file, ItemKind kind, Span at) {
  Item **end = &file->items;
  while (*end != NULL) end = &(*end)->next;
  *end = ARENA_NEW(scope->arena, Item);
  **end = (Item){.kind = kind, .at = at, .keyword_at = at, .name = {"", at}};
  return *end;
}

static void set(const Scope *scope, Item *block, const Define *override) {
  Statement **place = &block->statements;
  while (*place != NULL && (*place)->setting.text != override->name.text) place = &(*place)->next;
  Statement *statement = ARENA_NEW(scope->arena, Statement);
  *statement = (Statement){
      .next = *place != NULL ? (*place)->next : NULL,
      .kind = STATEMENT_SETTING,
      .at = {override->name.at.begin, override->value->at.end},
      .setting = override->name,
      .value = override->value,
  };
  *place = statement;
}

static void report_unknown_block(const Scope *scope, Name block) {
  Message *m = error_at(scope->diagnostics, ERROR_UNKNOWN_DEFINE, block.at,
                        "-D reaches the settings of hardware and train, not of '%s'", block.text);
  Suggestion suggestion = suggestion_for(block.text);
  suggest(&suggestion, "hardware");
  suggest(&suggestion, "train");
  if (suggestion.best != NULL) help(m, "did you mean '%s'?", suggestion.best);
}

void override_settings(const Scope *scope, File *file, Item **hardware, Item **train) {
  for (uint32_t i = 0; i < scope->override_count; i++) {
    const Define *override = &scope->overrides[i];
    const bool is_hardware = strcmp(override->block.text, "hardware") == 0;
    if (!is_hardware && strcmp(override->block.text, "train") != 0) {
      report_unknown_block(scope, override->block);
      continue;
    }
    Item **block = is_hardware ? hardware : train;
    const ItemKind kind = is_hardware ? ITEM_HARDWARE : ITEM_TRAIN;
    if (*block == NULL) *block = append_block(scope, file, kind, override->block.at);
    set(scope, *block, override);
  }
}
