// SPDX-License-Identifier: MIT
// Goes as far as the check of the file, which says where its data are; the edges are not placed.
#include "compiler/sweep/definition.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/compilation.h"
#include "compiler/make_recipe.h"
#include "compiler/passes.h"
#include "lang/vector.h"
#include "runtime/digest.h"

/* Raised when what a row holds changes its meaning: rows of before are measured again then. */
static const char format_name[] = "sedge sweep 1";

typedef struct DigestText {
  char text[65];
} DigestText;

typedef struct DataDigest {
  const char *name; /* of the reader, the path and the column of labels */
  DigestText digest;
} DataDigest;

struct DataDigests {
  Arena *arena;
  VECTOR(DataDigest) known;
};

DataDigests *data_digests_new(Arena *arena) {
  DataDigests *digests = ARENA_NEW(arena, DataDigests);
  digests->arena = arena;
  return digests;
}

/* ---- parts ---- */

static int compare_digests(const void *a, const void *b) {
  return memcmp(a, b, sizeof(DigestText));
}

static void digest_sources(Digest *digest, const Compilation *c) {
  const uint32_t count = sources_count(c->sources);
  DigestText *texts = ARENA_ARRAY(c->arena, DigestText, count);
  for (uint32_t i = 0; i < count; i++) {
    const SourceFile *file = sources_file(c->sources, i);
    Digest one;
    digest_begin(&one);
    digest_bytes(&one, file->text, file->length);
    digest_end(&one, texts[i].text);
  }
  if (count > 0) qsort(texts, count, sizeof *texts, compare_digests);
  for (uint32_t i = 0; i < count; i++) digest_text(digest, texts[i].text);
}

static void digest_file(Digest *digest, const char *path) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return; /* others may have no end */
  FILE *file = fopen(path, "rb");
  char bytes[4096];
  size_t got;
  if (!file) return;
  while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) digest_bytes(digest, bytes, got);
  fclose(file);
}

static void digest_edge_files(Digest *digest, const Compilation *c) {
  const Network *network = &c->program->network;
  for (uint32_t i = 0; i < network->junction_count; i++) {
    const Pattern *pattern = &network->junctions[i].pattern;
    if (pattern->kind != PATTERN_EDGES) continue;
    digest_file(digest, edge_file(c, pattern));
  }
}

static void digest_examples(Digest *digest, const Examples *examples) {
  const uint64_t values = examples->count * examples->features;
  digest_u64(digest, examples->count);
  digest_u64(digest, examples->features);
  digest_words(digest, examples->labels, examples->count);
  if (examples->bytes) {
    digest_bytes(digest, examples->bytes, values);
    return;
  }
  for (uint64_t i = 0; i < values; i++) digest_double(digest, (double)examples->floats[i]);
}

/* Of everything that the files hold before it is split. */
static void digest_data(const DataRecipe *recipe, const char *path, char text[65]) {
  Dataset dataset;
  Failure failure = {0};
  if (!open_data(recipe, path, &dataset, &failure)) {
    strcpy(text, "absent");
    return;
  }
  Digest digest;
  digest_begin(&digest);
  digest_examples(&digest, &dataset.train);
  digest_examples(&digest, &dataset.validation);
  digest_examples(&digest, &dataset.test);
  digest_end(&digest, text);
  dataset_close(&dataset);
}

/* Generated data are defined by the file's text and the seed. */
static const char *digest_of_data(const Compilation *c, const char *folder, DataDigests *data) {
  const DataRecipe recipe = make_recipe(c).data;
  if (!recipe.path[0]) return "generated";
  char *path = data_path(&recipe, folder, folder_of_span(c, c->program->training.data.path_at));
  if (!path) return "absent";
  const char *name = arena_print(data->arena, "%d %s %s %lld", (int)recipe.origin, path,
                                 recipe.csv.label_name ? recipe.csv.label_name : "",
                                 (long long)recipe.csv.label_column);
  DataDigest *found = NULL;
  for (uint32_t i = 0; i < data->known.count && !found; i++) {
    if (strcmp(data->known.items[i].name, name) == 0) found = &data->known.items[i];
  }
  if (!found) {
    found = VECTOR_ADD(data->arena, &data->known);
    found->name = name;
    digest_data(&recipe, path, found->digest.text);
  }
  free(path);
  return found->digest.text;
}

static void digest_count(Digest *digest, const OptionalCount *count) {
  digest_u64(digest, count->is_given);
  digest_u64(digest, count->is_given ? count->value : 0);
}

/* Neither threads nor the optimizer's level, whose result is the same to the last bit. */
static void digest_options(Digest *digest, const Options *options, bool is_fit_only) {
  digest_text(digest, options->network);
  digest_text(digest, options->hardware);
  digest_text(digest, options->training);
  digest_text(digest, options->engine);
  digest_count(digest, &options->run.seed);
  digest_count(digest, &options->run.epochs);
  digest_count(digest, &options->run.inputs);
  digest_u64(digest, is_fit_only);
}

void define_run(const Invocation *invocation, const Options *options, bool is_fit_only,
                DataDigests *data, char text[65]) {
  const CheckOptions check = check_options(options);
  Compilation *c = compilation_open(invocation->arguments[0], NULL, &check);
  const bool is_right = run_passes(c, PASS_CHECK);
  Digest digest;
  digest_begin(&digest);
  digest_text(&digest, format_name);
  digest_text(&digest, SEDGE_VERSION);
  digest_sources(&digest, c);
  digest_options(&digest, options, is_fit_only);
  if (is_right) digest_edge_files(&digest, c);
  if (is_right && !is_fit_only) digest_text(&digest, digest_of_data(c, options->run.data, data));
  digest_end(&digest, text);
  compilation_close(c);
}
