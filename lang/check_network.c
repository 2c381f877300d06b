// SPDX-License-Identifier: MIT
// A network block: first its layers, then the junctions between them, then the chain that they must
// make.
//
// Each step stays silent about what an earlier one found wrong: a layer without a size takes part
// in no pattern, and a network in which a junction was refused, or a statement could not be read,
// is not searched for missing ones.
#include "lang/check_network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lang/check_pattern.h"
#include "lang/check_scalar.h"
#include "lang/vector.h"

typedef struct Draft Draft;

/* A junction between two layers, as the file has it. */
typedef struct Link {
  Span at; /* `left -> right` */
  Draft *left, *right;
  bool is_fitted;
  Pattern pattern;
} Link;

/* A layer while its network is being read. */
struct Draft {
  NetworkLayer layer;
  LayerRole role;
  uint32_t order; /* in the file */
  bool is_sized;
  const Link *incoming, *outgoing;
  bool is_reached;
};

typedef struct NetworkDraft {
  const Checker *checker;
  const Item *item;
  VECTOR(Draft *) layers; /* in the file's order */
  Draft **by_name;        /* [layers.count] sorted by name's pointer */
  Draft *input, *output;
  uint32_t link_count;
  bool is_chain_known; /* no layer or junction was refused */
} NetworkDraft;

/* ---- sizes ---- */

static bool read_axes(const Checker *checker, const Declarator *declarator, NetworkLayer *layer) {
  const Range range = {1, LAYER_NEURON_LIMIT, false, false};
  const char *what = arena_print(checker->arena, "the size of '%s'", declarator->name.text);
  uint32_t count = 0;
  bool is_right = declarator->shape != NULL;
  for (const Expr *axis = declarator->shape; axis != NULL; axis = axis->next, count++) {
    uint64_t size = 0;
    if (count >= 3) continue;
    is_right = read_whole(checker, what, axis, range, &size) && is_right;
    layer->shape[count] = (uint32_t)size;
  }
  layer->axis_count = count;
  if (!is_right) return false;
  if (count == 1 || count == 3) return true;
  Message *m = error_at(checker->diagnostics, ERROR_SHAPE, declarator->at,
                        "a shape has one number or three, but that of '%s' has %u",
                        declarator->name.text, count);
  help(m, "three are [channels, height, width]");
  return false;
}

static bool read_pad(const Checker *checker, const Declarator *declarator, NetworkLayer *layer) {
  const Range range = {1, LAYER_NEURON_LIMIT, false, false};
  const char *what = arena_print(checker->arena, "the padding of '%s'", declarator->name.text);
  uint64_t padded = 0;
  if (!read_whole(checker, what, declarator->pad, range, &padded)) return false;
  layer->neuron_count = (uint32_t)padded;
  if (padded >= layer->real_count) return true;
  Message *m = error_at(checker->diagnostics, ERROR_PAD, declarator->pad->at,
                        "pad %llu is less than the %u neurons of '%s'", (unsigned long long)padded,
                        layer->real_count, declarator->name.text);
  help(m, "pad says how many neurons there are with the padded ones");
  return false;
}

static bool read_size(const Checker *checker, const Declarator *declarator, NetworkLayer *layer) {
  if (!read_axes(checker, declarator, layer)) return false;
  double neurons = 1;
  for (uint32_t axis = 0; axis < layer->axis_count; axis++) neurons *= layer->shape[axis];
  if (neurons > (double)LAYER_NEURON_LIMIT) {
    Message *m = error_at(checker->diagnostics, ERROR_TOO_LARGE, declarator->at,
                          "too many neurons: '%s' has %.0f", declarator->name.text, neurons);
    help(m, "a layer has at most %d", LAYER_NEURON_LIMIT);
    return false;
  }
  layer->real_count = (uint32_t)neurons;
  layer->neuron_count = layer->real_count;
  return declarator->pad == NULL || read_pad(checker, declarator, layer);
}

/* ---- activations ---- */

static bool find_built_in_activation(const char *name, ActivationKind *kind) {
  static const char *const names[] = {
#define ACTIVATION(id, name, help) name,
#include "lang/activations.def"
#undef ACTIVATION
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *kind = (ActivationKind)i;
    return true;
  }
  return false;
}

/* Each before a comma. */
static const char built_in[] =
#define ACTIVATION(id, name, help) name ", "
#include "lang/activations.def"
#undef ACTIVATION
    ;

