// SPDX-License-Identifier: MIT
// Shared work: each unit is done once, whatever the team and however much there is to do.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "runtime/native_team.h"

enum { MOST = 200, MEMBERS = 5 };

typedef struct Tally {
  atomic_uint done[MOST]; /* how often each unit was done */
  atomic_uint wrong;      /* calls for members or runs that there are not */
  uint64_t count;
  uint32_t size;
} Tally;

static void count_units(void *context, uint32_t member, uint64_t first, uint64_t last) {
  Tally *tally = context;
  const int is_wrong = member >= tally->size || first > last || last > tally->count;
  atomic_fetch_add(&tally->wrong, (unsigned)is_wrong);
  for (uint64_t i = first; i < last && i < MOST; i++) atomic_fetch_add(&tally->done[i], 1);
}

static void test_every_unit_is_done_once(void **state) {
  (void)state;
  for (uint32_t size = 1; size <= MEMBERS; size++) {
    Team *team = team_open(size);
    assert_non_null(team);
    for (uint64_t count = 0; count <= MOST; count += count < 12 ? 1 : 47) {
      Tally tally = {.count = count, .size = team_size(team)};
      team_share(team, count, count_units, &tally);
      assert_int_equal(atomic_load(&tally.wrong), 0);
      for (uint64_t i = 0; i < MOST; i++) assert_int_equal(atomic_load(&tally.done[i]), i < count);
    }
    team_close(team);
  }
}

static void count_members(void *context, uint32_t member, uint32_t size) {
  Tally *tally = context;
  atomic_fetch_add(&tally->wrong, (unsigned)(member >= size || size != tally->size));
  atomic_fetch_add(&tally->done[member], 1);
}

static void test_every_member_works_once(void **state) {
  (void)state;
  for (uint32_t size = 1; size <= MEMBERS; size++) {
    Team *team = team_open(size);
    assert_non_null(team);
    Tally tally = {.size = team_size(team)};
    team_run(team, count_members, &tally);
    assert_int_equal(atomic_load(&tally.wrong), 0);
    for (uint32_t i = 0; i < MEMBERS; i++)
      assert_int_equal(atomic_load(&tally.done[i]), i < tally.size);
    team_close(team);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_unit_is_done_once),
      cmocka_unit_test(test_every_member_works_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
