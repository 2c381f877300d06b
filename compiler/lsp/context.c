// SPDX-License-Identifier: MIT
// A small state machine over the words: braces, statements, brackets with the form that each call
// is.
#include "compiler/lsp/context.h"

#include <string.h>

enum { DEPTH_LIMIT = 64 };

/* One open bracket. */
typedef struct Frame {
  uint32_t callee;     /* NO_WORD: no call */
  Form form;           /* or FORM_COUNT */
  Field field;         /* that the argument being written is, or FIELD_COUNT */
  uint32_t argument;   /* its number */
  bool is_name_before; /* its name was given */
} Frame;

typedef struct State {
  Words words;
  uint32_t block, statement;
  bool is_behind_mark; /* the statement's `=` or `:` was met outside brackets */
  Frame frames[DEPTH_LIMIT];
  uint32_t depth; /* of brackets; frames above DEPTH_LIMIT are not known */
} State;

static bool is_word(const State *state, uint32_t word, const char *text) {
  return word != NO_WORD && word < state->words.count && word_is(&state->words.items[word], text);
}

Family family_of_kind(FieldKind kind) {
  switch (kind) {
  case FIELD_KIND_RATE: return FAMILY_RATE;
  case FIELD_KIND_NUMBER: return FAMILY_NUMBER;
  case FIELD_KIND_ROUNDING: return FAMILY_ROUNDING;
  case FIELD_KIND_DATA: return FAMILY_DATA;
  case FIELD_KIND_SPLIT: return FAMILY_SPLIT;
  case FIELD_KIND_LOSS: return FAMILY_LOSS;
  case FIELD_KIND_OPTIMIZER: return FAMILY_OPTIMIZER;
  case FIELD_KIND_INIT: return FAMILY_INIT;
  case FIELD_KIND_ORDER: return FAMILY_ORDER;
  case FIELD_KIND_WHOLE:
  case FIELD_KIND_REAL:
  case FIELD_KIND_FREQUENCY:
  case FIELD_KIND_MEMORY:
  case FIELD_KIND_FLAG:
  case FIELD_KIND_TEXT:
  case FIELD_KIND_COLUMN:
  case FIELD_KIND_SIZES:
  case FIELD_KIND_PARALLELISM:
  case FIELD_KIND_COUNT: break;
  }
  return FAMILY_COUNT;
}

/* Looks up a name of a table by a word. */
static const char *copy_word(const State *state, uint32_t word, char text[64]) {
  const Word *w = &state->words.items[word];
  const uint32_t length = word_length(w) < 63 ? word_length(w) : 63;
  memcpy(text, w->text, length);
  text[length] = '\0';
  return text;
}

static Form block_form(const State *state) {
  if (is_word(state, state->block, "hardware")) return FORM_HARDWARE;
  return is_word(state, state->block, "train") ? FORM_TRAIN : FORM_COUNT;
}

/* The field whose value is written outside brackets. */
static Field setting_field(const State *state) {
  char text[64];
  const Form form = block_form(state);
  if (form == FORM_COUNT || state->statement == NO_WORD || !state->is_behind_mark)
    return FIELD_COUNT;
  return find_field(form, copy_word(state, state->statement, text));
}

static Field current_field(const State *state) {
  return state->depth > 0 ? state->frames[state->depth - 1].field : setting_field(state);
}

static Family current_family(const State *state) {
  const bool is_pattern = state->depth == 0 && state->is_behind_mark &&
                          is_word(state, state->block, "network") &&
                          is_word(state, state->statement, "junction");
  if (is_pattern) return FAMILY_PATTERN;
  const Field field = current_field(state);
  return field == FIELD_COUNT ? FAMILY_COUNT : family_of_kind(field_facts(field)->kind);
}

/* The field that the frame's argument is by its place. */
static Field field_by_place(const Frame *frame) {
  if (frame->form == FORM_COUNT || frame->argument >= field_count(frame->form)) return FIELD_COUNT;
  return (Field)((uint32_t)first_field(frame->form) + frame->argument);
}

static void open_bracket(State *state, uint32_t word) {
  char text[64];
  Frame frame = {NO_WORD, FORM_COUNT, FIELD_COUNT, 0, false};
  const bool is_call = word_is(&state->words.items[word], "(") && word > 0 &&
                       state->words.items[word - 1].kind == WORD_NAME;
  if (is_call) {
    const Family family = current_family(state);
    frame.callee = word - 1;
    if (family != FAMILY_COUNT) frame.form = find_form(family, copy_word(state, word - 1, text));
    frame.field = field_by_place(&frame);
  }
  if (state->depth < DEPTH_LIMIT) state->frames[state->depth++] = frame;
}

