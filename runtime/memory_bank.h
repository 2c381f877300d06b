// SPDX-License-Identifier: MIT
// Meters on the ports of a memory's banks: which words were asked for in this clock, and how many
// ports that takes.
//
// Several edges that ask for the same word in one clock share one use.  The common case, one word
// per bank, costs one load, one compare and one store an access; further words of a bank in one
// clock go to a short list.
#ifndef SEDGE_RUNTIME_MEMORY_BANK_H
#define SEDGE_RUNTIME_MEMORY_BANK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct BankMeter {
  uint32_t banks, ports;
  uint32_t *bank_of; /* [element_count] element % banks */
  uint64_t *asked;   /* [banks] clock << 32 | the first element asked for in that clock */
  uint64_t clock;    /* counts clocks from 1; only its low 32 bits are compared */
  uint32_t *extra;   /* [extra_capacity] further elements asked for in this clock */
  uint32_t extra_count, extra_capacity;
} BankMeter;

/* Meters for `element_count` elements in `banks` banks of `ports` ports, at most `accesses`
 * accesses a clock.  Owned: bank_meter_close.  False when there is no memory. */
bool bank_meter_open(BankMeter *meter, uint32_t element_count, uint32_t banks, uint32_t ports,
                     uint32_t accesses);
void bank_meter_close(BankMeter *meter);

/* Begins the next clock. */
void bank_meter_next_clock(BankMeter *meter);

/* What an access met. */
typedef enum PortUse {
  PORT_SHARED, /* the word is being read already */
  PORT_USED,   /* a port of its own */
  PORT_CLASH,  /* no port is left */
} PortUse;

/* A further word of a bank that was asked already: the slow path of bank_meter_ask. */
PortUse bank_meter_ask_again(BankMeter *meter, uint32_t element);

/* Asks for one element in this clock. */
static inline PortUse bank_meter_ask(BankMeter *meter, uint32_t element) {
  const uint64_t request = meter->clock << 32 | element;
  uint64_t *asked = &meter->asked[meter->bank_of[element]];
  if (*asked == request) return PORT_SHARED;
  if ((*asked ^ request) >> 32 == 0) return bank_meter_ask_again(meter, element);
  *asked = request;
  return PORT_USED;
}

/* How many different words of `bank` were asked for in this clock. */
uint32_t bank_meter_words(const BankMeter *meter, uint32_t bank);

#endif
