// SPDX-License-Identifier: MIT
// Parses the command line by popt, from the one table of options: options.def and the shared verbs'
// own.
//
// All verbs' options are accepted first, wherever they stand; whether the verb takes them is asked
// when the verb is known, so that the message can say so.
#include "compiler/options.h"

#include <assert.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command.h"
#include "lang/suggest.h"

#define FOR(verb) (1u << VERB_##verb)
#define FOR_ALL   ((1u << VERB_COUNT) - 1)
#define FOR_FILES                                                                                  \
  (FOR(CHECK) | FOR(FIT) | FOR(SCHEDULE) | FOR(TRAIN) | FOR(TEST) | FOR(PREDICT) | FOR(VERIFY) |   \
   FOR(BENCH) | FOR(SWEEP) | FOR(BUILD) | FOR(EXPORT) | FOR(LSP))
/* every verb that opens an engine */
#define FOR_ENGINES (FOR(TRAIN) | FOR(TEST) | FOR(PREDICT) | FOR(VERIFY) | FOR(BENCH) | FOR(SWEEP))

static const OptionInfo table[] = {
#define OPTION(field, name, letter, kind, value, verbs, help)                                      \
  {name, letter, OPTION_##kind, value, verbs, help, offsetof(Options, field)},
#include "compiler/options.def"
#undef OPTION
#define RUN_OPTION(field, name, letter, kind, value, verbs, others, help)                          \
  {name, letter, OPTION_##kind, value, (verbs) | (others), help, offsetof(Options, run.field)},
#include "runtime/verbs/run_options.def"
#undef RUN_OPTION
};

enum { OPTION_TOTAL = sizeof table / sizeof table[0] };
_Static_assert(OPTION_TOTAL <= 64, "ParsedLine.given has a bit for each option");

/* "--epochs" or "-D", as the user writes it. */
static const char *option_spelling(const OptionInfo *info, Arena *arena) {
  return info->name ? arena_print(arena, "--%s", info->name)
                    : arena_print(arena, "-%c", info->letter);
}

static void append_text(TextList *list, const char *text, Arena *arena) {
  const char **texts = ARENA_ARRAY(arena, const char *, list->count + 1);
  if (list->count > 0) memcpy(texts, list->texts, list->count * sizeof *texts);
  texts[list->count] = text;
  *list = (TextList){.count = list->count + 1, .texts = texts};
}

/* Stores one option; value is NULL for a flag. */
static bool store_option(const OptionInfo *info, const char *value, Options *options, Arena *arena,
                         const char **complaint) {
  void *field = (char *)options + info->offset;
  switch (info->kind) {
  case OPTION_FLAG: *(bool *)field = true; return true;
  case OPTION_TEXT: *(const char **)field = value; return true;
  case OPTION_LIST: append_text(field, value, arena); return true;
  case OPTION_COUNT: {
    OptionalCount *count = field;
    count->is_given = true;
    if (parse_count(value, &count->value)) return true;
    *complaint = arena_print(arena, "%s needs a whole number from 0, not '%s'",
                             option_spelling(info, arena), value);
    return false;
  }
  }
  assert(false && "an option of no kind");
  return false;
}

/* The first word that is a verb's name: what an option means may depend on it. */
static Verb find_verb_word(int argc, const char **argv) {
  for (int i = 1; i < argc; i++) {
    for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
      if (strcmp(argv[i], commands[verb].name) == 0) return (Verb)verb;
    }
  }
  return VERB_COUNT;
}

/* Whether another option of the same name is meant: the verb's own, else the first of the table. */
static bool is_hidden(int option, Verb verb) {
  const bool is_own = verb != VERB_COUNT && table[option].verbs & 1u << verb;
  for (int i = 0; i < OPTION_TOTAL; i++) {
    if (i == option || !table[i].name || !table[option].name ||
        strcmp(table[i].name, table[option].name) != 0)
      continue;
    const bool is_other_own = verb != VERB_COUNT && table[i].verbs & 1u << verb;
    if (is_own != is_other_own ? is_other_own : i < option) return true;
  }
  return false;
}

/* popt's view of the table: value i + 1 is option i. */
static void fill_popt_table(struct poptOption *popt, Verb verb) {
  int count = 0;
  for (int i = 0; i < OPTION_TOTAL; i++) {
    if (is_hidden(i, verb)) continue;
    popt[count++] = (struct poptOption){
        .longName = table[i].name,
        .shortName = table[i].letter,
        .argInfo = table[i].kind == OPTION_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
        .val = i + 1,
    };
  }
  popt[count] = (struct poptOption)POPT_TABLEEND;
}

/* What popt did not like, in our words. */
static const char *describe_bad_option(poptContext context, int error, Arena *arena) {
  const char *bad = poptBadOption(context, POPT_BADOPTION_NOALIAS);
  if (error == POPT_ERROR_NOARG) return arena_print(arena, "%s needs a value after it", bad);
  if (error != POPT_ERROR_BADOPT) return arena_print(arena, "%s: %s", bad, poptStrerror(error));
  const size_t length = strcspn(bad, "=");
  const char *name = arena_copy(arena, bad, length);
  Suggestion nearest = suggestion_for(name + strspn(name, "-"));
  for (int i = 0; i < OPTION_TOTAL; i++) {
    if (table[i].name) suggest(&nearest, table[i].name);
  }
  if (nearest.best && name[0] == '-' && name[1] == '-') {
    return arena_print(arena, "there is no option %s; did you mean --%s?", name, nearest.best);
  }
  return arena_print(arena, "there is no option %s", name);
}

/* What stands behind an option, or a word that is none; NULL behind a flag.  popt gives no value
 * where it gets no memory. */
static const char *take_value(poptContext context, bool is_expected, Arena *arena) {
  char *value = poptGetOptArg(context);
  if (!value && is_expected) arena_fail(0);
  const char *kept = value ? arena_copy(arena, value, strlen(value)) : NULL;
  free(value);
  return kept;
}

/* Takes the words from left to right; an argument comes as option 0. */
static bool take_words(poptContext context, Arena *arena, ParsedLine *line,
                       const char **complaint) {
  TextList arguments = {0};
  int option;
  while ((option = poptGetNextOpt(context)) >= 0) {
    const OptionInfo *info = option > 0 ? &table[option - 1] : NULL;
    const char *kept = take_value(context, !info || info->kind != OPTION_FLAG, arena);
    if (!info) {
      append_text(&arguments, kept, arena);
      line->argument_count = arguments.count;
      line->arguments = arguments.texts;
      continue;
    }
    line->given |= UINT64_C(1) << (option - 1);
    if (!store_option(info, kept, &line->options, arena, complaint)) return false;
  }
  if (option == -1) return true;
  *complaint = describe_bad_option(context, option, arena);
  return false;
}

bool parse_options(int argc, const char **argv, Arena *arena, ParsedLine *line,
                   const char **complaint) {
  struct poptOption popt[OPTION_TOTAL + 1];
  fill_popt_table(popt, find_verb_word(argc, argv));
  *line = (ParsedLine){0};
  /* Arguments as options: popt's own list of them loses some, and says nothing, where it gets no
   * memory. */
  poptContext context =
      poptGetContext("sedge", argc, argv, popt, POPT_CONTEXT_NO_EXEC | POPT_CONTEXT_ARG_OPTS);
  if (!context) arena_fail(0);
  const bool is_good = take_words(context, arena, line, complaint);
  poptFreeContext(context);
  return is_good;
}

/* "train, test", the verbs that take an option. */
static const char *verbs_with(const OptionInfo *info, Arena *arena) {
  const char *list = "";
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
    if (!(info->verbs & 1u << verb)) continue;
    list = arena_print(arena, "%s%s%s", list, *list ? ", " : "", commands[verb].name);
  }
  return list;
}