static void end_statement(State *state) {
  state->statement = NO_WORD;
  state->depth = 0;
  state->is_behind_mark = false;
}

/* A comma or `=` inside brackets. */
static void inside_brackets(State *state, uint32_t word) {
  Frame *frame = &state->frames[state->depth - 1];
  if (word_is(&state->words.items[word], ",")) {
    frame->argument++;
    frame->is_name_before = false;
    frame->field = field_by_place(frame);
  } else if (word_is(&state->words.items[word], "=") && word > 0 && !frame->is_name_before) {
    char text[64];
    frame->is_name_before = true;
    frame->field = frame->form == FORM_COUNT
                       ? FIELD_COUNT
                       : find_field(frame->form, copy_word(state, word - 1, text));
  }
}

static void take_word(State *state, uint32_t number) {
  const Word *word = &state->words.items[number];
  if (word_is_comment(word)) return;
  if (word_is(word, ";")) {
    end_statement(state);
  } else if (word_is(word, "{")) {
    state->block = state->statement;
    end_statement(state);
  } else if (word_is(word, "}")) {
    state->block = NO_WORD;
    end_statement(state);
  } else if (word_is(word, "(") || word_is(word, "[")) {
    open_bracket(state, number);
  } else if (word_is(word, ")") || word_is(word, "]")) {
    if (state->depth > 0) state->depth--;
  } else if (state->depth > 0) {
    inside_brackets(state, number);
  } else if (word_is(word, "=") || word_is(word, ":")) {
    state->is_behind_mark = true;
  }
  const bool is_end = word_is(word, ";") || word_is(word, "{") || word_is(word, "}");
  if (state->statement == NO_WORD && !is_end) state->statement = number;
}

static Slot network_slot(const State *state, uint32_t before) {
  if (is_word(state, state->statement, "junction")) {
    if (state->is_behind_mark) return SLOT_VALUE;
    return SLOT_LAYER;
  }
  if (state->is_behind_mark) return SLOT_ACTIVATION;
  if (is_word(state, before, "]")) return SLOT_AFTER_SHAPE;
  return is_word(state, before, "pad") ? SLOT_VALUE : SLOT_NEW_NAME;
}

static Slot item_slot(const State *state) {
  if (is_word(state, state->statement, "import")) return SLOT_PATH;
  return state->is_behind_mark ? SLOT_VALUE : SLOT_NEW_NAME;
}

static Slot slot_of(const State *state, uint32_t word) {
  uint32_t before = word;
  while (before > 0 && word_is_comment(&state->words.items[before - 1])) before--;
  before = before > 0 ? before - 1 : NO_WORD;
  if (state->statement == NO_WORD) return state->block == NO_WORD ? SLOT_ITEM : SLOT_STATEMENT;
  if (before != NO_WORD && state->words.items[before].kind == WORD_NUMBER) return SLOT_UNIT;
  if (state->depth > 0) {
    const Frame *frame = &state->frames[state->depth - 1];
    const bool begins = is_word(state, before, "(") || is_word(state, before, ",");
    return frame->callee != NO_WORD && begins ? SLOT_ARGUMENT : SLOT_VALUE;
  }
  if (is_word(state, state->block, "network")) return network_slot(state, before);
  return state->block == NO_WORD ? item_slot(state) : SLOT_VALUE;
}

WordContext context_of(Words words, uint32_t word) {
  State state = {.words = words, .block = NO_WORD, .statement = NO_WORD};
  for (uint32_t i = 0; i < word && i < words.count; i++) take_word(&state, i);
  const Frame *frame = state.depth > 0 ? &state.frames[state.depth - 1] : NULL;
  return (WordContext){
      .slot = slot_of(&state, word < words.count ? word : words.count),
      .block = state.block,
      .statement = state.statement,
      .callee = frame ? frame->callee : NO_WORD,
      .argument = frame ? frame->argument : 0,
      .form = frame ? frame->form : block_form(&state),
      .field = current_field(&state),
      .family = current_family(&state),
  };
}

uint32_t word_number_at(Words words, uint32_t offset) {
  uint32_t low = 0, high = words.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (words.items[middle].at.end < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == words.count || words.items[low].at.end > offset) return low;
  const WordKind kind = words.items[low].kind;
  return kind == WORD_NAME || kind == WORD_NUMBER ? low : low + 1;
}

bool names_field(Words words, uint32_t word) {
  uint32_t next = word + 1;
  while (next < words.count && word_is_comment(&words.items[next])) next++;
  return next < words.count && word_is(&words.items[next], "=");
}
