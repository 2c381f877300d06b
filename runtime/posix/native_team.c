// SPDX-License-Identifier: MIT
// Members wait for a turn by spinning a little, because the next one mostly comes within
// microseconds, then asleep.
//
// Shared work is cut into pieces.  A member has its own run of them, the same in every turn, so
// that its cache knows them; when it is through, it takes what is left of the others', because a
// processor that other programs use too would hold all of them up.
#include "runtime/native_team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SPINS = 20000, PIECES_EACH = 4 };

typedef struct Member {
  Team *team;
  pthread_t thread;
  uint32_t number;
} Member;

/* A member's own run of units: those from `next` on have not been begun. */
typedef struct Share {
  _Alignas(64) atomic_uint_least64_t next;
  uint64_t end, piece;
} Share;

struct Team {
  uint32_t size;
  Member *members; /* [size]; the first is the caller */
  Share *shares;   /* [size] */
  TeamWork *work;
  TeamShare *share_work; /* team_share: what is shared out */
  void *context, *share_context;
  atomic_uint turn; /* counts turns; changes when work is there */
  atomic_uint busy; /* members that have not finished this turn */
  atomic_bool is_closing;
  pthread_mutex_t lock;
  pthread_cond_t has_turn;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void await_turn(Team *team, unsigned seen) {
  for (uint32_t spin = 0; spin < SPINS; spin++) {
    if (atomic_load(&team->turn) != seen) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  while (atomic_load(&team->turn) == seen) pthread_cond_wait(&team->has_turn, &team->lock);
  pthread_mutex_unlock(&team->lock);
}

static void *run_member(void *argument) {
  const Member *member = argument;
  Team *team = member->team;
  for (unsigned seen = 0;; seen++) {
    await_turn(team, seen);
    if (atomic_load(&team->is_closing)) return NULL;
    team->work(team->context, member->number, team->size);
    atomic_fetch_sub(&team->busy, 1);
  }
}

static void begin_turn(Team *team) {
  atomic_store(&team->busy, team->size - 1);
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add(&team->turn, 1);
  pthread_cond_broadcast(&team->has_turn);
  pthread_mutex_unlock(&team->lock);
}

Team *team_open(uint32_t size) {
  Team *team = calloc(1, sizeof *team);
  Member *members = calloc(size, sizeof *members);
  Share *shares = aligned_alloc(_Alignof(Share), size * sizeof *shares);
  if (!team || !members || !shares) {
    free(team);
    free(members);
    free(shares);
    return NULL;
  }
  team->members = members;
  team->shares = shares;
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->has_turn, NULL);
  team->size = 1;
  for (uint32_t i = 1; i < size; i++) {
    members[i] = (Member){.team = team, .number = i};
    if (pthread_create(&members[i].thread, NULL, run_member, &members[i]) != 0) break;
    team->size = i + 1;
  }
  return team;
}

void team_close(Team *team) {
  if (!team) return;
  atomic_store(&team->is_closing, true);
  begin_turn(team);
  for (uint32_t i = 1; i < team->size; i++) pthread_join(team->members[i].thread, NULL);
  pthread_mutex_destroy(&team->lock);
  pthread_cond_destroy(&team->has_turn);
  free(team->members);
  free(team->shares);
  free(team);
}

uint32_t team_size(const Team *team) {
  return team->size;
}

void team_run(Team *team, TeamWork *work, void *context) {
  if (team->size == 1) {
    work(context, 0, 1);
    return;
  }
  team->work = work;
  team->context = context;
  begin_turn(team);
  work(context, 0, team->size);
  for (uint32_t spin = 0; atomic_load(&team->busy) > 0; spin++) {
    pause_briefly();
    if (spin >= SPINS) sched_yield(); /* a member may be waiting for this very processor */
  }
}

static void take_pieces(void *context, uint32_t member, uint32_t size) {
  Team *team = context;
  for (uint32_t turn = 0; turn < size; turn++) {
    Share *share = &team->shares[(member + turn) % size];
    for (;;) {
      /* Relaxed: it only hands out units.  What members make meets at the end of the turn, and a
       * sanitizer should not take this for a meeting too. */
      const uint64_t first =
          atomic_fetch_add_explicit(&share->next, share->piece, memory_order_relaxed);
      if (first >= share->end) break;
      const uint64_t end = first + share->piece;
      team->share_work(team->share_context, member, first, end < share->end ? end : share->end);
    }
  }
}

void team_share(Team *team, uint64_t count, TeamShare *work, void *context) {
  const uint32_t size = team->size;
  if (size == 1) {
    work(context, 0, 0, count);
    return;
  }
  team->share_work = work;
  team->share_context = context;
  for (uint32_t i = 0; i < size; i++) {
    const uint64_t begin = count * i / size, end = count * (i + 1) / size;
    atomic_store(&team->shares[i].next, begin);
    team->shares[i].end = end;
    team->shares[i].piece = (end - begin) / PIECES_EACH + 1;
  }
  team_run(team, take_pieces, team);
}
