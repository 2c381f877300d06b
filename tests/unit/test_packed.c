// SPDX-License-Identifier: MIT
// Packed trainers: what is unpacked is what was packed, and nothing but what pack_trainer writes is
// believed.
#include "model_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "compiler/make_recipe.h"
#include "runtime/packed.h"

/* Every kind of interleaver, activation, number, optimizer, data and rate at least once. */
static const char *const programs[] = {
    "network dense { input a[64]; output b[64] : softmax; junction a -> b : dense(); }"
    "train { data = morse(train = 10, test = 3, seed = 7, noise = 0.5); epochs = 4; }",
    "network free { input a[64]; layer b[32] : tanh; output c[16] : sigmoid;"
    "  junction a -> b : clashfree(fanout = 8, banks = 16);"
    "  junction b -> c : clashfree(fanout = 4, banks = 8, type = 1, dither = true); }"
    "hardware h { clock = 3 MHz; number = fixed(12, 3); rounding = stochastic(5); }"
    "train { data = csv(\"x.csv\", label = \"class\"); order = pipelined; shuffle = false;"
    "  optimizer = sgd(rate = step(1/8, factor = 1/2, every = 2, floor = 1/64), momentum = 0.5,"
    "  nesterov = true, l2 = 0.001); init = uniform(-0.25, 0.5); seed = 9; }",
    "network shared { input a[64]; layer b[32] : relu; output c[16] : identity;"
    "  junction a -> b : clashfree(fanout = 8, banks = 16, type = 3, dither = true);"
    "  junction b -> c : random(density = 0.3, seed = 4); }"
    "train { data = idx(\"mnist\"); loss = quadratic; batch = 5;"
    "  optimizer = rmsprop(rate = cosine(0.01, to = 0.001)); split = split(train = 9, validation = "
    "2); }",
    "activation swish(x) = x / (1 + exp(-x));"
    "network window { input a[1, 28, 28]; layer b[1, 7, 7] : swish; output c[10] : softmax;"
    "  junction a -> b : window(size = (1, 4, 4), stride = (1, 4, 4));"
    "  junction b -> c : structured(fanin = 49); }"
    "train { data = digits(train = 20, test = 5); optimizer = adam(rate = 0.01);"
    "  init = he_normal(seed = 3); }",
    "network bare { input a[12]; output b[12] : identity; junction a -> b : clashfree(fanout = 3); "
    "}",
};
enum { PROGRAM_COUNT = sizeof programs / sizeof programs[0] };

typedef struct Packed {
  Compilation *c;
  Recipe recipe;
  uint8_t *bytes;
  size_t count;
} Packed;

static Packed pack_text_of(const char *text) {
  Packed packed = {.c = compile_text(text, PASS_SCHEDULE)};
  Failure failure = {0};
  packed.recipe = make_recipe(packed.c);
  if (!pack_trainer(packed.c->model, &packed.recipe, &packed.bytes, &packed.count, &failure))
    fail_msg("%s", failure.message);
  return packed;
}

static void close_packed(Packed *packed) {
  free(packed->bytes);
  compilation_close(packed->c);
}

static void assert_same_text(const char *a, const char *b) {
  if (a && b) assert_string_equal(a, b);
  assert_true(!a == !b);
}

