/* SPDX-License-Identifier: MIT
 *
 * The functions of a network that `sedge build --emit lib` made into a shared library: train on
 * arrays, infer, read and write parameters and files.  Needs nothing but this header and the
 * library.
 *
 * One trainer holds one set of parameters, the optimizer's state and whatever is still in the
 * pipeline.  Trainers are independent of each other; one trainer is used by one thread at a time.
 *
 * Functions that return int return 1 when they have done it and 0 when not; sedge_trainer_error()
 * then says why.  Of a trainer that is NULL only sedge_trainer_close() and sedge_trainer_error()
 * may be asked.  Arrays belong to the caller.  Values are row by row: [count][inputs].  Labels are
 * numbers of outputs, from 0.  The results are the bits that `sedge train` computes from the same
 * inputs in the same order, on every machine.
 *
 * Stability: functions are only added, and SEDGE_TRAINER_VERSION grows when they are; none changes
 * or goes. */
#ifndef SEDGE_RUNTIME_H
#define SEDGE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEDGE_TRAINER_VERSION 1

typedef struct SedgeTrainer SedgeTrainer;

/* The version of this header that the library was built with. */
uint32_t sedge_trainer_version(void);

/* A trainer with initial parameters.  `threads` share the work on minibatches and inference; 0: as
 * many as pay.  The result does not depend on it.  Owned: sedge_trainer_close().  NULL:
 * sedge_trainer_error(NULL) says why. */
SedgeTrainer *sedge_trainer_open(uint32_t threads);
void sedge_trainer_close(SedgeTrainer *trainer);

/* Why the last function of this trainer failed, in one line, or "" where none has; valid until this
 * thread's next call of it. NULL: why this thread's last sedge_trainer_open() did. */
const char *sedge_trainer_error(const SedgeTrainer *trainer);

/* ---- the network ---- */

const char *sedge_trainer_name(const SedgeTrainer *trainer);
uint32_t sedge_trainer_inputs(const SedgeTrainer *trainer); /* values of an example */
uint32_t
sedge_trainer_outputs(const SedgeTrainer *trainer);        /* scores, and labels 0 .. outputs - 1 */
uint32_t sedge_trainer_batch(const SedgeTrainer *trainer); /* inputs of a minibatch; 1: online */
uint32_t sedge_trainer_junctions(const SedgeTrainer *trainer);
uint64_t
sedge_trainer_parameters(const SedgeTrainer *trainer); /* weights and biases of all junctions */
uint32_t sedge_trainer_epochs(const SedgeTrainer *trainer); /* that the program asks for */

/* Bits behind the binary point of a parameter's int32_t; -1: parameters are float. */
int32_t sedge_trainer_fraction_bits(const SedgeTrainer *trainer);

/* The learning rate that the program asks for in this epoch, from 0. */
double sedge_trainer_rate(const SedgeTrainer *trainer, uint32_t epoch);

/* ---- training and inference ---- */

/* What was seen at the output: how many inputs, how many predicted right, and the sum of their
 * losses. */
typedef struct SedgeTally {
  uint64_t count, correct;
  double loss;
} SedgeTally;

/* Trains on the examples in the order given.  In pipelined order the last of them are unfinished
 * until later ones push them out or sedge_trainer_drain() does.  ends_epoch: the last closes its
 * minibatch even if that is not full.  *tally (or NULL) is of the outputs that were reached
 * meanwhile. */
int sedge_trainer_train(SedgeTrainer *trainer, const float *values, const uint32_t *labels,
                        uint64_t count, double rate, int ends_epoch, SedgeTally *tally);

/* Lets everything in the pipeline finish. */
int sedge_trainer_drain(SedgeTrainer *trainer, SedgeTally *tally);

/* Feedforward alone.  scores [count][outputs] and classes [count] may be NULL. */
int sedge_trainer_infer(SedgeTrainer *trainer, const float *values, uint64_t count, float *scores,
                        uint32_t *classes);

/* The same against labels. */
int sedge_trainer_test(SedgeTrainer *trainer, const float *values, const uint32_t *labels,
                       uint64_t count, SedgeTally *tally);

/* ---- parameters ---- */

/* Edges of a junction (from 0), and its right neurons: as many weights, and as many biases. */
uint32_t sedge_trainer_edges(const SedgeTrainer *trainer, uint32_t junction);
uint32_t sedge_trainer_neurons(const SedgeTrainer *trainer, uint32_t junction);

/* The ends of all edges, in their order: left [edges], right [edges]; either may be NULL. */
int sedge_trainer_read_edges(SedgeTrainer *trainer, uint32_t junction, uint32_t *left,
                             uint32_t *right);

/* All weights [edges] in the edges' order, or all biases [neurons]: float, or int32_t where the
 * network is fixed point.  What is written must be finite, or within the format.  Write only while
 * the pipeline is empty. */
int sedge_trainer_read_weights(SedgeTrainer *trainer, uint32_t junction, void *weights);
int sedge_trainer_write_weights(SedgeTrainer *trainer, uint32_t junction, const void *weights);
int sedge_trainer_read_biases(SedgeTrainer *trainer, uint32_t junction, void *biases);
int sedge_trainer_write_biases(SedgeTrainer *trainer, uint32_t junction, const void *biases);

/* Parameters in a safetensors file, as --save and --load have them.  Load only while the pipeline
 * is empty. */
int sedge_trainer_save(SedgeTrainer *trainer, const char *path);
int sedge_trainer_load(SedgeTrainer *trainer, const char *path);

/* The whole state, pipeline and optimizer included: a trainer that resumes goes on to the same
 * bits. */
int sedge_trainer_checkpoint(SedgeTrainer *trainer, const char *path);
int sedge_trainer_resume(SedgeTrainer *trainer, const char *path);

/* SHA-256 of all parameters, in lower-case hexadecimal with a NUL: parameters_sha256 of
 * `sedge train`. */
void sedge_trainer_digest(const SedgeTrainer *trainer, char digest[65]);

#ifdef __cplusplus
}
#endif

#endif
