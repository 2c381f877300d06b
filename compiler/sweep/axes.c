// SPDX-License-Identifier: MIT
// Values are split at the commas that stand outside parentheses and quotes, so that (128, 32) and
// fixed(12, 3) are one each.
#include "compiler/sweep/axes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/sweep/columns.h"
#include "lang/form.h"
#include "lang/suggest.h"
#include "lang/vector.h"

typedef VECTOR(const char *) Texts;

/* ---- names ---- */

typedef struct SweptOption {
  AxisKind kind;
  const char *name;
} SweptOption;

static const SweptOption swept_options[] = {
#define SWEPT_OPTION(id, name) {AXIS_##id, name},
#include "compiler/sweep/swept_options.def"
#undef SWEPT_OPTION
};

enum { SWEPT_OPTION_COUNT = sizeof swept_options / sizeof swept_options[0] };

static const Form setting_forms[] = {FORM_HARDWARE, FORM_TRAIN};

/* Every name that --over takes; settings as "train.epochs". */
static Texts known_names(const Program *program, Arena *arena) {
  Texts names = {0};
  for (uint32_t i = 0; i < program->param_count; i++)
    *VECTOR_ADD(arena, &names) = program->params[i].text;
  for (size_t i = 0; i < sizeof setting_forms / sizeof setting_forms[0]; i++) {
    const Field first = first_field(setting_forms[i]);
    for (uint32_t f = 0; f < field_count(setting_forms[i]); f++) {
      *VECTOR_ADD(arena, &names) = arena_print(arena, "%s.%s", form_name(setting_forms[i]),
                                               field_facts((Field)(first + f))->name);
    }
  }
  for (size_t i = 0; i < SWEPT_OPTION_COUNT; i++)
    *VECTOR_ADD(arena, &names) = swept_options[i].name;
  return names;
}

static bool is_param(const Program *program, const char *name) {
  for (uint32_t i = 0; i < program->param_count; i++) {
    if (strcmp(program->params[i].text, name) == 0) return true;
  }
  return false;
}

static AxisKind kind_of(const Program *program, const char *name) {
  for (size_t i = 0; i < SWEPT_OPTION_COUNT && !is_param(program, name); i++) {
    if (strcmp(swept_options[i].name, name) == 0) return swept_options[i].kind;
  }
  return AXIS_DEFINE;
}

static const char *unknown_name(const Texts *known, const char *name, Arena *arena) {
  Suggestion nearest = suggestion_for(name);
  for (uint32_t i = 0; i < known->count; i++) {
    const char *dot = strchr(known->items[i], '.');
    if (dot && strcmp(dot + 1, name) == 0) {
      return arena_print(arena, "--over %s: there is no such param; did you mean %s?", name,
                         known->items[i]);
    }
    suggest(&nearest, known->items[i]);
  }
  if (nearest.best) {
    return arena_print(arena, "--over %s: there is no such param or setting; did you mean %s?",
                       name, nearest.best);
  }
  return arena_print(arena,
                     "--over %s: there is no such param or setting; it takes a param of the file, "
                     "hardware.SETTING, train.SETTING, seed, network, hardware or train",
                     name);
}

/* ---- values ---- */

static const char *trimmed(const char *begin, const char *end, Arena *arena) {
  while (begin < end && strchr(" \t\n", *begin)) begin++;
  while (begin < end && strchr(" \t\n", end[-1])) end--;
  return arena_copy(arena, begin, (size_t)(end - begin));
}

/* The end of the value that begins at `text`: a comma outside of everything, or the end. */
static const char *value_end(const char *text) {
  int depth = 0;
  bool is_quoted = false;
  for (; *text; text++) {
    if (*text == '"') is_quoted = !is_quoted;
    if (is_quoted) {
      if (*text == '\\' && text[1]) text++;
      continue;
    }
    if (strchr("([", *text)) depth++;
    if (strchr(")]", *text)) depth--;
    if (*text == ',' && depth <= 0) break;
  }
  return text;
}

/* "1..5" is 1,2,3,4,5.  False: it is no range. */
static bool add_range(const char *text, Texts *values, Arena *arena) {
  unsigned long long first, last;
  int used = 0;
  if (strspn(text, "0123456789.") != strlen(text) ||
      sscanf(text, "%9llu..%9llu%n", &first, &last, &used) != 2 || text[used])
    return false;
  for (unsigned long long i = first; i <= last && values->count <= MOST_RUNS; i++)
    *VECTOR_ADD(arena, values) = arena_print(arena, "%llu", i);
  return first <= last;
}

static bool is_whole_number(const char *text) {
  return *text && strlen(text) < 20 && strspn(text, "0123456789") == strlen(text);
}

