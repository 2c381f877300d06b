// SPDX-License-Identifier: MIT
// The man pages: sedge(1), the command, and sedge(5), the language.  In the man macros of troff.
#include <string.h>

#include "compiler/command.h"
#include "compiler/default_program.h"
#include "compiler/generate/generate.h"
#include "lang/form.h"

/* ---- troff ---- */

/* Prints text so that troff takes nothing in it for its own: backslashes, and dots and quotes at a
 * line's beginning. */
static void put(FILE *out, const char *text) {
  bool begins = true;
  for (; *text; text++) {
    if (begins && (*text == '.' || *text == '\'')) fputs("\\&", out);
    begins = *text == '\n';
    if (*text == '\\') {
      fputs("\\e", out);
    } else if (*text == '-') {
      fputs("\\-", out);
    } else if (*text == '`') {
      fputs("\\(ga", out);
    } else if (*text == '^') {
      fputs("\\(ha", out);
    } else if (*text == '~') {
      fputs("\\(ti", out);
    } else {
      fputc(*text, out);
    }
  }
}

static void put_line(FILE *out, const char *text) {
  put(out, text);
  fputc('\n', out);
}

static void put_title(FILE *out, const char *section, const char *what) {
  fprintf(out, ".\\\" Made by `sedge generate man%s`.\n", section);
  fprintf(out, ".TH SEDGE %s \"\" \"sedge %s\" \"%s\"\n", section, SEDGE_VERSION, what);
}

static void put_section(FILE *out, const char *name) {
  fprintf(out, ".SH %s\n", name);
}

/* A term and what it means. */
static void put_term(FILE *out, const char *term, const char *meaning) {
  fputs(".TP\n.B ", out);
  put_line(out, term);
  put_line(out, meaning);
}

/* Lines that are set as they are. */
static void put_example(FILE *out, const char *text) {
  fputs(".PP\n.RS 4\n.nf\n", out);
  put_line(out, text);
  fputs(".fi\n.RE\n", out);
}

/* ---- sedge(1) ---- */

static void put_option(FILE *out, const OptionFacts *option) {
  fputs(".TP\n", out);
  if (option->letter) fprintf(out, "\\fB\\-%c\\fP%s", option->letter, option->name ? ", " : "");
  if (option->name) {
    fputs("\\fB\\-\\-", out);
    put(out, option->name);
    fputs("\\fP", out);
  }
  if (option->value) {
    fputs(" \\fI", out);
    put(out, option->value);
    fputs("\\fP", out);
  }
  fputc('\n', out);
  put_line(out, option->help);
}

/* Whether all verbs take the option: it is then listed once. */
static bool is_common(uint32_t option) {
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
    if (!verb_has_option((Verb)verb, option)) return false;
  }
  return true;
}

static void put_choices(FILE *out, const ChoiceList *list) {
  fputs(".PP\n", out);
  put(out, list->heading);
  fputs(":\n.RS\n", out);
  for (const Choice *choice = list->choices; choice->name; choice++)
    put_term(out, choice->name, choice->help);
  fputs(".RE\n", out);
}

static void put_verb(FILE *out, Verb verb) {
  const Command *command = &commands[verb];
  fprintf(out, ".SS \"sedge %s", command->name);
  if (*command->arguments) fputc(' ', out);
  put(out, command->arguments);
  fputs("\"\n", out);
  put_line(out, command->help);
  for (uint32_t i = 0; i < option_total(); i++) {
    const OptionFacts option = option_facts(i);
    if (verb_has_option(verb, i) && !is_common(i)) put_option(out, &option);
  }
  for (const ChoiceList *list = choice_lists; list->heading; list++)
    if (list->verb == verb) put_choices(out, list);
  put_example(out, command->example);
}

void generate_man1(FILE *out) {
  put_title(out, "1", "User Commands");
  put_section(out, "NAME");
  put_line(out, "sedge - compile and train pre-defined sparse neural networks");
  put_section(out, "SYNOPSIS");
  fputs(".B sedge\n.I VERB\n[\\fIOPTION\\fP...] ...\n.br\n.B sedge\n.I FILE.sedge\n", out);
  put_section(out, "DESCRIPTION");
  put_line(out, "sedge checks a program in the language of sedge(5), draws its connections, fits "
                "them to the\n"
                "hardware that it names, makes the schedule of every edge, and trains by executing "
                "that schedule.\n"
                "A file alone is checked and fitted. Results go to standard output, everything "
                "else to standard error.");
  put_section(out, "VERBS");
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) put_verb(out, (Verb)verb);
  put_section(out, "COMMON OPTIONS");
  for (uint32_t i = 0; i < option_total(); i++) {
    const OptionFacts option = option_facts(i);
    if (is_common(i)) put_option(out, &option);
  }
  put_section(out, "EXIT STATUS");
  for (uint32_t i = 0; exit_meanings[i].meaning; i++) {
    char code[8];
    snprintf(code, sizeof code, "%d", exit_meanings[i].code);
    put_term(out, code, exit_meanings[i].meaning);
  }
  put_section(out, "ENVIRONMENT");
  put_term(out, "NO_COLOR", "messages have no color, unless --color asks for it");
  put_section(out, "SEE ALSO");
  fputs(".BR sedge (5)\n", out);
}

