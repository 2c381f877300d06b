// SPDX-License-Identifier: MIT
// Cutting a junction into blocks.
#include "runtime/tiles.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/array.h"

enum { SMALLEST_TILE = 32, TILE = 128, LARGEST_TILE = 512, SHORTEST_PIECE = 4, LONG_PIECE = 16 };

static uint32_t ceiling(uint32_t a, uint32_t b) {
  return (uint32_t)(((uint64_t)a + b - 1) / b);
}

static uint32_t greater(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

void choose_tiles(const Model *model, uint32_t junction, uint32_t *left_tile,
                  uint32_t *right_tile) {
  const Interleaver *edges = &model->junctions[junction].edges;
  const uint64_t pairs = (uint64_t)edges->left_count * edges->right_count;
  const uint64_t count = edges->edge_count;
  *left_tile = *right_tile = TILE;
  /* Mean length of FF's pieces is density * left_tile, of BP's density * right_tile. */
  while (*left_tile < LARGEST_TILE && *left_tile * count < SHORTEST_PIECE * pairs) *left_tile *= 2;
  while (*left_tile * *right_tile < 65536 && *right_tile * count < SHORTEST_PIECE * pairs)
    *right_tile *= 2;
  /* UP reads a tile's rows of all panels. */
  for (uint32_t panels = panel_count(model); panels > 1; panels = ceiling(panels, 2)) {
    if (*left_tile == SMALLEST_TILE || *left_tile / 2 * count < LONG_PIECE * pairs) break;
    *left_tile /= 2;
  }
}

uint64_t tile_scratch_cells(const Model *model, uint32_t index, const Layout *layout) {
  const Layer *right = &model->layers[index + 1];
  const uint32_t columns = panel_width(model) * panel_count(model);
  uint32_t rows = greater(layout->left_tile, layout->right_tile);
  if (right->activation.function == ACTIVATE_SOFTMAX)
    rows = greater(rows, ceiling(right->neuron_count, layout->right_tile) * layout->right_tile);
  return (uint64_t)rows * columns + RING_EDGES * SUM_LANES;
}

/* ---- words ---- */

typedef struct Words {
  uint16_t *data;
  uint64_t count, capacity;
  bool ok;
} Words;

/* Makes room for `count` more. */
static void reserve(Words *words, uint64_t count) {
  if (words->count + count <= words->capacity || !words->ok) return;
  const uint64_t capacity = 2 * (words->count + count);
  const bool fits = array_fits(capacity, sizeof *words->data);
  uint16_t *data = fits ? realloc(words->data, (size_t)capacity * sizeof *data) : NULL;
  words->ok = data != NULL;
  if (!data) return;
  words->data = data;
  words->capacity = capacity;
}

static void append(Words *words, uint32_t word) {
  words->data[words->count++] = (uint16_t)word;
}

/* The words in no more memory than they need. */
static uint16_t *shrunk(const Words *words) {
  uint16_t *data = realloc(words->data, (words->count + 1) * sizeof *data);
  return data ? data : words->data;
}

/* ---- one block ---- */

/* An edge of a block. `own` is the neuron whose pieces are made, `other` the one at the other end,
 * both in their tiles. */
typedef struct BlockEdge {
  uint16_t own, other, slot;
  uint32_t number; /* of the edge, or of its entry in the list that is sorted otherwise */
} BlockEdge;

typedef struct Piece {
  uint32_t first, length; /* of the block's edges */
} Piece;

typedef struct Block {
  BlockEdge *edges; /* by own, then other */
  uint32_t count;
  Piece *pieces;                                    /* [count] */
  uint32_t piece_count, lengths[LONGEST_PIECE + 1]; /* pieces of each length */
} Block;

static void cut_pieces(Block *b) {
  memset(b->lengths, 0, sizeof b->lengths);
  b->piece_count = 0;
  for (uint32_t first = 0, last = 0; first < b->count; first = last) {
    while (last < b->count && last - first < LONGEST_PIECE &&
           b->edges[last].own == b->edges[first].own)
      last++;
    b->pieces[b->piece_count++] = (Piece){first, last - first};
    b->lengths[last - first]++;
  }
}

/* Descending by length, otherwise as they were. */
static void sort_pieces(const Block *b, Piece *sorted) {
  uint32_t begin[LONGEST_PIECE + 1], at = 0;
  for (uint32_t length = LONGEST_PIECE; length > 0; length--) {
    begin[length] = at;
    at += b->lengths[length];
  }
  for (uint32_t i = 0; i < b->piece_count; i++) sorted[begin[b->pieces[i].length]++] = b->pieces[i];
}

/* Writes a block's words.  Forward: gives its edges their slots. Backward: writes the slots they
 * have. */
static void write_block(Block *b, Piece *sorted, uint32_t unit, bool is_forward, Words *words) {
  cut_pieces(b);
  sort_pieces(b, sorted);
  reserve(words, 1 + 2ull * LONGEST_PIECE + b->piece_count + 2ull * b->count);
  if (!words->ok) return;
  const uint64_t runs = words->count;
  uint32_t run_count = 0, slot = 0;
  append(words, 0);
  for (uint32_t i = 0; i < b->piece_count; i++) {
    const Piece piece = sorted[i];
    if (i == 0 || piece.length != sorted[i - 1].length) {
      append(words, piece.length);
      append(words, b->lengths[piece.length]);
      run_count++;
    }
    append(words, b->edges[piece.first].own * unit);
    for (uint32_t k = 0; k < piece.length; k++) {
      BlockEdge *edge = &b->edges[piece.first + k];
      append(words, edge->other * unit);
      if (is_forward) edge->slot = (uint16_t)slot++;
      if (!is_forward) append(words, edge->slot);
    }
  }
  words->data[runs] = (uint16_t)run_count;
}

/* ---- a right tile ---- */

typedef struct Tiling {
  const Interleaver *edges;
  const Layout *layout;
  uint32_t unit; /* places of a row */
  bool has_bp;
  LayoutTables *tables;
  Words forward, backward;
  BlockEdge *by_left;   /* edges of the right tile: by left neuron, then right; own is left */
  BlockEdge *by_right;  /* edges of a block, own is right */
  uint32_t *left_begin; /* [p + 1] into by_left */
  uint32_t *lefts;      /* of a row */
  Piece *pieces, *sorted;
} Tiling;

/* Fills by_left with the edges of right neurons first .. last - 1. */
static void sort_by_left(Tiling *t, uint32_t first, uint32_t last) {
  const uint32_t p = t->edges->left_count, tile = t->layout->left_tile;
  const uint32_t from = interleaver_begin(t->edges, first);
  const uint32_t count = interleaver_begin(t->edges, last) - from;
  uint32_t *begin = t->left_begin;
  interleaver_expand(t->edges, from, count, t->lefts);
  memset(begin, 0, (p + 1ull) * sizeof *begin);
  for (uint32_t k = 0; k < count; k++) begin[t->lefts[k] + 1]++;
  for (uint32_t l = 0; l < p; l++) begin[l + 1] += begin[l];
  for (uint32_t k = 0, r = first; k < count; k++) {
    while (interleaver_begin(t->edges, r + 1) <= from + k) r++;
    const uint32_t left = t->lefts[k];
    t->by_left[begin[left]++] = (BlockEdge){
        .own = (uint16_t)(left % tile), .other = (uint16_t)(r - first), .number = from + k};
  }
  memmove(begin + 1, begin, p * sizeof *begin);
  begin[0] = 0;
}

/* by_right: the block's edges of `by_left`, by right neuron, then left; number is where they stand
 * there. */
static void sort_by_right(const Tiling *t, const BlockEdge *by_left, uint32_t count) {
  uint32_t begin[LARGEST_TILE + 1] = {0};
  for (uint32_t k = 0; k < count; k++) begin[by_left[k].other + 1]++;
  for (uint32_t r = 0; r < t->layout->right_tile; r++) begin[r + 1] += begin[r];
  for (uint32_t k = 0; k < count; k++) {
    const BlockEdge *edge = &by_left[k];
    t->by_right[begin[edge->other]++] =
        (BlockEdge){.own = edge->other, .other = edge->own, .number = k};
  }
}

static void fill_block(Tiling *t, uint64_t number, uint32_t from, uint32_t count) {
  LayoutTables *tables = t->tables;
  const uint64_t slot = tables->block_slot[number];
  BlockEdge *by_left = t->by_left + from;
  Block block = {.edges = t->by_right, .count = count, .pieces = t->pieces};
  sort_by_right(t, by_left, count);
  write_block(&block, t->sorted, t->unit, true, &t->forward);
  for (uint32_t k = 0; k < count; k++) {
    BlockEdge *edge = &by_left[t->by_right[k].number];
    edge->slot = t->by_right[k].slot;
    tables->place[edge->number] = (uint32_t)(slot + edge->slot);
  }
  block.edges = by_left;
  if (t->has_bp) write_block(&block, t->sorted, t->unit, false, &t->backward);
  tables->block_slot[number + 1] = slot + count;
  tables->block_forward[number + 1] = t->forward.count;
  tables->block_backward[number + 1] = t->backward.count;
}

static void fill_tiles(Tiling *t) {
  const uint32_t p = t->edges->left_count, n = t->edges->right_count;
  const uint32_t left_tile = t->layout->left_tile, right_tile = t->layout->right_tile;
  uint64_t number = 0;
  for (uint32_t first = 0; first < n; first += right_tile) {
    sort_by_left(t, first, n - first < right_tile ? n : first + right_tile);
    for (uint32_t left = 0; left < p; left += left_tile) {
      const uint32_t end = p - left < left_tile ? p : left + left_tile;
      fill_block(t, number++, t->left_begin[left], t->left_begin[end] - t->left_begin[left]);
      if (!t->forward.ok || !t->backward.ok) return;
    }
  }
}

/* ---- memory ---- */

static void *zeroed(bool *ok, uint64_t count, size_t size) {
  return array_next(ok, count + SUM_LANES, size);
}

/* Edges of the right tile that has most. */
static uint32_t most_edges(const Interleaver *edges, uint32_t tile) {
  uint32_t most = 0;
  for (uint32_t first = 0; first < edges->right_count; first += tile) {
    const uint32_t last = edges->right_count - first < tile ? edges->right_count : first + tile;
    most = greater(most, interleaver_begin(edges, last) - interleaver_begin(edges, first));
  }
  return most;
}

bool open_tiles(const Interleaver *edges, const Layout *layout, uint32_t width, bool has_bp,
                LayoutTables *tables) {
  const uint64_t blocks = (uint64_t)ceiling(edges->left_count, layout->left_tile) *
                          ceiling(edges->right_count, layout->right_tile);
  const uint32_t most = most_edges(edges, layout->right_tile);
  Tiling t = {.edges = edges,
              .layout = layout,
              .unit = width / CELLS_PER_PLACE,
              .has_bp = has_bp,
              .tables = tables,
              .forward = {.ok = true},
              .backward = {.ok = true}};
  bool ok = true;
  tables->place = zeroed(&ok, edges->edge_count, sizeof *tables->place);
  tables->block_slot = zeroed(&ok, blocks + 1, sizeof *tables->block_slot);
  tables->block_forward = zeroed(&ok, blocks + 1, sizeof *tables->block_forward);
  tables->block_backward = zeroed(&ok, blocks + 1, sizeof *tables->block_backward);
  t.by_left = zeroed(&ok, most, sizeof *t.by_left);
  t.by_right = zeroed(&ok, most, sizeof *t.by_right);
  t.left_begin = zeroed(&ok, edges->left_count + 1ull, sizeof *t.left_begin);
  t.lefts = zeroed(&ok, most, sizeof *t.lefts);
  t.pieces = zeroed(&ok, most, sizeof *t.pieces);
  t.sorted = zeroed(&ok, most, sizeof *t.sorted);
  if (ok) fill_tiles(&t);
  tables->forward = shrunk(&t.forward);
  tables->backward = shrunk(&t.backward);
  free(t.by_left);
  free(t.by_right);
  free(t.left_begin);
  free(t.lefts);
  free(t.pieces);
  free(t.sorted);
  return ok && t.forward.ok && t.backward.ok;
}
