// SPDX-License-Identifier: MIT
// The tables of lang/REFERENCE.md, as Markdown: each between `<!-- table: NAME -->` and
// `<!-- end -->`, where the page has its place.
#include "compiler/generate/generate.h"
#include "compiler/lsp/vocabulary.h"
#include "lang/form.h"

/* ---- Markdown ---- */

/* A cell's text: a bar would end the cell. */
static void put_cell(FILE *out, const char *text) {
  for (; *text; text++) {
    if (*text == '|') fputc('\\', out);
    fputc(*text, out);
  }
}

static void begin_table(FILE *out, const char *name) {
  fprintf(out, "<!-- table: %s -->\n", name);
}

static void end_table(FILE *out) {
  fputs("<!-- end -->\n\n", out);
}

/* A row of a word and what it means. */
static void put_word(FILE *out, const char *word, const char *meaning) {
  fputs("| `", out);
  put_cell(out, word);
  fputs("` | ", out);
  put_cell(out, meaning);
  fputs(" |\n", out);
}

/* ---- words ---- */

static void put_keywords(FILE *out) {
  static const char *const places[] = {[KEYWORD_ITEM] = "at the top level",
                                       [KEYWORD_NETWORK] = "in a network",
                                       [KEYWORD_LAYER] = "behind a layer's shape"};
  begin_table(out, "keywords");
  fputs("| keyword | stands | is for |\n| --- | --- | --- |\n", out);
  const KeywordFacts *keyword;
  for (uint32_t i = 0; (keyword = keyword_facts(i)); i++)
    fprintf(out, "| `%s` | %s | %s |\n", keyword->text, places[keyword->place], keyword->help);
  end_table(out);
}

/* Binary operators, a row for those that bind equally; ast.def has them from the loosest. */
static void put_operators(FILE *out) {
  int binding = 0;
  begin_table(out, "operators");
  fputs("| operators, from the loosest |\n| --- |\n| `? :`", out);
#define UNARY(id, text)
#define BINARY(id, text, precedence)                                                               \
  fputs(binding == precedence ? " " : " |\n| ", out);                                              \
  binding = precedence;                                                                            \
  fputc('`', out);                                                                                 \
  put_cell(out, text);                                                                             \
  fputc('`', out);
#define EXPR(id, noun)
#include "lang/ast.def"
#undef EXPR
#undef BINARY
#undef UNARY
  fputs(" |\n", out);
  end_table(out);
}

static void put_functions(FILE *out) {
  begin_table(out, "functions");
  fputs("| function | arguments | gives |\n| --- | --- | --- |\n", out);
#define FUNCTION(id, name, least, most, scalar, help)                                              \
  fprintf(out, "| `%s` | %s | %s |\n", name, (most) == (least) ? #least : #least " or more", help);
#include "lang/functions.def"
#undef FUNCTION
  end_table(out);
}

static void put_units(FILE *out) {
  begin_table(out, "units");
  fputs("| unit | is |\n| --- | --- |\n", out);
#define UNIT(name, numerator, denominator, seconds, bits)                                          \
  fprintf(out, "| `%s` | %s%s %s |\n", name, #numerator,                                           \
          (denominator) == 1 ? "" : "/" #denominator,                                              \
          (bits)          ? "bit"                                                                  \
          : (seconds) < 0 ? "Hz"                                                                   \
                          : "s");
#include "lang/units.def"
#undef UNIT
  end_table(out);
}

static void put_activations(FILE *out) {
  begin_table(out, "activations");
  fputs("| activation | is |\n| --- | --- |\n", out);
#define ACTIVATION(id, name, help) put_word(out, name, help);
#include "lang/activations.def"
#undef ACTIVATION
  end_table(out);
}

static void put_parts(FILE *out) {
  begin_table(out, "parts");
  fputs("| part | multipliers | memories of 36 kbit | ports of each |\n| --- | ---: | ---: | ---: "
        "|\n",
        out);
#define PART(name, multipliers, memories, ports)                                                   \
  fprintf(out, "| `%s` | %d | %d | %d |\n", name, multipliers, memories, ports);
#include "lang/parts.def"
#undef PART
  end_table(out);
}

static void put_errors(FILE *out) {
  begin_table(out, "errors");
  fputs("| code | says that there is |\n| --- | --- |\n", out);
#define CODE(id, code, summary, text) put_word(out, code, summary);
#include "lang/errors.def"
#undef CODE
  end_table(out);
}

/* ---- forms ---- */

static void put_field(FILE *out, Field field, Arena *arena) {
  const FieldFacts *facts = field_facts(field);
  const char *range = range_text(facts->range, arena);
  const char *unit = facts->kind == FIELD_KIND_MEMORY ? " bit" : "";
  fprintf(out, "| `%s` | %s%s%s%s | ", facts->name, field_kind_expected(facts->kind),
          range ? ", " : "", range ? range : "", range ? unit : "");
  if (facts->fallback) {
    fprintf(out, "`%s`", facts->fallback);
  } else {
    fputs("must be given", out);
  }
  fprintf(out, " | %s |\n", facts->help);
}

/* The fields of a form, where it has any. */
static void put_fields(FILE *out, Form form, Arena *arena) {
  const bool is_block = form_family(form) == FAMILY_BLOCK;
  if (field_count(form) == 0) return;
  if (!is_block) fprintf(out, "\n`%s(...)`:\n\n", form_name(form));
  fprintf(out, "| %s | takes | default | meaning |\n| --- | --- | --- | --- |\n",
          is_block ? "setting" : "argument");
  for (uint32_t i = 0; i < field_count(form); i++)
    put_field(out, (Field)((uint32_t)first_field(form) + i), arena);
}

/* A family of calls: what there is, then the arguments of each. */
static void put_family(FILE *out, Family family, Arena *arena) {
  begin_table(out, family_noun(family));
  fprintf(out, "| %s | is |\n| --- | --- |\n", family_noun(family));
  for (uint32_t form = 0; form < FORM_COUNT; form++) {
    if (form_family((Form)form) == family)
      put_word(out, form_name((Form)form), form_help((Form)form));
  }
  for (uint32_t form = 0; form < FORM_COUNT; form++) {
    if (form_family((Form)form) == family) put_fields(out, (Form)form, arena);
  }
  end_table(out);
}

static void put_forms(FILE *out) {
  Arena *arena = arena_open();
  for (uint32_t form = 0; form < FORM_COUNT; form++) {
    if (form_family((Form)form) != FAMILY_BLOCK) continue;
    begin_table(out, form_name((Form)form));
    put_fields(out, (Form)form, arena);
    end_table(out);
  }
  for (uint32_t family = 0; family < FAMILY_COUNT; family++) {
    if (family != FAMILY_BLOCK) put_family(out, (Family)family, arena);
  }
  arena_close(arena);
}

void generate_reference(FILE *out) {
  put_keywords(out);
  put_operators(out);
  put_functions(out);
  put_units(out);
  put_activations(out);
  put_forms(out);
  put_parts(out);
  put_errors(out);
}
