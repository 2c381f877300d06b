// SPDX-License-Identifier: MIT
// Messages of JSON-RPC 2.0 as the Language Server Protocol frames them: `Content-Length: N`, an
// empty line, N bytes of JSON.
//
// The reader takes bytes as they come, in any pieces, and never gives up: after something that is
// no message it goes on with the next header that it finds.
#ifndef SEDGE_COMPILER_LSP_JSON_RPC_H
#define SEDGE_COMPILER_LSP_JSON_RPC_H

#include <jansson.h>
#include <stddef.h>

typedef enum RpcStatus {
  RPC_WAITING, /* no whole message is there yet */
  RPC_MESSAGE,
  RPC_NO_JSON,   /* a frame whose bytes are no JSON */
  RPC_TOO_LARGE, /* a frame of more than RPC_FRAME_LIMIT bytes: they are skipped */
} RpcStatus;

enum { RPC_FRAME_LIMIT = 64 << 20, RPC_HEADER_LIMIT = 4 << 10 };

/* JSON-RPC's and the protocol's error codes. */
typedef enum RpcErrorCode {
  RPC_PARSE_ERROR = -32700,
  RPC_INVALID_REQUEST = -32600,
  RPC_METHOD_NOT_FOUND = -32601,
  RPC_INVALID_PARAMS = -32602,
  RPC_NOT_INITIALIZED = -32002,
  RPC_REQUEST_CANCELLED = -32800,
  RPC_REQUEST_FAILED = -32803,
} RpcErrorCode;

typedef struct RpcReader RpcReader;

/* Owned: rpc_reader_close. */
RpcReader *rpc_reader_open(void);
void rpc_reader_close(RpcReader *reader);

void rpc_feed(RpcReader *reader, const char *bytes, size_t count);

/* Takes the next message off what was fed; RPC_MESSAGE: *message is a new reference to any JSON
 * value. */
RpcStatus rpc_next(RpcReader *reader, json_t **message);

/* A message with its header, owned by the caller (free); *length in bytes. */
char *rpc_frame(const json_t *message, size_t *length);

#endif
