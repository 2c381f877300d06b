// SPDX-License-Identifier: MIT
// textDocument/signatureHelp: the arguments of the call that is being written, and which of them
// is.
#include <string.h>

#include "compiler/lsp/context.h"
#include "compiler/lsp/query.h"
#include "lang/json_text.h"

static json_t *parameter_json(const char *name, const char *help) {
  json_t *parameter = json_pack("{s:o}", "label", json_text(name, strlen(name)));
  if (help) json_object_set_new(parameter, "documentation", json_string(help));
  return parameter;
}

/* One signature; takes over the reference to its parameters. */
static json_t *signature_json(const Query *query, const char *name, const char *help,
                              json_t *parameters, uint32_t active) {
  const char *label = arena_print(query->arena, "%s(", name);
  size_t i;
  json_t *parameter;
  json_array_foreach(parameters, i, parameter) {
    label = arena_print(query->arena, "%s%s%s", label, i > 0 ? ", " : "",
                        json_string_value(json_object_get(parameter, "label")));
  }
  label = arena_print(query->arena, "%s)", label);
  json_t *signature =
      json_pack("{s:o, s:o}", "label", json_text(label, strlen(label)), "parameters", parameters);
  if (help) json_object_set_new(signature, "documentation", json_string(help));
  return json_pack("{s:[o], s:i, s:I}", "signatures", signature, "activeSignature", 0,
                   "activeParameter", (json_int_t)active);
}

static json_t *form_signature(const Query *query, const WordContext *context) {
  const Form form = context->form;
  const uint32_t first = (uint32_t)first_field(form), count = field_count(form);
  json_t *parameters = json_array();
  for (uint32_t i = 0; i < count; i++) {
    const FieldFacts *facts = field_facts((Field)(first + i));
    json_array_append_new(parameters, parameter_json(facts->name, facts->help));
  }
  /* One beyond the last says that none is being written. */
  const uint32_t active = context->field == FIELD_COUNT ? count : (uint32_t)context->field - first;
  return signature_json(query, form_name(form), form_help(form), parameters, active);
}

/* The signature of an own activation or pattern. */
static json_t *own_signature(const Query *query, const WordContext *context) {
  const NameIndex *names = query->analysis->names;
  const Word *callee = &query->analysis->words.items[context->callee];
  for (uint32_t i = 0; i < names->definition_count; i++) {
    const Definition *d = &names->definitions[i];
    const bool is_function = d->kind == NAME_PATTERN || d->kind == NAME_ACTIVATION;
    if (!is_function || !word_is(callee, d->text)) continue;
    json_t *parameters = json_array();
    for (const Parameter *p = d->item->parameters; p; p = p->next) {
      if (p->name.text) json_array_append_new(parameters, parameter_json(p->name.text, NULL));
    }
    return signature_json(query, d->text, NULL, parameters, context->argument);
  }
  return json_null();
}

json_t *answer_signature(Query *query) {
  const Words words = query->analysis->words;
  const WordContext context = context_of(words, word_number_at(words, query->offset));
  if (context.callee == NO_WORD) return json_null();
  if (context.form != FORM_COUNT) return form_signature(query, &context);
  return own_signature(query, &context);
}
