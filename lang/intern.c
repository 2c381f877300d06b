// SPDX-License-Identifier: MIT
// Names stored once: an open hash table in an arena.
#include "lang/intern.h"

#include <stdint.h>
#include <string.h>
#include <xxhash.h>

typedef struct Entry {
  const char *text;
  size_t length;
  uint64_t hash;
} Entry;

struct Names {
  Arena *arena;
  Entry *entries; /* [capacity], a power of two; text NULL where free */
  uint32_t count, capacity;
};

Names *names_new(Arena *arena) {
  Names *names = ARENA_NEW(arena, Names);
  *names = (Names){.arena = arena, .capacity = 64};
  names->entries = ARENA_ARRAY(arena, Entry, names->capacity);
  return names;
}

static Entry *find_place(const Names *names, const char *text, size_t length, uint64_t hash) {
  for (uint64_t place = hash;; place++) {
    Entry *entry = &names->entries[place & (names->capacity - 1)];
    if (!entry->text) return entry;
    if (entry->hash == hash && entry->length == length && memcmp(entry->text, text, length) == 0)
      return entry;
  }
}

static void grow(Names *names) {
  const Entry *old = names->entries;
  const uint32_t old_capacity = names->capacity;
  names->capacity *= 2;
  names->entries = ARENA_ARRAY(names->arena, Entry, names->capacity);
  for (uint32_t i = 0; i < old_capacity; i++) {
    if (old[i].text) *find_place(names, old[i].text, old[i].length, old[i].hash) = old[i];
  }
}

const char *intern(Names *names, const char *text, size_t length) {
  const uint64_t hash = XXH64(text, length, 0);
  Entry *entry = find_place(names, text, length, hash);
  if (entry->text) return entry->text;
  if (names->count * 2 >= names->capacity) {
    grow(names);
    entry = find_place(names, text, length, hash);
  }
  names->count++;
  *entry = (Entry){arena_copy(names->arena, text, length), length, hash};
  return entry->text;
}