static void assert_same_recipe(const Recipe *a, const Recipe *b) {
  assert_true(a->is_given == b->is_given && a->is_split == b->is_split &&
              a->is_shuffled == b->is_shuffled);
  assert_true(a->split_train == b->split_train && a->split_validation == b->split_validation);
  assert_true(a->epochs == b->epochs && a->seed == b->seed);
  const RateSchedule *own = &a->rate, *other = &b->rate;
  assert_true(own->shape == other->shape && own->from == other->from && own->to == other->to &&
              own->factor == other->factor && own->floor == other->floor &&
              own->every == other->every && own->epochs == other->epochs);
  assert_true(a->is_seed_free == b->is_seed_free && a->is_data_seed_free == b->is_data_seed_free &&
              a->is_initial_seed_free == b->is_initial_seed_free &&
              a->is_rounding_seed_free == b->is_rounding_seed_free);
  assert_true(a->junction_cycle == b->junction_cycle && a->clock_hz == b->clock_hz &&
              a->initiation_interval == b->initiation_interval);
  assert_int_equal(a->data.origin, b->data.origin);
  assert_string_equal(a->data.path, b->data.path);
  if (a->data.origin == DATA_FROM_CSV) {
    assert_same_text(a->data.csv.label_name, b->data.csv.label_name);
    assert_true(a->data.csv.label_column == b->data.csv.label_column);
  }
  if (a->data.origin == DATA_FROM_MORSE) {
    const MorseOptions *x = &a->data.morse, *y = &b->data.morse;
    assert_true(x->train_count == y->train_count && x->test_count == y->test_count &&
                x->seed == y->seed && x->noise == y->noise && x->dilation == y->dilation &&
                x->has_leading_spaces == y->has_leading_spaces);
  }
  if (a->data.origin == DATA_FROM_DIGITS) {
    const DigitsOptions *x = &a->data.digits, *y = &b->data.digits;
    assert_true(x->train_count == y->train_count && x->test_count == y->test_count &&
                x->seed == y->seed && x->noise == y->noise);
  }
}

static void assert_same_model(const Model *a, const Model *b) {
  char x[65], y[65];
  model_digest(a, x);
  model_digest(b, y);
  assert_string_equal(x, y);
  assert_string_equal(a->name, b->name);
  assert_true(a->initializer.method == b->initializer.method &&
              a->initializer.seed == b->initializer.seed &&
              a->initializer.low == b->initializer.low &&
              a->initializer.high == b->initializer.high);
  for (uint32_t i = 0; i <= a->junction_count; i++) {
    const Activation *own = &a->layers[i].activation, *other = &b->layers[i].activation;
    assert_string_equal(a->layers[i].name, b->layers[i].name);
    assert_string_equal(own->name, other->name);
    if (own->derivative)
      assert_true(formula_float(own->derivative, 0.75F) == formula_float(other->derivative, 0.75F));
  }
  for (uint32_t i = 0; i < a->junction_count; i++)
    assert_int_equal(a->junctions[i].edges.kind, b->junctions[i].edges.kind);
}

static void test_what_is_unpacked_is_what_was_packed(void **state) {
  (void)state;
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    Packed packed = pack_text_of(programs[i]);
    UnpackedTrainer unpacked;
    Failure failure = {0};
    if (!unpack_trainer(packed.bytes, packed.count, &unpacked, &failure))
      fail_msg("%s", failure.message);
    assert_same_model(packed.c->model, &unpacked.model);
    assert_same_recipe(&packed.recipe, &unpacked.recipe);
    uint8_t *again = NULL;
    size_t count = 0;
    assert_true(pack_trainer(&unpacked.model, &unpacked.recipe, &again, &count, &failure));
    assert_int_equal(count, packed.count);
    assert_memory_equal(again, packed.bytes, count);
    free(again);
    unpacked_close(&unpacked);
    close_packed(&packed);
  }
}

/* 1024 sweeps of 16 lanes would be a million edges; only starts are kept. */
static void test_structured_edges_take_no_record_each(void **state) {
  (void)state;
  Packed packed = pack_text_of("network n { input a[4096]; output b[1024] : sigmoid;"
                               "  junction a -> b : clashfree(fanout = 64, banks = 64); }");
  const uint32_t edges = packed.c->model->junctions[0].edges.edge_count;
  assert_int_equal(edges, 4096 * 64);
  assert_true(packed.count < 64 * 64 + 512);
  close_packed(&packed);
}

static void set_checksum(uint8_t *bytes, size_t count) {
  const uint32_t sum = (uint32_t)crc32_z(0, bytes, count - 4);
  for (unsigned i = 0; i < 4; i++) bytes[count - 4 + i] = (uint8_t)(sum >> 8 * i);
}

