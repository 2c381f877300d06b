// SPDX-License-Identifier: MIT
// What stands, or could stand, at a place of the text: found from the words before it, so that half
// a statement is enough.
#ifndef SEDGE_COMPILER_LSP_CONTEXT_H
#define SEDGE_COMPILER_LSP_CONTEXT_H

#include "lang/form.h"
#include "lang/words.h"

typedef enum Slot {
  SLOT_ITEM,        /* an item of the file begins */
  SLOT_STATEMENT,   /* a statement of a block begins */
  SLOT_NEW_NAME,    /* a name is being given: nothing is known that could stand here */
  SLOT_LAYER,       /* a layer of this network */
  SLOT_AFTER_SHAPE, /* pad, or what ends a layer */
  SLOT_ACTIVATION,
  SLOT_ARGUMENT, /* an argument begins: its name or its value */
  SLOT_VALUE,
  SLOT_UNIT, /* behind a number */
  SLOT_PATH, /* of an import */
} Slot;

typedef struct WordContext {
  Slot slot;
  /* index of the word that opens the block (`network` ...); NO_WORD outside of blocks */
  uint32_t block;
  /* index of the statement's or item's first word; NO_WORD where it begins here */
  uint32_t statement;
  uint32_t callee;   /* index of the name of the innermost call, or NO_WORD */
  uint32_t argument; /* the number of the argument that is being written in that call */
  Form form;         /* that the block or innermost call is, or FORM_COUNT */
  Field field;       /* whose value stands here, or FIELD_COUNT */
  Family family;     /* what may stand here by name, or FAMILY_COUNT */
} WordContext;

#define NO_WORD UINT32_MAX

/* The context of word number `word`; of the end of the text where it is words.count. */
WordContext context_of(Words words, uint32_t word);

/* The number of the first word that ends behind the offset, or at it where it is a name or number
 * (which is then being written). */
uint32_t word_number_at(Words words, uint32_t offset);

/* The family that values of this kind come from, or FAMILY_COUNT. */
Family family_of_kind(FieldKind kind);

/* Whether word `word` is a name that gives an argument's or setting's name: `=` follows it. */
bool names_field(Words words, uint32_t word);

#endif