bool options_suit(const ParsedLine *line, Verb verb, Arena *arena, const char **complaint) {
  for (int i = 0; i < OPTION_TOTAL; i++) {
    if (!(line->given & UINT64_C(1) << i) || table[i].verbs & 1u << verb) continue;
    *complaint =
        arena_print(arena, "'sedge %s' has no option %s; it belongs to: %s", commands[verb].name,
                    option_spelling(&table[i], arena), verbs_with(&table[i], arena));
    return false;
  }
  return true;
}

uint32_t option_total(void) {
  return OPTION_TOTAL;
}

OptionFacts option_facts(uint32_t option) {
  const OptionInfo *info = &table[option];
  return (OptionFacts){info->name, info->letter, info->value, info->help};
}

bool verb_has_option(Verb verb, uint32_t option) {
  return (table[option].verbs & 1u << verb) != 0;
}

void print_options(FILE *out, Verb verb) {
  for (int i = 0; i < OPTION_TOTAL; i++) {
    const OptionInfo *info = &table[i];
    if (!(info->verbs & 1u << verb)) continue;
    char spelling[64];
    const int length =
        snprintf(spelling, sizeof spelling, "%c%c%s%s%s%s%s", info->letter ? '-' : ' ',
                 info->letter ? info->letter : ' ', info->letter && info->name ? ", " : "  ",
                 info->name ? "--" : "", info->name ? info->name : "", info->value ? " " : "",
                 info->value ? info->value : "");
    assert(length > 0 && (size_t)length < sizeof spelling);
    fprintf(out, "  %-26s %s\n", spelling, info->help);
  }
}

CheckOptions check_options(const Options *options) {
  return (CheckOptions){
      .defines = options->defines.texts,
      .define_count = options->defines.count,
      .include_folders = options->include_folders.texts,
      .include_folder_count = options->include_folders.count,
      .network = options->network,
      .hardware = options->hardware,
      .train = options->training,
      .has_seed = options->run.seed.is_given,
      .seed = options->run.seed.value,
  };
}
