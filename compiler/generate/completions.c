// SPDX-License-Identifier: MIT
// Completions for shells: verbs, their options, and what can stand behind both.
#include <string.h>

#include "compiler/command.h"
#include "compiler/generate/generate.h"

/* What stands behind an option or a verb, as far as a shell can help. */
typedef enum Kind { KIND_FREE, KIND_WORDS, KIND_FILE, KIND_FOLDER } Kind;

typedef struct Completed {
  Kind kind;
  WordList words;
} Completed;

static Completed option_value(const OptionFacts *option) {
  const WordList words = option_choices(option->name);
  if (words.count > 0) return (Completed){KIND_WORDS, words};
  static const char *const folders[] = {"DIR", "FOLDER"};
  static const char *const files[] = {"FILE", "W", "CKPT", "OUT", "OUT.svg"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    if (strcmp(option->value, folders[i]) == 0) return (Completed){.kind = KIND_FOLDER};
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(option->value, files[i]) == 0) return (Completed){.kind = KIND_FILE};
  }
  return (Completed){.kind = KIND_FREE};
}

static Completed verb_argument(Verb verb) {
  const char *arguments = commands[verb].arguments;
  if (strcmp(arguments, "CODE") == 0) return (Completed){KIND_WORDS, error_code_names()};
  if (strcmp(arguments, "WHAT") == 0) return (Completed){KIND_WORDS, generator_names()};
  return (Completed){.kind = strstr(arguments, "FILE") ? KIND_FILE : KIND_FREE};
}

static void print_words(FILE *out, WordList list) {
  for (uint32_t i = 0; i < list.count; i++) fprintf(out, "%s%s", i > 0 ? " " : "", list.words[i]);
}

/* Prints text with a backslash before each of `special`, and line ends as blanks. */
static void print_escaped(FILE *out, const char *text, const char *special) {
  for (; *text; text++) {
    if (strchr(special, *text)) fputc('\\', out);
    fputc(*text == '\n' ? ' ' : *text, out);
  }
}

/* Prints text that stands inside single quotes of bash or zsh, with a backslash before each of
 * `special`. */
static void print_in_quotes(FILE *out, const char *text, const char *special) {
  for (; *text; text++) {
    if (strchr(special, *text)) fputc('\\', out);
    if (*text == '\'') {
      fputs("'\\''", out);
    } else {
      fputc(*text, out);
    }
  }
}

/* ---- bash ---- */

/* The options that take a value, by what the value is: `case $before in --engine) ...`. */
static void print_bash_values(FILE *out) {
  for (uint32_t i = 0; i < option_total(); i++) {
    const OptionFacts option = option_facts(i);
    if (!option.value) continue;
    const Completed value = option_value(&option);
    fputs("    ", out);
    if (option.name) fprintf(out, "--%s", option.name);
    if (option.letter) fprintf(out, "%s-%c", option.name ? " | " : "", option.letter);
    fputs(") ", out);
    switch (value.kind) {
    case KIND_FREE: fputs("return", out); break;
    case KIND_FILE: fputs("COMPREPLY=($(compgen -f -- \"$word\")); return", out); break;
    case KIND_FOLDER: fputs("COMPREPLY=($(compgen -d -- \"$word\")); return", out); break;
    case KIND_WORDS:
      fputs("COMPREPLY=($(compgen -W \"", out);
      print_words(out, value.words);
      fputs("\" -- \"$word\")); return", out);
      break;
    }
    fputs(" ;;\n", out);
  }
}

static void print_bash_verbs(FILE *out) {
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
    fprintf(out, "    %s)\n      options=\"", commands[verb].name);
    for (uint32_t i = 0; i < option_total(); i++) {
      const OptionFacts option = option_facts(i);
      if (!verb_has_option((Verb)verb, i)) continue;
      if (option.letter) fprintf(out, "-%c ", option.letter);
      if (option.name) fprintf(out, "--%s ", option.name);
    }
    fputs("\"\n      arguments=\"", out);
    print_words(out, verb_argument((Verb)verb).words);
    fputs("\"\n      ;;\n", out);
  }
}

void generate_bash(FILE *out) {
  fputs("# bash completion for sedge; made by `sedge generate bash`\n\n"
        "_sedge() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= options= "
        "arguments= i\n"
        "  COMPREPLY=()\n"
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    if [[ ${COMP_WORDS[i]} != -* ]]; then verb=${COMP_WORDS[i]}; break; fi\n"
        "  done\n"
        "  case $before in\n",
        out);
  print_bash_values(out);
  fputs("  esac\n"
        "  case $verb in\n",
        out);
  print_bash_verbs(out);
  fputs("    '') arguments=\"", out);
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) fprintf(out, "%s ", commands[verb].name);
  fputs(
      "\"; options=\"--help --version\" ;;\n"
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$arguments\" -- \"$word\"))\n"
      "  if [[ -z $arguments || -z $verb ]]; then\n"
      "    COMPREPLY+=($(compgen -f -X '!*.sedge' -- \"$word\") $(compgen -d -S / -- \"$word\"))\n"
      "  fi\n"
      "}\n\n"
      "complete -o filenames -F _sedge sedge\n",
      out);
}

