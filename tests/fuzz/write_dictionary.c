// SPDX-License-Identifier: MIT
// Prints the language's words as a dictionary of libFuzzer: all that its tables have, and the
// tokens that are no words.
#include <stdio.h>

static const char *const words[] = {
#define KEYWORD(token, text, place, help) text,
#include "lang/keywords.def"
#undef KEYWORD
#define ACTIVATION(id, name, help) name,
#include "lang/activations.def"
#undef ACTIVATION
#define FUNCTION(id, name, least, most, scalar, help) name,
#include "lang/functions.def"
#undef FUNCTION
#define UNIT(name, numerator, denominator, seconds, bits) name,
#include "lang/units.def"
#undef UNIT
#define FORM(family, id, name, help) name,
#include "lang/forms.def"
#undef FORM
#define SETTING(form, id, name, kind, range, fallback, help) name,
#include "lang/settings.def"
#undef SETTING
#define ARGUMENT(form, id, name, kind, range, fallback, help) name,
#include "lang/arguments.def"
#undef ARGUMENT
    "true", "false", "auto", "->", "==", "!=", "<=", ">=",    "&&",
    "||",   "/*",    "*/",   "//", "0x", "-D", "2^", "\\x41",
};

int main(void) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    putchar('"');
    for (const char *at = words[i]; *at; at++) {
      if (*at == '\\') putchar('\\');
      putchar(*at);
    }
    puts("\"");
  }
  return 0;
}