static void report_unknown_activation(const Checker *checker, Name name) {
  Message *m = error_at(checker->diagnostics, ERROR_ACTIVATION, name.at, "unknown activation '%s'",
                        name.text);
  Suggestion suggestion = suggestion_for(name.text);
#define ACTIVATION(id, name, help) suggest(&suggestion, name);
#include "lang/activations.def"
#undef ACTIVATION
  for (uint32_t i = 0; i < checker->scope->count; i++) {
    const Declaration *declaration = &checker->scope->declarations[i];
    if (declaration->item->kind == ITEM_ACTIVATION) suggest(&suggestion, declaration->name.text);
  }
  if (suggestion.best == NULL) {
    help(m, "there are %sand the file's own", built_in);
    return;
  }
  help(m, "did you mean '%s'?", suggestion.best);
  fix(m, name.at, suggestion.best);
}

/* Reads the activation of a statement once, for all its layers. */
static bool read_activation(const Checker *checker, const Statement *statement,
                            NetworkLayer *layer) {
  const Expr *expr = statement->activation;
  layer->activation = ACTIVATION_IDENTITY;
  if (expr == NULL || expr->kind == EXPR_POISON) return expr == NULL;
  layer->activation_at = expr->at;
  assert(expr->kind == EXPR_NAME); /* the grammar knows nothing else there */
  Declaration *own = scope_find(checker->scope, expr->name.text);
  if (own != NULL && own->item->kind == ITEM_ACTIVATION) {
    own->is_used = true;
    layer->activation = ACTIVATION_OWN;
    layer->own_activation = check_activation(checker, own);
    return layer->own_activation != NULL;
  }
  if (!find_built_in_activation(expr->name.text, &layer->activation)) {
    report_unknown_activation(checker, expr->name);
    return false;
  }
  if (layer->activation != ACTIVATION_SOFTMAX || statement->role != ROLE_HIDDEN) return true;
  error_at(checker->diagnostics, ERROR_SOFTMAX_HIDDEN, expr->at,
           "softmax stands on the output alone");
  return false;
}

static bool check_activation_presence(const Checker *checker, const Statement *statement,
                                      const Declarator *declarator) {
  const bool has_one = statement->activation != NULL;
  if (has_one == (statement->role != ROLE_INPUT)) return true;
  if (has_one) {
    Message *m = error_at(checker->diagnostics, ERROR_ACTIVATION, statement->activation->at,
                          "the input has no activation");
    help(m, "leave it out");
    fix(m, (Span){declarator->at.end, statement->activation->at.end}, "");
    return false;
  }
  Message *m = error_at(checker->diagnostics, ERROR_ACTIVATION, declarator->at,
                        "'%s' needs an activation", declarator->name.text);
  const char *usual = statement->role == ROLE_OUTPUT ? "sigmoid" : "relu";
  help(m, "write one after a colon, as in `: %s`", usual);
  if (declarator->next == NULL) {
    const Span end = {declarator->at.end, declarator->at.end};
    fix(m, end, arena_print(checker->arena, " : %s", usual));
  }
  return false;
}

/* ---- layers ---- */

static void report_order(NetworkDraft *draft, Span at, const char *text, const Draft *other) {
  Message *m = error_at(draft->checker->diagnostics, ERROR_LAYER_ORDER, at, "%s", text);
  if (other != NULL) note_at(m, other->layer.name.at, "'%s' is here", other->layer.name.text);
}

/* Input first and once, output last and once. */
static void check_role(NetworkDraft *draft, Draft *layer) {
  const Span at = layer->layer.name.at;
  const uint32_t before = draft->layers.count;
  switch (layer->role) {
  case ROLE_INPUT:
    if (draft->input != NULL) {
      report_order(draft, at, "a network has one input", draft->input);
      draft->is_chain_known = false;
      return;
    }
    if (before > 0)
      report_order(draft, at, "the input comes before all other layers", draft->layers.items[0]);
    draft->input = layer;
    return;
  case ROLE_HIDDEN:
    if (draft->output == NULL) return;
    report_order(draft, at, "the output comes after all other layers", draft->output);
    return;
  case ROLE_OUTPUT:
    if (draft->output != NULL) {
      report_order(draft, at, "a network has one output", draft->output);
      draft->is_chain_known = false;
      return;
    }
    draft->output = layer;
    return;
  }
}

