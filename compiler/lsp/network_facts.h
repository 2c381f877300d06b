// SPDX-License-Identifier: MIT
// What the compiler made of the network, for people: sizes, edges, density, z, clocks.
//
// The chosen network alone has such facts; of others, and where something is wrong, the texts are
// empty.
#ifndef SEDGE_COMPILER_LSP_NETWORK_FACTS_H
#define SEDGE_COMPILER_LSP_NETWORK_FACTS_H

#include "compiler/lsp/analysis.h"

/* "64 neurons, padded to 80", in the arena. */
const char *describe_layer(const Analysis *analysis, const Definition *layer, Arena *arena);

/* A block by its kind and name, and for the chosen network what it comes to; in the arena. */
const char *describe_block(const Analysis *analysis, const Item *item, Arena *arena);

/* The junction statement of the main file whose words contain the offset, or NULL. */
const Statement *find_junction_statement(const Analysis *analysis, uint32_t offset);

/* A line for each junction that the statement makes, or for the one that `arrow` stands in; ""
 * where nothing is known. */
const char *describe_junctions(const Analysis *analysis, const Statement *statement, Span arrow,
                               Arena *arena);

/* "z 512, 16 clocks" for each junction that the statement makes; "" where nothing was fitted. */
const char *summarize_fit(const Analysis *analysis, const Statement *statement, Arena *arena);

/* "20 clocks an input, 750,000 inputs a second"; "" where nothing was fitted. */
const char *summarize_speed(const Analysis *analysis, Arena *arena);

/* The block that the program was made of, NULL where the file has none. */
const Item *chosen_item(const Analysis *analysis, ItemKind kind);

#endif
