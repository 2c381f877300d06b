// SPDX-License-Identifier: MIT
// Syntax highlighting for editors: which words are what.  The rest of each grammar is the same for
// all words.
#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/generate/generate.h"
#include "lang/form.h"

/* Classes of words, as highlighting tells them apart. */
typedef enum WordClass {
  CLASS_ITEM,      /* keywords that begin something */
  CLASS_STATEMENT, /* keywords inside a network */
  CLASS_FORM,      /* patterns, optimizers and other calls of the language */
  CLASS_FIELD,     /* settings and arguments */
  CLASS_ACTIVATION,
  CLASS_FUNCTION,
  CLASS_UNIT,
  CLASS_CONSTANT, /* true, and names of defaults */
  CLASS_COUNT
} WordClass;

enum { WORD_LIMIT = 256 };

typedef struct WordSet {
  uint32_t count;
  const char *words[WORD_LIMIT];
} WordSet;

static bool has_word(const WordSet *set, const char *word) {
  for (uint32_t i = 0; i < set->count; i++) {
    if (strcmp(set->words[i], word) == 0) return true;
  }
  return false;
}

static void add_word(WordSet *set, const char *word) {
  if (has_word(set, word)) return;
  assert(set->count < WORD_LIMIT);
  set->words[set->count++] = word;
}

static bool is_name(const char *text) {
  return strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

/* Settings and arguments, forms, and defaults that are names. */
static void collect_forms(WordSet *sets) {
  for (uint32_t i = 0; i < FORM_COUNT; i++) {
    if (form_family((Form)i) != FAMILY_BLOCK) add_word(&sets[CLASS_FORM], form_name((Form)i));
  }
  add_word(&sets[CLASS_CONSTANT], "true");
  add_word(&sets[CLASS_CONSTANT], "false");
  for (uint32_t i = 0; i < FIELD_COUNT; i++) {
    const FieldFacts *facts = field_facts((Field)i);
    add_word(&sets[CLASS_FIELD], facts->name);
    if (facts->fallback && is_name(facts->fallback) &&
        !has_word(&sets[CLASS_FORM], facts->fallback))
      add_word(&sets[CLASS_CONSTANT], facts->fallback);
  }
}

static void collect_words(WordSet sets[CLASS_COUNT]) {
  enum { ITEM = CLASS_ITEM, NETWORK = CLASS_STATEMENT, LAYER = CLASS_STATEMENT };
  memset(sets, 0, CLASS_COUNT * sizeof *sets);
#define KEYWORD(token, text, place, help) add_word(&sets[place], text);
#include "lang/keywords.def"
#undef KEYWORD
#define ACTIVATION(id, name, help) add_word(&sets[CLASS_ACTIVATION], name);
#include "lang/activations.def"
#undef ACTIVATION
#define FUNCTION(id, name, least, most, scalar, help) add_word(&sets[CLASS_FUNCTION], name);
#include "lang/functions.def"
#undef FUNCTION
#define UNIT(name, numerator, denominator, seconds, bits) add_word(&sets[CLASS_UNIT], name);
#include "lang/units.def"
#undef UNIT
  collect_forms(sets);
}

/* "a|b|c", owned by the caller. */
static char *joined(const WordSet *set, const char *separator) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) abort();
  for (uint32_t i = 0; i < set->count; i++)
    fprintf(out, "%s%s", i > 0 ? separator : "", set->words[i]);
  fclose(out);
  return text;
}

/* ---- Vim ---- */

static const char *const vim_groups[CLASS_COUNT] = {
    [CLASS_ITEM] = "sedgeItem",
    [CLASS_STATEMENT] = "sedgeStatement",
    [CLASS_FORM] = "sedgeForm",
    [CLASS_FIELD] = "sedgeField",
    [CLASS_ACTIVATION] = "sedgeActivation",
    [CLASS_FUNCTION] = "sedgeFunction",
    [CLASS_UNIT] = "sedgeUnit",
    [CLASS_CONSTANT] = "sedgeConstant",
};

/* A word that is followed or preceded by what makes it one of its class. */
static void print_vim_matches(FILE *out, const WordSet sets[CLASS_COUNT]) {
  static const struct {
    WordClass word_class;
    const char *before, *after;
  } matches[] = {
      {CLASS_FORM, "[=:(,]\\s*\\zs<", ">"},
      {CLASS_FUNCTION, "<", ">\\ze\\s*\\("},
      {CLASS_FIELD, "<", ">\\ze\\s*\\=[^=]"},
      {CLASS_ACTIVATION, ":\\s*\\zs<", ">"},
      {CLASS_CONSTANT, "<", ">"},
      {CLASS_ITEM, "^\\s*<", ">"},
      {CLASS_STATEMENT, "(^|[{;]|\\])\\s*\\zs<", ">"},
      {CLASS_UNIT, "%([0-9.]\\s*)@<=<", ">"},
  };
  for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
    char *words = joined(&sets[matches[i].word_class], "|");
    fprintf(out, "syn match %s \"\\v%s%%(%s)%s\"\n", vim_groups[matches[i].word_class],
            matches[i].before, words, matches[i].after);
    free(words);
  }
}