/* An accepted model may be another, but every edge must end in it. */
static void assert_in_bounds(const Model *model) {
  enum { MOST = 4096 };
  uint32_t left[MOST];
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    const uint32_t count = edges->edge_count < MOST ? edges->edge_count : MOST;
    interleaver_expand(edges, 0, count, left);
    for (uint32_t e = 0; e < count; e++) {
      assert_true(left[e] < model->layers[i].neuron_count);
      assert_true(interleaver_right(edges, e) < model->layers[i + 1].neuron_count);
      assert_int_equal(interleaver_left(edges, e), left[e]);
    }
  }
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    const Activation *activation = &model->layers[i].activation;
    if (activation->function == ACTIVATE_FORMULA) formula_float(activation->value, 0.5F);
  }
}

static void test_what_is_cut_is_refused(void **state) {
  (void)state;
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    Packed packed = pack_text_of(programs[i]);
    for (size_t count = 0; count < packed.count; count++) {
      /* A copy of its own, so that the sanitizer sees every byte too far; with a checksum that is
       * right. */
      uint8_t *cut = malloc(count + 1);
      UnpackedTrainer unpacked;
      Failure failure = {0};
      memcpy(cut, packed.bytes, count);
      if (count >= 12) set_checksum(cut, count);
      assert_false(unpack_trainer(cut, count, &unpacked, &failure));
      assert_true(failure.message[0] != '\0');
      free(cut);
    }
    close_packed(&packed);
  }
}

static void test_what_is_changed_is_refused_or_safe(void **state) {
  (void)state;
  uint32_t accepted = 0, refused = 0;
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    Packed packed = pack_text_of(programs[i]);
    for (size_t at = 0; at < packed.count - 4; at++) {
      const uint8_t old = packed.bytes[at];
      const uint8_t others[] = {0, 1, 0x7F, 0x80, 0xFF, (uint8_t)(old ^ 1), (uint8_t)(old + 3)};
      for (size_t k = 0; k < sizeof others; k++) {
        UnpackedTrainer unpacked;
        Failure failure = {0};
        packed.bytes[at] = others[k];
        set_checksum(packed.bytes, packed.count);
        if (unpack_trainer(packed.bytes, packed.count, &unpacked, &failure)) {
          assert_in_bounds(&unpacked.model);
          unpacked_close(&unpacked);
          accepted++;
        } else {
          refused++;
        }
      }
      packed.bytes[at] = old;
    }
    close_packed(&packed);
  }
  assert_true(accepted > 0 && refused > 1000);
}

static void test_the_frame_is_checked(void **state) {
  (void)state;
  Packed packed = pack_text_of(programs[0]);
  UnpackedTrainer unpacked;
  Failure failure = {0};
  packed.bytes[20] ^= 4;
  assert_false(unpack_trainer(packed.bytes, packed.count, &unpacked, &failure));
  assert_non_null(strstr(failure.message, "its checksum differs"));
  packed.bytes[7]++;
  assert_false(unpack_trainer(packed.bytes, packed.count, &unpacked, &failure));
  assert_non_null(strstr(failure.message, "this runtime reads 1"));
  packed.bytes[0] = 'S';
  assert_false(unpack_trainer(packed.bytes, packed.count, &unpacked, &failure));
  assert_non_null(strstr(failure.message, "begins otherwise"));
  close_packed(&packed);
}

static void test_a_seed_reaches_what_chose_none(void **state) {
  (void)state;
  Packed packed = pack_text_of(programs[3]);
  Model model = *packed.c->model;
  reseed(&packed.recipe, &model, 77);
  assert_true(packed.recipe.seed == 77 && packed.recipe.data.digits.seed == 77);
  assert_true(model.initializer.seed == 3);
  close_packed(&packed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_unpacked_is_what_was_packed),
      cmocka_unit_test(test_structured_edges_take_no_record_each),
      cmocka_unit_test(test_what_is_cut_is_refused),
      cmocka_unit_test(test_what_is_changed_is_refused_or_safe),
      cmocka_unit_test(test_the_frame_is_checked),
      cmocka_unit_test(test_a_seed_reaches_what_chose_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
