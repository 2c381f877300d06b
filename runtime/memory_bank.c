// SPDX-License-Identifier: MIT
// Meters on the ports of a memory's banks.
#include "runtime/memory_bank.h"

#include <stdlib.h>
#include <string.h>

bool bank_meter_open(BankMeter *meter, uint32_t element_count, uint32_t banks, uint32_t ports,
                     uint32_t accesses) {
  *meter = (BankMeter){.banks = banks, .ports = ports, .clock = 1, .extra_capacity = accesses};
  meter->bank_of = calloc(element_count ? element_count : 1, sizeof *meter->bank_of);
  meter->asked = calloc(banks, sizeof *meter->asked);
  meter->extra = calloc(accesses ? accesses : 1, sizeof *meter->extra);
  if (!meter->bank_of || !meter->asked || !meter->extra) {
    bank_meter_close(meter);
    return false;
  }
  for (uint32_t element = 0; element < element_count; element++)
    meter->bank_of[element] = element % banks;
  return true;
}

void bank_meter_close(BankMeter *meter) {
  free(meter->bank_of);
  free(meter->asked);
  free(meter->extra);
  *meter = (BankMeter){0};
}

void bank_meter_next_clock(BankMeter *meter) {
  meter->clock++;
  meter->extra_count = 0;
  if ((uint32_t)meter->clock != 0) return;
  /* The low 32 bits have come round: forget what they stood for, and skip 0, which means never. */
  memset(meter->asked, 0, meter->banks * sizeof *meter->asked);
  meter->clock++;
}

PortUse bank_meter_ask_again(BankMeter *meter, uint32_t element) {
  for (uint32_t i = 0; i < meter->extra_count; i++) {
    if (meter->extra[i] == element) return PORT_SHARED;
  }
  if (bank_meter_words(meter, meter->bank_of[element]) >= meter->ports) return PORT_CLASH;
  meter->extra[meter->extra_count++] = element;
  return PORT_USED;
}

uint32_t bank_meter_words(const BankMeter *meter, uint32_t bank) {
  if (meter->asked[bank] >> 32 != (uint32_t)meter->clock) return 0;
  uint32_t words = 1;
  for (uint32_t i = 0; i < meter->extra_count; i++)
    words += meter->bank_of[meter->extra[i]] == bank;
  return words;
}
