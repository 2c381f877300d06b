// SPDX-License-Identifier: MIT
// Forks without exec: a task sees all that was prepared for it, and ours is a process of one
// thread, so that this is safe.
//
// A task's result comes through a pipe, which is read as it fills and whose end says that the task
// has ended; its messages go into a file without a name.
#include "compiler/sweep/worker_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "runtime/interrupt.h"

enum { MOST_WORKERS = 256, MOST_ERROR_BYTES = 1 << 16, MILLISECONDS_BETWEEN_EVENTS = 100 };

typedef struct Worker {
  pid_t process;
  uint32_t task;
  int pipe; /* read end */
  FILE *errors;
  char *output; /* [size], used bytes */
  size_t used, size;
} Worker;

typedef struct Pool {
  const PoolEvents *events;
  uint32_t count; /* workers that run: workers[0 .. count-1] */
  Worker workers[MOST_WORKERS];
} Pool;

/* ---- a task's process ---- */

static void end_with_parent(pid_t parent) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
#else
  (void)parent;
#endif
}

/* Never returns: what the parent had buffered or opened is the parent's to end. */
static void work(const Pool *pool, uint32_t task, int pipe, FILE *errors, pid_t parent) {
  end_with_parent(parent);
  interrupt_unwatch();
  for (uint32_t i = 0; i < pool->count; i++) close(pool->workers[i].pipe);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (dup2(fileno(errors), STDOUT_FILENO) < 0 || dup2(fileno(errors), STDERR_FILENO) < 0) _exit(1);
  FILE *out = fdopen(pipe, "w");
  if (!out) _exit(1);
  const int code = pool->events->work(pool->events->context, task, out);
  const bool is_written = fclose(out) == 0;
  fflush(stdout);
  fflush(stderr);
  _exit(is_written || code != 0 ? code : 1);
}

/* ---- ours ---- */

static bool begin(Pool *pool, uint32_t task, Failure *failure) {
  int pipes[2] = {-1, -1};
  FILE *errors = tmpfile();
  fflush(stdout);
  fflush(stderr);
  const pid_t parent = getpid();
  const pid_t process = errors && pipe2(pipes, O_CLOEXEC) == 0 ? fork() : -1;
  if (process == 0) {
    close(pipes[0]);
    work(pool, task, pipes[1], errors, parent);
  }
  if (pipes[1] >= 0) close(pipes[1]);
  if (process > 0) {
    pool->workers[pool->count++] =
        (Worker){.process = process, .task = task, .pipe = pipes[0], .errors = errors};
    return true;
  }
  fail(failure, FAILURE_MEMORY, NULL, "no process can be begun for a run: %s", strerror(errno));
  if (pipes[0] >= 0) close(pipes[0]);
  if (errors) fclose(errors);
  return false;
}

/* Reads what has come; false: that was the end. */
static bool read_output(Worker *worker) {
  if (worker->used + 1 >= worker->size) {
    const size_t size = worker->size ? 2 * worker->size : 4096;
    char *larger = realloc(worker->output, size);
    if (!larger) return false;
    worker->output = larger;
    worker->size = size;
  }
  const ssize_t got =
      read(worker->pipe, worker->output + worker->used, worker->size - worker->used - 1);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  worker->used += (size_t)got;
  worker->output[worker->used] = '\0';
  return got > 0;
}

static int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

static void forget(Pool *pool, uint32_t index) {
  Worker *worker = &pool->workers[index];
  close(worker->pipe);
  fclose(worker->errors);
  free(worker->output);
  *worker = pool->workers[--pool->count];
}

/* Tells how a task ended. */
static bool end(Pool *pool, uint32_t index) {
  Worker *worker = &pool->workers[index];
  const int status = wait_for(worker->process);
  char *errors = calloc(1, MOST_ERROR_BYTES + 1);
  rewind(worker->errors);
  if (errors) errors[fread(errors, 1, MOST_ERROR_BYTES, worker->errors)] = '\0';
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const WorkerResult result = {
      .exit_code = number ? 128 + number : WEXITSTATUS(status),
      .signal = number,
      .output = worker->output ? worker->output : "",
      .errors = errors ? errors : "",
  };
  const bool goes_on = pool->events->done(pool->events->context, worker->task, &result);
  free(errors);
  forget(pool, index);
  return goes_on;
}

static void end_all(Pool *pool) {
  for (uint32_t i = 0; i < pool->count; i++) kill(pool->workers[i].process, SIGKILL);
  while (pool->count > 0) {
    wait_for(pool->workers[0].process);
    forget(pool, 0);
  }
}

/* Waits until something comes, or for the time between two events; false: an event said stop. */
static bool listen_to(Pool *pool) {
  struct pollfd places[MOST_WORKERS];
  for (uint32_t i = 0; i < pool->count; i++)
    places[i] = (struct pollfd){.fd = pool->workers[i].pipe, .events = POLLIN};
  const int ready = poll(places, pool->count, MILLISECONDS_BETWEEN_EVENTS);
  if (!pool->events->waiting(pool->events->context)) return false;
  for (uint32_t i = pool->count; ready > 0 && i-- > 0;) {
    if (!(places[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
    if (!read_output(&pool->workers[i]) && !end(pool, i)) return false;
  }
  return true;
}

PoolOutcome run_pool(const uint32_t *tasks, uint32_t count, uint32_t jobs, const PoolEvents *events,
                     Failure *failure) {
  Pool pool = {.events = events};
  uint32_t next = 0;
  if (jobs > MOST_WORKERS) jobs = MOST_WORKERS;
  while (next < count || pool.count > 0) {
    while (next < count && pool.count < jobs) {
      if (!begin(&pool, tasks[next++], failure)) {
        end_all(&pool);
        return POOL_FAILED;
      }
    }
    if (!listen_to(&pool)) {
      end_all(&pool);
      return POOL_STOPPED;
    }
  }
  return POOL_DONE;
}
