/*
 * peer.h - who sent a message, as the edge verified it.
 *
 * The edge puts this block before every message it hands to the inside, and
 * the RPC server takes it off; nothing a peer sends can reach or forge it.
 */
#ifndef PROTO_PEER_H
#define PROTO_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

enum transport { TRANSPORT_IPC, TRANSPORT_TCP, TRANSPORT_TLS };

struct peer {
	enum transport transport;
	uint32_t uid;        /* of an IPC peer; else UINT32_MAX */
	uint64_t connection; /* number, never used twice in a process's life */
	char identity[160];  /* SAN URI of a TLS peer; else "" */
	char address[64];    /* "10.0.0.7:41822", or "pid 4711" for IPC */
};

#define PEER_BLOCK_MAX_BYTES 256

/* Writes the block to out and returns its size. */
size_t
peer_write(unsigned char out[PEER_BLOCK_MAX_BYTES], const struct peer *peer);

/* Reads the block at the start of n bytes; returns its size, or -1. */
int peer_read(
    struct peer *out, const unsigned char *bytes, size_t n, struct err *err);

/* May this peer speak as agent of environment?  TLS peers must present
 * vedette://ENVIRONMENT/AGENT; others are trusted by where they listen. */
int peer_is_agent(const struct peer *peer, const char *environment,
    const char *agent, struct err *err);

/* Who it is, for people: the certificate's name, the user of this machine, or
 * where it comes from; returns out. */
#define PEER_WHO_BYTES 160
char *peer_who(char out[PEER_WHO_BYTES], const struct peer *peer);

/* May this peer ask?  TLS peers must present vedette://user/NAME. */
int peer_is_user(const struct peer *peer, struct err *err);

#endif