/* ---- zsh ---- */

static void print_zsh_action(FILE *out, Completed completed, const char *what) {
  switch (completed.kind) {
  case KIND_FREE: fprintf(out, ":%s:", what); return;
  case KIND_FILE: fprintf(out, ":%s:_files", what); return;
  case KIND_FOLDER: fprintf(out, ":%s:_files -/", what); return;
  case KIND_WORDS:
    fprintf(out, ":%s:(", what);
    print_words(out, completed.words);
    fputc(')', out);
    return;
  }
}

/* '*-D[help]:NAME=EXPR:' */
static void print_zsh_option(FILE *out, const OptionFacts *option) {
  const bool has_both = option->name && option->letter;
  if (has_both) fprintf(out, "        {-%c,--%s}'[", option->letter, option->name);
  if (!has_both && option->name) fprintf(out, "        '--%s[", option->name);
  if (!has_both && !option->name) fprintf(out, "        '*-%c[", option->letter);
  print_in_quotes(out, option->help, "[]:\\");
  fputc(']', out);
  if (option->value) print_zsh_action(out, option_value(option), option->value);
  fputs("' \\\n", out);
}

static void print_zsh_verb(FILE *out, Verb verb) {
  fprintf(out, "    %s)\n      _arguments -s \\\n", commands[verb].name);
  for (uint32_t i = 0; i < option_total(); i++) {
    const OptionFacts option = option_facts(i);
    if (verb_has_option(verb, i)) print_zsh_option(out, &option);
  }
  const Completed argument = verb_argument(verb);
  fputs("        '*", out);
  if (argument.kind == KIND_FILE) {
    fputs(":file:_files -g \"*.sedge(-.)\"", out);
  } else {
    print_zsh_action(out, argument, "argument");
  }
  fputs("'\n      ;;\n", out);
}

void generate_zsh(FILE *out) {
  fputs("#compdef sedge\n"
        "# zsh completion for sedge; made by `sedge generate zsh`\n\n"
        "_sedge() {\n"
        "  local -a verbs\n"
        "  verbs=(\n",
        out);
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
    fprintf(out, "    '%s:", commands[verb].name);
    print_in_quotes(out, commands[verb].help, ":\\");
    fputs("'\n", out);
  }
  fputs("  )\n"
        "  if (( CURRENT == 2 )); then\n"
        "    _describe verb verbs\n"
        "    _files -g '*.sedge(-.)'\n"
        "    return\n"
        "  fi\n"
        "  local verb=$words[2]\n"
        "  shift words\n"
        "  (( CURRENT-- ))\n"
        "  case $verb in\n",
        out);
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) print_zsh_verb(out, (Verb)verb);
  fputs("  esac\n}\n\n_sedge \"$@\"\n", out);
}

/* ---- fish ---- */

static void print_fish_value(FILE *out, Completed completed) {
  switch (completed.kind) {
  case KIND_FREE: fputs(" -x", out); return;
  case KIND_FILE: fputs(" -r -F", out); return;
  case KIND_FOLDER: fputs(" -x -a '(__fish_complete_directories)'", out); return;
  case KIND_WORDS:
    fputs(" -x -a '", out);
    print_words(out, completed.words);
    fputc('\'', out);
    return;
  }
}

static void print_fish_verb(FILE *out, Verb verb) {
  const char *name = commands[verb].name;
  fprintf(out, "\ncomplete -c sedge -n __fish_use_subcommand -a %s -d '", name);
  print_escaped(out, commands[verb].help, "'\\");
  fputs("'\n", out);
  for (uint32_t i = 0; i < option_total(); i++) {
    const OptionFacts option = option_facts(i);
    if (!verb_has_option(verb, i)) continue;
    fprintf(out, "complete -c sedge -n '__fish_seen_subcommand_from %s'", name);
    if (option.letter) fprintf(out, " -s %c", option.letter);
    if (option.name) fprintf(out, " -l %s", option.name);
    if (option.value) print_fish_value(out, option_value(&option));
    fputs(" -d '", out);
    print_escaped(out, option.help, "'\\");
    fputs("'\n", out);
  }
  const Completed argument = verb_argument(verb);
  if (argument.kind == KIND_WORDS) {
    fprintf(out, "complete -c sedge -n '__fish_seen_subcommand_from %s' -x -a '", name);
    print_words(out, argument.words);
    fputs("'\n", out);
  } else if (argument.kind == KIND_FILE) {
    fprintf(out,
            "complete -c sedge -n '__fish_seen_subcommand_from %s' -k -x -a "
            "'(__fish_complete_suffix .sedge)'\n",
            name);
  }
}

void generate_fish(FILE *out) {
  fputs("# fish completion for sedge; made by `sedge generate fish`\n\n"
        "complete -c sedge -f\n"
        "complete -c sedge -n __fish_use_subcommand -k -a '(__fish_complete_suffix .sedge)'\n",
        out);
  for (uint32_t verb = 0; verb < VERB_COUNT; verb++) print_fish_verb(out, (Verb)verb);
}
