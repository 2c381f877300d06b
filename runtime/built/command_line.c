// SPDX-License-Identifier: MIT
// Options may stand anywhere, as --name value, --name=value or -x; after "--" nothing is an option.
#include "runtime/built/command_line.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define FOR(verb) (1u << VERB_##verb)
#define FOR_ALL   ((1u << TRAINER_VERB_COUNT) - 1)

static const OptionInfo table[] = {
#define RUN_OPTION(field, name, letter, kind, value, verbs, others, help)                          \
  {name, letter, OPTION_##kind, value, verbs, help, offsetof(RunOptions, field)},
#include "runtime/verbs/run_options.def"
#undef RUN_OPTION
};

enum { OPTION_TOTAL = sizeof table / sizeof table[0] };
_Static_assert(OPTION_TOTAL <= 64, "Parsing.given has a bit for each option");

typedef struct VerbInfo {
  const char *name;
  uint32_t most;
  const char *arguments, *help;
} VerbInfo;

static const VerbInfo verbs[TRAINER_VERB_COUNT] = {
#define TRAINER_VERB(id, name, most, arguments, help) {name, most, arguments, help},
#include "runtime/built/verbs.def"
#undef TRAINER_VERB
};

enum { COMPLAINT_SIZE = 256 };

/* ---- parsing ---- */

typedef struct Parsing {
  TrainerLine *line;
  char *complaint;
  uint64_t given; /* bit i: option i was given */
  uint32_t argument_count;
} Parsing;

#define COMPLAIN(parsing, ...) (snprintf((parsing)->complaint, COMPLAINT_SIZE, __VA_ARGS__), false)

/* The option that a word begins, and in *value what stands behind "=" in it, or NULL. */
static const OptionInfo *find_option(const char *word, const char **value) {
  const bool is_long = word[1] == '-';
  const char *name = word + (is_long ? 2 : 1);
  const size_t length = is_long ? strcspn(name, "=") : strlen(name);
  *value = name[length] == '=' ? name + length + 1 : NULL;
  for (int i = 0; i < OPTION_TOTAL; i++) {
    const bool is_same =
        is_long ? strlen(table[i].name) == length && !strncmp(table[i].name, name, length)
                : length == 1 && table[i].letter == name[0];
    if (is_same) return &table[i];
  }
  return NULL;
}

static bool store_option(Parsing *p, const OptionInfo *info, const char *value) {
  void *field = (char *)&p->line->options + info->offset;
  p->given |= UINT64_C(1) << (info - table);
  switch (info->kind) {
  case OPTION_FLAG:
    *(bool *)field = true;
    return !value || COMPLAIN(p, "--%s takes no value", info->name);
  case OPTION_TEXT: *(const char **)field = value; return true;
  case OPTION_COUNT: {
    OptionalCount *count = field;
    count->is_given = true;
    return parse_count(value, &count->value) ||
           COMPLAIN(p, "--%s needs a whole number from 0, not '%.80s'", info->name, value);
  }
  case OPTION_LIST: break;
  }
  assert(false && "an option of no kind");
  return false;
}

static bool take_argument(Parsing *p, const char *word) {
  TrainerLine *line = p->line;
  if (p->argument_count++ == 0) {
    uint32_t verb = 0;
    while (verb < TRAINER_VERB_COUNT && strcmp(verbs[verb].name, word) != 0) verb++;
    line->verb = (TrainerVerb)verb;
    return verb < TRAINER_VERB_COUNT || COMPLAIN(p, "there is no verb '%.80s'", word);
  }
  if (p->argument_count - 1 > verbs[line->verb].most)
    return COMPLAIN(p, "'%s' does not take '%.80s'", verbs[line->verb].name, word);
  line->input = word;
  return true;
}

/* Takes the option that argv[*at] begins, with its value. */
static bool take_option(Parsing *p, int argc, char **argv, int *at) {
  const char *value;
  const OptionInfo *info = find_option(argv[*at], &value);
  if (!info) return COMPLAIN(p, "there is no option %.80s", argv[*at]);
  if (info->kind != OPTION_FLAG && !value) {
    if (++*at == argc) return COMPLAIN(p, "--%s needs a value after it", info->name);
    value = argv[*at];
  }
  return store_option(p, info, value);
}

static bool options_suit(Parsing *p) {
  const TrainerVerb verb = p->line->verb;
  for (int i = 0; verb < TRAINER_VERB_COUNT && i < OPTION_TOTAL; i++) {
    if (!(p->given & UINT64_C(1) << i) || table[i].verbs & 1u << verb) continue;
    return COMPLAIN(p, "'%s' has no option --%s", verbs[verb].name, table[i].name);
  }
  return true;
}

bool parse_trainer_line(int argc, char **argv, TrainerLine *line, char complaint[256]) {
  Parsing p = {.line = line, .complaint = complaint};
  bool is_good = true, ends_options = false;
  *line = (TrainerLine){.verb = TRAINER_VERB_COUNT};
  for (int i = 1; is_good && i < argc; i++) {
    const bool is_option = !ends_options && argv[i][0] == '-' && argv[i][1] != '\0';
    if (is_option && strcmp(argv[i], "--") == 0) {
      ends_options = true;
    } else {
      is_good = is_option ? take_option(&p, argc, argv, &i) : take_argument(&p, argv[i]);
    }
  }
  return is_good && options_suit(&p);
}

/* ---- help ---- */

static void print_options(uint32_t mask, FILE *out) {
  for (int i = 0; i < OPTION_TOTAL; i++) {
    const OptionInfo *info = &table[i];
    if (!(info->verbs & mask)) continue;
    char letter[8] = "    ", spelling[48];
    if (info->letter) snprintf(letter, sizeof letter, "-%c, ", info->letter);
    snprintf(spelling, sizeof spelling, "%s--%s%s%s", letter, info->name, info->value ? " " : "",
             info->value ? info->value : "");
    fprintf(out, "  %-26s %s\n", spelling, info->help);
  }
}

void print_trainer_overview(const char *program, FILE *out) {
  fprintf(out, "usage: %s VERB [OPTION...]\n\n", program);
  for (uint32_t i = 0; i < TRAINER_VERB_COUNT; i++) {
    char call[48];
    snprintf(call, sizeof call, "%s %s", verbs[i].name, verbs[i].arguments);
    fprintf(out, "  %-26s %s\n", call, verbs[i].help);
  }
  fputs("\noptions:\n", out);
  print_options(FOR_ALL, out);
  fputs("\nexit status: 0 done, 1 it cannot be done with this network or data, 2 wrong usage,\n"
        "             4 reading or writing failed, 70 a defect of sedge, 130 interrupted\n",
        out);
}

void print_trainer_verb(const char *program, TrainerVerb verb, FILE *out) {
  fprintf(out, "usage: %s %s %s%s[OPTION...]\n\n%s\n\noptions:\n", program, verbs[verb].name,
          verbs[verb].arguments, verbs[verb].arguments[0] ? " " : "", verbs[verb].help);
  print_options(1u << verb, out);
}
