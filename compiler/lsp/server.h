// SPDX-License-Identifier: MIT
// The language server: bytes of the editor in, bytes for it out.
//
// It does no input or output itself, so that the command, a test and a fuzzer can all drive it:
//   lsp_feed(lsp, bytes, count);      as they come
//   while (lsp_step(lsp)) continue;   one message or one analysis at a time; feed in between, so
//                                     that what is cancelled or overtaken by a change is not
//                                     worked on
//   if nothing came for a while: lsp_idle(lsp)
#ifndef SEDGE_COMPILER_LSP_SERVER_H
#define SEDGE_COMPILER_LSP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "lang/check.h"

/* Takes a whole message; the bytes are borrowed for the time of the call. */
typedef void (*LspSend)(void *context, const char *bytes, size_t length);

typedef struct Lsp Lsp;

/* `options`, what -D and -I are to the command, are borrowed; NULL: none.  Owned: lsp_close. */
Lsp *lsp_open(LspSend send, void *context, const CheckOptions *options);
void lsp_close(Lsp *lsp);

void lsp_feed(Lsp *lsp, const char *bytes, size_t count);

/* Does one piece of what is to be done; false: there is none, or the editor has said `exit`. */
bool lsp_step(Lsp *lsp);

/* Whether lsp_idle has something to do; does one piece of it: edges, fit and schedule of a document
 * that stands still. */
bool lsp_has_idle_work(const Lsp *lsp);
void lsp_idle(Lsp *lsp);

/* Whether the editor has said `exit`, and whether it had said `shutdown` before, as it should. */
bool lsp_has_ended(const Lsp *lsp);
bool lsp_has_ended_well(const Lsp *lsp);

#endif