/* ---- sedge(5) ---- */

static const char introduction[] = "A .sedge file says three separate things: the network is what "
                                   "is learned, the hardware is what it runs on, and train\n"
                                   "is how it learns. The same network has the same connections, "
                                   "and with the same number format and order the same\n"
                                   "weights to the last bit, on every hardware that it fits.";

static const char expressions[] =
    "Numbers are exact fractions until a real value is needed. Operators, from the loosest: ?:, "
    "||, &&, == and !=,\n"
    "< <= > >=, + -, * / %, a sign or !, and ^. Lists stand in parentheses, calls take arguments "
    "by place or by name.\n"
    "Texts stand in double quotes, comments behind // or between /* and */.";

/* A form: its call or block, its help, and its fields. */
static void put_form(FILE *out, Form form) {
  put_term(out, form_name(form), form_help(form));
  if (field_count(form) == 0) return;
  fputs(".RS\n", out);
  for (uint32_t i = 0; i < field_count(form); i++) {
    const FieldFacts *facts = field_facts((Field)((uint32_t)first_field(form) + i));
    put_term(out, facts->name, facts->help);
    fputs("(", out);
    put(out, field_kind_expected(facts->kind));
    put(out, facts->fallback ? "; by default " : "; must be given");
    if (facts->fallback) put(out, facts->fallback);
    fputs(")\n", out);
  }
  fputs(".RE\n", out);
}

static void put_families(FILE *out) {
  for (uint32_t family = 0; family < FAMILY_COUNT; family++) {
    char title[64];
    snprintf(title, sizeof title, "%sS", family_noun((Family)family));
    for (char *c = title; *c; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    /* English has its exceptions: LOSSES. */
    const size_t length = strlen(title);
    if (length > 2 && strcmp(title + length - 2, "SS") == 0) memcpy(title + length - 1, "ES", 3);
    fprintf(out, ".SH \"%s\"\n", title);
    for (uint32_t form = 0; form < FORM_COUNT; form++) {
      if (form_family((Form)form) == (Family)family) put_form(out, (Form)form);
    }
  }
}

static void put_words(FILE *out) {
  put_section(out, "KEYWORDS");
#define KEYWORD(token, text, place, help) put_term(out, text, help);
#include "lang/keywords.def"
#undef KEYWORD
  put_section(out, "ACTIVATIONS");
#define ACTIVATION(id, name, help) put_term(out, name, help);
#include "lang/activations.def"
#undef ACTIVATION
  put_section(out, "FUNCTIONS");
#define FUNCTION(id, name, least, most, scalar, help) put_term(out, name, help);
#include "lang/functions.def"
#undef FUNCTION
  put_section(out, "UNITS");
  const char *separator = "";
#define UNIT(name, numerator, denominator, seconds, bits)                                          \
  fprintf(out, "%s%s", separator, name);                                                           \
  separator = ", ";
#include "lang/units.def"
#undef UNIT
  fputc('\n', out);
  put_section(out, "PARTS");
#define PART(name, multipliers, memories, ports)                                                   \
  put_term(out, name,                                                                              \
           #multipliers " multipliers, " #memories " memories of 36 kbit, " #ports " ports each");
#include "lang/parts.def"
#undef PART
}

void generate_man5(FILE *out) {
  put_title(out, "5", "File Formats");
  put_section(out, "NAME");
  put_line(out, "sedge - the language of pre-defined sparse neural networks and their hardware");
  put_section(out, "DESCRIPTION");
  put_line(out, introduction);
  put_section(out, "EXAMPLE");
  put_example(out, default_program);
  put_section(out, "EXPRESSIONS");
  put_line(out, expressions);
  put_words(out);
  put_families(out);
  put_section(out, "SEE ALSO");
  fputs(".BR sedge (1)\n", out);
}
