// SPDX-License-Identifier: MIT
// The handler does the two things that a handler may do: it sets a flag and restores the default.
#include "runtime/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t is_requested;

static void set_actions(void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static void on_signal(int number) {
  (void)number;
  is_requested = 1;
  set_actions(SIG_DFL);
}

void interrupt_watch(void) {
  is_requested = 0;
  set_actions(on_signal);
}

bool interrupt_requested(void) {
  return is_requested != 0;
}

void interrupt_unwatch(void) {
  set_actions(SIG_DFL);
}
