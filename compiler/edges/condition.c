// SPDX-License-Identifier: MIT
// Places the edges of an own pattern: asks its condition about every pair of neurons.
//
// Blocks of left neurons go past all right neurons, so that what depends on the left neuron alone
// is computed once a block; the answers are kept as one bit a pair and read out in edge order at
// the end.
#include <assert.h>
#include <string.h>

#include "compiler/edges/condition_block.h"
#include "compiler/edges/edge_list.h"
#include "compiler/edges/place.h"

/* Who is joined to whom. */
typedef struct Answers {
  uint32_t left_count, right_count;
  size_t words;   /* of a right neuron */
  uint64_t *bits; /* [right][words] */
} Answers;

static void report_fault(const ConditionFault *fault, uint32_t left, uint32_t right,
                         Span pattern_at, Diagnostics *d) {
  Message *m =
      error_at(d, ERROR_CONDITION_VALUE, fault->at,
               "for left neuron %u and right neuron %u this is %s", left, right, fault->why);
  note_at(m, pattern_at, "while placing these edges");
}

/* Asks about the left neurons of a block whose bits are set in unknown, one by one. */
static bool ask_one_by_one(const ConditionSteps *condition, uint32_t first, uint32_t right,
                           const uint64_t *unknown, Span at, Diagnostics *d, uint64_t *joined) {
  for (uint32_t i = 0; i < BLOCK_LANES; i++) {
    const uint64_t bit = (uint64_t)1 << i % 64;
    if ((unknown[i / 64] & bit) == 0) continue;
    bool is_joined;
    ConditionFault fault;
    if (!evaluate_condition(condition, first + i, right, &is_joined, &fault)) {
      report_fault(&fault, first + i, right, at, d);
      return false;
    }
    joined[i / 64] = is_joined ? joined[i / 64] | bit : joined[i / 64] & ~bit;
  }
  return true;
}

static bool ask_all(const ConditionSteps *condition, const Answers *answers, Span at,
                    Diagnostics *d, Arena *scratch) {
  ConditionBlock *block = condition_block(condition, scratch);
  uint64_t joined[BLOCK_WORDS], unknown[BLOCK_WORDS];
  for (uint32_t first = 0; first < answers->left_count; first += BLOCK_LANES) {
    const uint32_t rest = answers->left_count - first;
    const uint32_t count = rest < BLOCK_LANES ? rest : BLOCK_LANES;
    block_begin(block, first, count);
    for (uint32_t r = 0; r < answers->right_count; r++) {
      if (block_evaluate(block, r, joined, unknown) &&
          !ask_one_by_one(condition, first, r, unknown, at, d, joined))
        return false;
      uint64_t *words = answers->bits + r * answers->words + first / 64;
      memcpy(words, joined, (count + 63) / 64 * sizeof *words);
    }
  }
  return true;
}

/* Counts the edges before each right neuron into begin [right_count + 1]; returns how many there
 * are. */
static uint64_t count_edges(const Answers *answers, uint64_t *begin) {
  begin[0] = 0;
  for (uint32_t r = 0; r < answers->right_count; r++) {
    const uint64_t *row = answers->bits + r * answers->words;
    begin[r + 1] = begin[r];
    for (size_t word = 0; word < answers->words; word++) {
      begin[r + 1] += (uint64_t)__builtin_popcountll(row[word]);
    }
  }
  return begin[answers->right_count];
}

/* Writes out the left neurons of all edges, in edge order. */
static void list_left(const Answers *answers, uint32_t *left) {
  for (uint32_t r = 0; r < answers->right_count; r++) {
    const uint64_t *row = answers->bits + r * answers->words;
    for (size_t word = 0; word < answers->words; word++) {
      for (uint64_t rest = row[word]; rest != 0; rest &= rest - 1) {
        *left++ = (uint32_t)word * 64 + (uint32_t)__builtin_ctzll(rest);
      }
    }
  }
}

static bool list_answers(const Answers *answers, const Pattern *pattern, Diagnostics *d,
                         Arena *arena, Arena *scratch, Interleaver *edges) {
  uint64_t *begin = ARENA_ARRAY(scratch, uint64_t, (size_t)answers->right_count + 1);
  const uint64_t count = count_edges(answers, begin);
  if (count == 0) {
    error_at(d, ERROR_NO_EDGES, pattern->at, "'%s' joins no neurons", pattern->own->name.text);
    return false;
  }
  assert(count <= MOST_EDGES); /* PATTERN_PAIR_LIMIT is less */
  uint32_t *right_begin = ARENA_ARRAY(arena, uint32_t, (size_t)answers->right_count + 1);
  for (uint32_t r = 0; r <= answers->right_count; r++) right_begin[r] = (uint32_t)begin[r];
  uint32_t *left = ARENA_ARRAY(arena, uint32_t, count);
  list_left(answers, left);
  list_edges(left, right_begin, edges);
  return true;
}

bool place_condition(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  const Pattern *pattern = pattern_of(input);
  Arena *scratch = arena_open();
  const ConditionSteps condition = compile_condition(pattern->own->condition, scratch);
  Answers answers = {
      .left_count = edges->left_count,
      .right_count = edges->right_count,
      .words = ((size_t)edges->left_count + 63) / 64,
  };
  answers.bits = ARENA_ARRAY(scratch, uint64_t, answers.words * answers.right_count);
  const bool is_placed = ask_all(&condition, &answers, pattern->at, d, scratch) &&
                         list_answers(&answers, pattern, d, arena, scratch, edges);
  arena_close(scratch);
  return is_placed;
}