static void add_layers(NetworkDraft *draft, const Statement *statement) {
  const Checker *checker = draft->checker;
  NetworkLayer shared = {0};
  read_activation(checker, statement, &shared);
  bool is_present = true;
  for (const Declarator *d = statement->layers; d != NULL; d = d->next) {
    Draft *layer = ARENA_NEW(checker->arena, Draft);
    *layer = (Draft){.layer = shared, .role = statement->role, .order = draft->layers.count};
    layer->layer.name = d->name;
    is_present = is_present && check_activation_presence(checker, statement, d);
    layer->is_sized = read_size(checker, d, &layer->layer);
    check_role(draft, layer);
    *VECTOR_ADD(checker->arena, &draft->layers) = layer;
  }
}

static int compare_layers(const void *left, const void *right) {
  const Draft *a = *(Draft *const *)left;
  const Draft *b = *(Draft *const *)right;
  if (a->layer.name.text != b->layer.name.text)
    return a->layer.name.text < b->layer.name.text ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

static void sort_layers(NetworkDraft *draft) {
  const uint32_t count = draft->layers.count;
  if (count == 0) return;
  draft->by_name = ARENA_ARRAY(draft->checker->arena, Draft *, count);
  memcpy(draft->by_name, draft->layers.items, count * sizeof *draft->by_name);
  qsort(draft->by_name, count, sizeof *draft->by_name, compare_layers);
  const Draft *first = draft->by_name[0];
  for (uint32_t i = 1; i < count; i++) {
    const Draft *layer = draft->by_name[i];
    if (layer->layer.name.text != first->layer.name.text) {
      first = layer;
      continue;
    }
    Message *m = error_at(draft->checker->diagnostics, ERROR_DEFINED_TWICE, layer->layer.name.at,
                          "layer '%s' is defined twice", layer->layer.name.text);
    note_at(m, first->layer.name.at, "first defined here");
    draft->is_chain_known = false;
  }
}

static Draft *find_layer(const NetworkDraft *draft, const char *name) {
  uint32_t low = 0;
  uint32_t high = draft->layers.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (draft->by_name[middle]->layer.name.text < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == draft->layers.count || draft->by_name[low]->layer.name.text != name) return NULL;
  return draft->by_name[low];
}

static bool check_ends(NetworkDraft *draft) {
  Diagnostics *d = draft->checker->diagnostics;
  const Item *item = draft->item;
  const Span at = item->name.text[0] != '\0' ? item->name.at : item->keyword_at;
  if (draft->input == NULL) {
    Message *m = error_at(d, ERROR_LAYER_ORDER, at, "the network has no input");
    help(m, "begin it with `input name[size];`");
  }
  if (draft->output == NULL) {
    Message *m = error_at(d, ERROR_LAYER_ORDER, at, "the network has no output");
    help(m, "after the other layers write `output name[size] : sigmoid;`");
  }
  return draft->input != NULL && draft->output != NULL;
}

/* ---- junctions ---- */

static Draft *find_joined(const NetworkDraft *draft, const Expr *name) {
  if (name->kind != EXPR_NAME) return NULL; /* reported by the parser */
  Draft *layer = find_layer(draft, name->name.text);
  if (layer == NULL && draft->checker->scope->is_partial) return NULL;
  if (layer == NULL) {
    Message *m = error_at(draft->checker->diagnostics, ERROR_UNKNOWN_LAYER, name->at,
                          "unknown layer '%s'", name->name.text);
    if (!last_is_shown(draft->checker->diagnostics)) return NULL;
    Suggestion suggestion = suggestion_for(name->name.text);
    for (uint32_t i = 0; i < draft->layers.count; i++) {
      suggest(&suggestion, draft->layers.items[i]->layer.name.text);
    }
    if (suggestion.best == NULL) return NULL;
    help(m, "did you mean '%s'?", suggestion.best);
    fix(m, name->at, suggestion.best);
    return NULL;
  }
  if (layer->layer.name.at.begin <= name->at.begin) return layer;
  Message *m = error_at(draft->checker->diagnostics, ERROR_JUNCTION_TOO_EARLY, name->at,
                        "this junction stands before its layer '%s'", name->name.text);
  note_at(m, layer->layer.name.at, "declared here");
  return NULL;
}

static bool check_link(const NetworkDraft *draft, const Link *link) {
  Diagnostics *d = draft->checker->diagnostics;
  const char *left = link->left->layer.name.text;
  const char *right = link->right->layer.name.text;
  if (link->left == link->right) {
    error_at(d, ERROR_NOT_A_CHAIN, link->at, "a junction joins two different layers");
    return false;
  }
  if (link->left->role == ROLE_OUTPUT) {
    error_at(d, ERROR_NOT_A_CHAIN, link->at, "no junction can leave the output '%s'", left);
    return false;
  }
  if (link->right->role == ROLE_INPUT) {
    error_at(d, ERROR_NOT_A_CHAIN, link->at, "no junction can enter the input '%s'", right);
    return false;
  }
  const bool leaves_twice = link->left->outgoing != NULL;
  if (!leaves_twice && link->right->incoming == NULL) return true;
  Message *m = error_at(d, ERROR_NOT_A_CHAIN, link->at, "a second junction %s '%s'",
                        leaves_twice ? "leaves" : "enters", leaves_twice ? left : right);
  note_at(m, leaves_twice ? link->left->outgoing->at : link->right->incoming->at,
          "the first is here");
  return false;
}

static Link *add_link(NetworkDraft *draft, const Expr *left, const Expr *right) {
  Link *link = ARENA_NEW(draft->checker->arena, Link);
  *link = (Link){.at = {left->at.begin, right->at.end}};
  link->left = find_layer(draft, left->name.text);
  link->right = find_layer(draft, right->name.text);
  if (!check_link(draft, link)) return NULL;
  link->left->outgoing = link;
  link->right->incoming = link;
  draft->link_count++;
  return link;
}

static void add_junctions(NetworkDraft *draft, const Statement *statement) {
  PatternUse use;
  bool is_pattern_right = read_pattern(draft->checker, statement->pattern, &use);
  const Expr *left = statement->joined;
  bool is_left_known = left != NULL && find_joined(draft, left) != NULL;
  if (left == NULL) draft->is_chain_known = false;
  for (const Expr *right = left != NULL ? left->next : NULL; right != NULL; right = right->next) {
    const bool is_right_known = find_joined(draft, right) != NULL;
    Link *link = is_left_known && is_right_known ? add_link(draft, left, right) : NULL;
    if (link == NULL) {
      draft->is_chain_known = false;
    } else if (is_pattern_right && link->left->is_sized && link->right->is_sized) {
      link->is_fitted = fit_pattern(draft->checker, &use, &link->left->layer, &link->right->layer,
                                    &link->pattern);
      is_pattern_right =
          link->is_fitted; /* one mistake, one message, however many layers it joins */
    }
    left = right;
    is_left_known = is_right_known;
  }
}

/* ---- the chain ---- */

static void check_complete(const NetworkDraft *draft) {
  Diagnostics *d = draft->checker->diagnostics;
  if (draft->link_count == 0) {
    const char *output = draft->output->layer.name.text;
    Message *m = error_at(d, ERROR_NOT_JOINED, draft->output->layer.name.at,
                          "no junction enters '%s'", output);
    help(m, "write `junction %s -> ... -> %s : dense();`", draft->input->layer.name.text, output);
    return;
  }
  const Draft *end = NULL; /* a layer that nothing leaves, where there is only one */
  uint32_t ends = 0;
  for (uint32_t i = 0; i < draft->layers.count; i++) {
    const Draft *layer = draft->layers.items[i];
    if (layer->role == ROLE_OUTPUT || layer->outgoing != NULL) continue;
    end = layer;
    ends++;
  }
  for (uint32_t i = 0; i < draft->layers.count; i++) {
    const Draft *layer = draft->layers.items[i];
    if (layer->role == ROLE_INPUT || layer->incoming != NULL) continue;
    Message *m = error_at(d, ERROR_NOT_JOINED, layer->layer.name.at, "no junction enters '%s'",
                          layer->layer.name.text);
    if (ends != 1 || end == layer) continue;
    note_at(m, end->layer.name.at, "and none leaves '%s'", end->layer.name.text);
    help(m, "add `junction %s -> %s : ...;`", end->layer.name.text, layer->layer.name.text);
  }
}

/* Walks from the input; what is complete but not reached is a ring beside the chain. */
static bool walk_chain(const NetworkDraft *draft) {
  Draft *layer = draft->input;
  uint32_t reached = 1;
  layer->is_reached = true;
  while (layer->outgoing != NULL) {
    layer = layer->outgoing->right;
    layer->is_reached = true;
    reached++;
  }
  if (reached == draft->layers.count) return true;
  for (uint32_t i = 0; i < draft->layers.count; i++) {
    const Draft *lost = draft->layers.items[i];
    if (lost->is_reached) continue;
    error_at(draft->checker->diagnostics, ERROR_NOT_JOINED, lost->layer.name.at,
             "'%s' is not on the way from the input to the output", lost->layer.name.text);
    return false;
  }
  return false;
}

/* What each layer and junction may have, all together may not. */
static bool check_total(const Checker *checker, const Network *network, double total, double limit,
                        const char *what) {
  if (total <= limit) return true;
  Message *m = error_at(checker->diagnostics, ERROR_TOO_LARGE, network->name.at,
                        "the network '%s' has %.0f %s in all", network->name.text, total, what);
  help(m, "a network has at most %.0f", limit);
  return false;
}

static bool check_totals(const Checker *checker, const Network *network) {
  double neurons = network->layers[0].neuron_count, edges = 0, operations = 0;
  for (uint32_t i = 0; i < network->junction_count; i++) {
    const Pattern *pattern = &network->junctions[i].pattern;
    const uint32_t left = network->layers[i].neuron_count;
    const uint32_t right = network->layers[i + 1].neuron_count;
    neurons += right;
    edges += (double)pattern->edge_count;
    if (pattern->own != NULL) operations += (double)left * right * pattern->own->operations;
  }
  return check_total(checker, network, neurons, NETWORK_NEURON_LIMIT, "neurons") &&
         check_total(checker, network, edges, NETWORK_EDGE_LIMIT, "edges") &&
         check_total(checker, network, operations, NETWORK_OPERATION_LIMIT,
                     "operations in its own patterns");
}

static void fill_network(const NetworkDraft *draft, Network *network) {
  Arena *arena = draft->checker->arena;
  const uint32_t count = draft->link_count;
  NetworkLayer *layers = ARENA_ARRAY(arena, NetworkLayer, count + 1);
  NetworkJunction *junctions = ARENA_ARRAY(arena, NetworkJunction, count);
  const Draft *layer = draft->input;
  for (uint32_t i = 0; i < count; i++) {
    layers[i] = layer->layer;
    junctions[i] = (NetworkJunction){layer->outgoing->at, layer->outgoing->pattern};
    layer = layer->outgoing->right;
  }
  layers[count] = layer->layer;
  *network = (Network){draft->item->name, count + 1, layers, count, junctions};
}

static bool read_layers(NetworkDraft *draft) {
  for (const Statement *s = draft->item->statements; s != NULL; s = s->next) {
    if (s->kind != STATEMENT_LAYERS) continue;
    add_layers(draft, s);
    if (draft->layers.count <= NETWORK_JUNCTION_LIMIT + 1) continue;
    error_at(draft->checker->diagnostics, ERROR_TOO_LARGE, s->at, "a network of over %d junctions",
             NETWORK_JUNCTION_LIMIT);
    return false;
  }
  sort_layers(draft);
  return true;
}

static void report_setting(const Checker *checker, const Statement *s) {
  Message *m = error_at(checker->diagnostics, ERROR_MISPLACED, s->at, "a setting in a network");
  const char *name = s->setting.text;
  if (find_field(FORM_HARDWARE, name) != FIELD_COUNT)
    help(m, "'%s' is a setting of hardware", name);
  if (find_field(FORM_TRAIN, name) != FIELD_COUNT) help(m, "'%s' is a setting of train", name);
}

bool check_network(const Checker *checker, const Item *item, Network *network) {
  const uint32_t errors = error_count(checker->diagnostics);
  NetworkDraft draft = {.checker = checker, .item = item, .is_chain_known = true};
  if (!read_layers(&draft)) return false;
  for (const Statement *s = item->statements; s != NULL; s = s->next) {
    if (s->kind == STATEMENT_SETTING) report_setting(checker, s);
    if (s->kind == STATEMENT_JUNCTION) add_junctions(&draft, s);
  }
  if (checker->scope->is_partial) return false; /* what seems to be missing may have been lost */
  const bool has_ends = check_ends(&draft);
  if (!has_ends || !draft.is_chain_known) return false;
  check_complete(&draft);
  if (error_count(checker->diagnostics) != errors) return false;
  if (!walk_chain(&draft)) return false;
  fill_network(&draft, network);
  return check_totals(checker, network);
}
