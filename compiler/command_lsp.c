// SPDX-License-Identifier: MIT
// sedge lsp: the language server over standard input and output.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "compiler/command.h"
#include "compiler/lsp/server.h"

/* How long the text must stand still before the network is fitted, in milliseconds. */
enum { IDLE_MS = 150, PIECE = 1 << 16 };

static void send_bytes(void *context, const char *bytes, size_t length) {
  bool *is_broken = context;
  if (*is_broken) return;
  *is_broken = fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0;
}

/* Waits for input up to `timeout` milliseconds (-1: for ever) and feeds it; *has_ended at its end.
 * False: nothing came. */
static bool read_some(Lsp *lsp, int timeout, bool *has_ended) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  if (poll(&input, 1, timeout) <= 0) return false;
  static char bytes[PIECE];
  const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) {
    *has_ended = true;
    return false;
  }
  lsp_feed(lsp, bytes, (size_t)count);
  return true;
}

ExitCode command_lsp(const Invocation *invocation) {
  bool is_broken = false, has_ended = false;
  const CheckOptions options = check_options(&invocation->options);
  Lsp *lsp = lsp_open(send_bytes, &is_broken, &options);
  while (!lsp_has_ended(lsp) && !is_broken) {
    /* All that is there is read first, so that what is cancelled or overtaken is not worked on. */
    while (!has_ended && read_some(lsp, 0, &has_ended)) continue;
    if (lsp_step(lsp)) continue;
    if (has_ended) break;
    const bool has_idle_work = lsp_has_idle_work(lsp);
    if (!read_some(lsp, has_idle_work ? IDLE_MS : -1, &has_ended) && has_idle_work && !has_ended)
      lsp_idle(lsp);
  }
  const ExitCode code = is_broken ? EXIT_SYSTEM : lsp_has_ended_well(lsp) ? EXIT_DONE : EXIT_WRONG;
  lsp_close(lsp);
  return code;
}