void generate_vim(FILE *out) {
  WordSet sets[CLASS_COUNT];
  collect_words(sets);
  fputs("\" Vim syntax file for sedge; made by `sedge generate vim`\n"
        "if exists(\"b:current_syntax\")\n"
        "  finish\n"
        "endif\n\n"
        "syn match sedgeNumber "
        "\"\\v<%(0[xX][0-9A-Fa-f_]+|[0-9][0-9_]*%(\\.[0-9_]*)?%([eE][-+]?[0-9]+)?)\"\n",
        out);
  print_vim_matches(out, sets);
  fputs("syn match sedgeOperator \"[-+*/%^<>!?]\\|->\\|&&\\|||\\|[=!<>]=\"\n"
        "syn match sedgeEscape contained \"\\\\\\%([\\\"\\\\nt]\\|x\\x\\x\\)\"\n"
        "syn region sedgeString start=+\"+ skip=+\\\\.+ end=+\"\\|$+ contains=sedgeEscape\n"
        "syn match sedgeComment \"//.*$\" contains=sedgeTodo,@Spell\n"
        "syn region sedgeComment start=\"/\\*\" end=\"\\*/\" contains=sedgeTodo,@Spell\n"
        "syn keyword sedgeTodo contained TODO FIXME NOTE\n\n"
        "hi def link sedgeItem Structure\n"
        "hi def link sedgeStatement Statement\n"
        "hi def link sedgeForm Type\n"
        "hi def link sedgeField Identifier\n"
        "hi def link sedgeActivation Function\n"
        "hi def link sedgeFunction Function\n"
        "hi def link sedgeUnit Special\n"
        "hi def link sedgeConstant Constant\n"
        "hi def link sedgeNumber Number\n"
        "hi def link sedgeOperator Operator\n"
        "hi def link sedgeString String\n"
        "hi def link sedgeEscape SpecialChar\n"
        "hi def link sedgeComment Comment\n"
        "hi def link sedgeTodo Todo\n\n"
        "syn sync fromstart\n"
        "let b:current_syntax = \"sedge\"\n",
        out);
}

/* ---- TextMate ---- */

static json_t *match_json(const char *scope, const char *before, const WordSet *set,
                          const char *after) {
  char *words = joined(set, "|");
  json_t *pattern = json_sprintf("%s(?:%s)%s", before, words, after);
  free(words);
  return json_pack("{s:s, s:o}", "name", scope, "match", pattern);
}

/* The parts that no table changes. */
static json_t *fixed_patterns(void) {
  return json_pack("[{s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s, s:[{s:s, s:s}]}, {s:s, s:s}]",
                   "name", "comment.line.double-slash.sedge", "match", "//.*$", "name",
                   "comment.block.sedge", "begin", "/\\*", "end", "\\*/", "name",
                   "string.quoted.double.sedge", "begin", "\"", "end", "\"|$", "patterns", "name",
                   "constant.character.escape.sedge", "match", "\\\\(?:[\"\\\\nt]|x[0-9A-Fa-f]{2})",
                   "name", "constant.numeric.sedge", "match",
                   "\\b(?:0[xX][0-9A-Fa-f_]+|[0-9][0-9_]*(?:\\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?)");
}

void generate_textmate(FILE *out) {
  WordSet sets[CLASS_COUNT];
  collect_words(sets);
  json_t *patterns = fixed_patterns();
  json_t *matches[] = {
      match_json("keyword.other.unit.sedge", "(?<=[0-9.])\\s*\\b", &sets[CLASS_UNIT], "\\b"),
      match_json("storage.type.sedge", "^\\s*\\b", &sets[CLASS_ITEM], "\\b(?!\\s*=)"),
      match_json("keyword.control.sedge", "(?:(?<=[{;\\]])|^)\\s*\\b", &sets[CLASS_STATEMENT],
                 "\\b(?!\\s*=)"),
      match_json("variable.parameter.sedge", "\\b", &sets[CLASS_FIELD], "\\b(?=\\s*=[^=])"),
      match_json("support.class.sedge", "(?<=[=:(,]|[=:,] )\\b", &sets[CLASS_FORM], "\\b"),
      match_json("support.function.sedge", "\\b", &sets[CLASS_FUNCTION], "\\b(?=\\s*\\()"),
      match_json("support.function.activation.sedge", "(?<=:|: )\\b", &sets[CLASS_ACTIVATION],
                 "\\b"),
      match_json("constant.language.sedge", "\\b", &sets[CLASS_CONSTANT], "\\b"),
  };
  for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++)
    json_array_append_new(patterns, matches[i]);
  json_array_append_new(patterns, json_pack("{s:s, s:s}", "name", "keyword.operator.sedge", "match",
                                            "->|&&|\\|\\||[=!<>]=|[-+*/%^<>!?=:]"));
  json_t *grammar = json_pack("{s:s, s:s, s:s, s:[s], s:o}", "information_for_contributors",
                              "made by `sedge generate textmate`", "name", "sedge", "scopeName",
                              "source.sedge", "fileTypes", "sedge", "patterns", patterns);
  json_dumpf(grammar, out, JSON_INDENT(2));
  fputc('\n', out);
  json_decref(grammar);
}
