// SPDX-License-Identifier: MIT
// A few threads that do one piece of work together, again and again.
#ifndef SEDGE_RUNTIME_NATIVE_TEAM_H
#define SEDGE_RUNTIME_NATIVE_TEAM_H

#include <stdint.h>

typedef struct Team Team;

/* member: 0 .. size-1; 0 is the caller. */
typedef void TeamWork(void *context, uint32_t member, uint32_t size);

/* A team of `size` members, this thread among them; fewer where threads cannot be had. Owned:
 * team_close. NULL: no memory. */
Team *team_open(uint32_t size);
void team_close(Team *team);
uint32_t team_size(const Team *team);

/* Every member does the work once; returns when all have. */
void team_run(Team *team, TeamWork *work, void *context);

/* Shares out units 0 .. count-1: the work is called for runs first .. last-1 of them, each unit
 * once, by whichever member is free; a team of one does all in one call.  Returns when all is
 * done. */
typedef void TeamShare(void *context, uint32_t member, uint64_t first, uint64_t last);
void team_share(Team *team, uint64_t count, TeamShare *work, void *context);

#endif
