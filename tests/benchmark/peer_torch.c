// SPDX-License-Identifier: MIT
// PyTorch, dense and masked: peer_torch.py in a process of its own, spoken to by lines; arrays
// travel by files.
#include <stddef.h>

#include "tests/benchmark/peers.h"

#ifdef SEDGE_PEER_PYTHON
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Torch {
  const PeerNetwork *network;
  char folder[64], network_path[96], answer_path[96];
  FILE *commands, *answers;
  pid_t process;
  float *weights; /* of all edges, once asked for */
} Torch;

/* ---- files ---- */

static void write_words(FILE *file, const void *words, uint64_t count) {
  fwrite(words, sizeof(uint32_t), count, file);
}

static bool write_network(const PeerNetwork *n, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) return false;
  const uint32_t head[] = {n->junction_count, n->batch, n->example_count};
  write_words(file, head, 3);
  write_words(file, n->neurons, n->junction_count + 1ull);
  write_words(file, &n->rate, 1);
  for (uint32_t i = 0; i < n->junction_count; i++) {
    const uint32_t edges = n->right_begin[i][n->neurons[i + 1]];
    write_words(file, n->right_begin[i], n->neurons[i + 1] + 1ull);
    write_words(file, n->left[i], edges);
    write_words(file, n->weights[i], edges);
  }
  write_words(file, n->examples, (uint64_t)n->example_count * n->neurons[0]);
  write_words(file, n->labels, n->example_count);
  const bool is_good = !ferror(file);
  return fclose(file) == 0 && is_good;
}

static bool read_answer(const Torch *t, float *to, uint64_t count) {
  FILE *file = fopen(t->answer_path, "rb");
  const bool is_good = file && fread(to, sizeof *to, count, file) == count;
  if (file) fclose(file);
  return is_good;
}

/* ---- the process ---- */

static bool await(Torch *t, char *line, int size) {
  return fgets(line, size, t->answers) != NULL;
}

static void command(Torch *t, const char *verb, uint64_t count, char *line, int size) {
  fprintf(t->commands, "%s %llu\n", verb, (unsigned long long)count);
  fflush(t->commands);
  if (await(t, line, size)) return;
  fprintf(stderr, "the peer PyTorch ended\n");
  exit(1);
}

static bool start(Torch *t) {
  int to[2], from[2];
  if (pipe(to) != 0 || pipe(from) != 0) return false;
  t->process = fork();
  if (t->process == 0) {
    dup2(to[0], 0);
    dup2(from[1], 1);
    dup2(open("/dev/null", O_WRONLY), 2);
    for (int i = 0; i < 2; i++) {
      close(to[i]);
      close(from[i]);
    }
    execl(SEDGE_PEER_PYTHON, "python3", SEDGE_SOURCE_DIR "/tests/benchmark/peer_torch.py",
          t->network_path, t->answer_path, (char *)NULL);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  t->commands = fdopen(to[1], "w");
  t->answers = fdopen(from[0], "r");
  char line[64];
  return t->process > 0 && t->commands && t->answers && await(t, line, sizeof line);
}

static void close_torch(void *peer) {
  Torch *t = peer;
  if (t->commands) fclose(t->commands);
  if (t->answers) fclose(t->answers);
  if (t->process > 0) waitpid(t->process, NULL, 0);
  unlink(t->network_path);
  unlink(t->answer_path);
  rmdir(t->folder);
  free(t->weights);
  free(t);
}

static void *open_torch(const PeerNetwork *n) {
  Torch *t = calloc(1, sizeof *t);
  t->network = n;
  signal(SIGPIPE, SIG_IGN);
  strcpy(t->folder, "/tmp/sedge-benchmark-XXXXXX");
  if (!mkdtemp(t->folder)) {
    free(t);
    return NULL;
  }
  snprintf(t->network_path, sizeof t->network_path, "%s/network", t->folder);
  snprintf(t->answer_path, sizeof t->answer_path, "%s/answer", t->folder);
  if (write_network(n, t->network_path) && start(t)) return t;
  close_torch(t);
  return NULL;
}

/* ---- the peer ---- */

static void train_torch(void *peer, uint64_t inputs) {
  char line[64];
  command(peer, "train", inputs, line, sizeof line);
}

static void infer_torch(void *peer, uint64_t inputs) {
  char line[64];
  command(peer, "infer", inputs, line, sizeof line);
}

static double seconds_of_torch(void *peer) {
  char line[64];
  command(peer, "seconds", 0, line, sizeof line);
  return strtod(line, NULL);
}

static void outputs_torch(void *peer, float *outputs) {
  Torch *t = peer;
  char line[64];
  command(t, "outputs", 0, line, sizeof line);
  read_answer(t, outputs,
              (uint64_t)t->network->neurons[t->network->junction_count] * t->network->batch);
}

/* Asked for after all training that is compared. */
static float weight_of_torch(void *peer, uint32_t junction, uint32_t right, uint32_t edge) {
  Torch *t = peer;
  const PeerNetwork *n = t->network;
  (void)right;
  uint64_t count = 0, before = 0;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    if (i == junction) before = count;
    count += n->right_begin[i][n->neurons[i + 1]];
  }
  if (!t->weights) {
    char line[64];
    command(t, "weights", 0, line, sizeof line);
    t->weights = calloc(count, sizeof *t->weights);
    read_answer(t, t->weights, count);
  }
  return t->weights[before + edge];
}

static const Peer torch = {.name = "PyTorch, masked",
                           .key = "torch",
                           .trains_online = true,
                           .trains_batches = true,
                           .infers_online = true,
                           .infers_batches = true,
                           .open = open_torch,
                           .train = train_torch,
                           .infer = infer_torch,
                           .close = close_torch,
                           .outputs = outputs_torch,
                           .weight = weight_of_torch,
                           .seconds = seconds_of_torch};
const Peer *const peer_torch = &torch;
#else
const Peer *const peer_torch = NULL;
#endif