static int compare_values(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A value that is there twice, or NULL; sorted, since there may be very many. */
static const char *find_twice(const Axis *axis, Arena *arena) {
  const char **sorted = ARENA_ARRAY(arena, const char *, axis->count);
  memcpy(sorted, axis->values, axis->count * sizeof *sorted);
  qsort(sorted, axis->count, sizeof *sorted, compare_values);
  for (uint32_t i = 1; i < axis->count; i++)
    if (strcmp(sorted[i - 1], sorted[i]) == 0) return sorted[i];
  return NULL;
}

static const char *check_values(const Axis *axis, Arena *arena) {
  for (uint32_t i = 0; i < axis->count; i++) {
    const char *value = axis->values[i];
    if (!*value) return arena_print(arena, "--over %s: a value is empty", axis->name);
    if (axis->kind == AXIS_SEED && !is_whole_number(value))
      return arena_print(arena, "--over seed: '%s' is no whole number", value);
  }
  const char *twice = find_twice(axis, arena);
  return twice ? arena_print(arena, "--over %s: %s is given twice", axis->name, twice) : NULL;
}

static const char *read_axis(const char *text, const Program *program, const Texts *known,
                             Arena *arena, Axis *axis) {
  const char *equals = strchr(text, '=');
  if (!equals) return arena_print(arena, "--over is NAME=VALUE,VALUE,...; '%s' has no '='", text);
  axis->name = trimmed(text, equals, arena);
  bool is_known = false;
  for (uint32_t i = 0; i < known->count; i++) is_known |= strcmp(known->items[i], axis->name) == 0;
  if (!is_known) return unknown_name(known, axis->name, arena);
  Texts values = {0};
  for (const char *at = equals + 1;; at++) {
    const char *end = value_end(at);
    const char *value = trimmed(at, end, arena);
    if (!add_range(value, &values, arena)) *VECTOR_ADD(arena, &values) = value;
    at = end;
    if (!*at) break;
  }
  const char *dot = strrchr(axis->name, '.');
  axis->kind = kind_of(program, axis->name);
  axis->is_repetition = strcmp(dot ? dot + 1 : axis->name, "seed") == 0;
  axis->label = find_column(axis->name) == COLUMN_COUNT ? axis->name
                                                        : arena_print(arena, "over.%s", axis->name);
  axis->values = values.items;
  axis->count = values.count;
  return values.count > MOST_RUNS ? "a sweep has at most 100000 runs" : check_values(axis, arena);
}

/* What would be given twice, and win in silence. */
static const char *check_options_apart(const Options *options, const Axis *axis, Arena *arena) {
  const bool is_given = (strcmp(axis->name, "train.epochs") == 0 && options->run.epochs.is_given) ||
                        (axis->kind == AXIS_SEED && options->run.seed.is_given) ||
                        (axis->kind == AXIS_NETWORK && options->network) ||
                        (axis->kind == AXIS_HARDWARE && options->hardware) ||
                        (axis->kind == AXIS_TRAIN && options->training);
  if (!is_given) return NULL;
  const char *dot = strchr(axis->name, '.');
  return arena_print(arena, "--over %s and --%s: give one of them", axis->name,
                     dot ? dot + 1 : axis->name);
}

bool read_axes(const Options *options, const Program *program, Arena *arena, Axes *axes,
               const char **complaint) {
  const Texts known = known_names(program, arena);
  Axis *all = ARENA_ARRAY(arena, Axis, options->over.count);
  uint64_t runs = 1;
  *complaint = NULL;
  for (uint32_t i = 0; i < options->over.count && !*complaint; i++) {
    *complaint = read_axis(options->over.texts[i], program, &known, arena, &all[i]);
    for (uint32_t j = 0; j < i && !*complaint; j++) {
      if (strcmp(all[i].name, all[j].name) == 0)
        *complaint = arena_print(arena, "--over %s is given twice", all[i].name);
    }
    if (!*complaint) *complaint = check_options_apart(options, &all[i], arena);
    runs *= all[i].count;
    if (runs > MOST_RUNS) *complaint = "a sweep has at most 100000 runs";
  }
  *axes = (Axes){.count = options->over.count, .axes = all, .run_count = (uint32_t)runs};
  return !*complaint;
}

/* ---- runs ---- */

uint32_t axis_place(const Axes *axes, uint32_t run, uint32_t axis) {
  for (uint32_t i = axes->count - 1; i > axis; i--) run /= axes->axes[i].count;
  return run % axes->axes[axis].count;
}

const char *axis_value(const Axes *axes, uint32_t run, uint32_t axis) {
  return axes->axes[axis].values[axis_place(axes, run, axis)];
}

const char *describe_run(const Axes *axes, uint32_t run, Arena *arena) {
  const char *text = "";
  for (uint32_t i = 0; i < axes->count; i++) {
    text = arena_print(arena, "%s%s%s=%s", text, i > 0 ? " " : "", axes->axes[i].name,
                       axis_value(axes, run, i));
  }
  return text;
}

Options run_options(const Options *options, const Axes *axes, uint32_t run, Arena *arena) {
  Options result = *options;
  const TextList *given = &options->defines;
  const char **defines = ARENA_ARRAY(arena, const char *, given->count + axes->count);
  uint32_t count = 0;
  for (; count < given->count; count++) defines[count] = given->texts[count];
  for (uint32_t i = 0; i < axes->count; i++) {
    const char *value = axis_value(axes, run, i);
    switch (axes->axes[i].kind) {
    case AXIS_DEFINE:
      defines[count++] = arena_print(arena, "%s=%s", axes->axes[i].name, value);
      break;
    case AXIS_NETWORK: result.network = value; break;
    case AXIS_HARDWARE: result.hardware = value; break;
    case AXIS_TRAIN: result.training = value; break;
    case AXIS_SEED: result.run.seed = (OptionalCount){true, strtoull(value, NULL, 10)}; break;
    }
  }
  result.defines = (TextList){.count = count, .texts = defines};
  return result;
}

double swept_number(const char *text) {
  char *end = NULL;
  double number = strtod(text, &end);
  if (end == text) return NAN;
  if (*end == '/') number /= strtod(end + 1, &end);
  return *end ? NAN : number;
}
