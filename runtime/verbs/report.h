// SPDX-License-Identifier: MIT
// The report of a training as one self-contained page, made from the events of its log
// (train_events.h) and nothing else.
#ifndef SEDGE_RUNTIME_VERBS_REPORT_H
#define SEDGE_RUNTIME_VERBS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "runtime/failure.h"

/* Writes the page to `path`, which is replaced when it is whole.  Events that an older or a newer
 * log would have are passed over. */
bool write_report(const json_t *events, const char *path, Failure *failure);

#endif
