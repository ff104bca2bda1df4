/*
 * edge_limits.h - the limits of an edge that nobody set.
 */
#ifndef PROTO_EDGE_LIMITS_H
#define PROTO_EDGE_LIMITS_H

#include "proto/edge.h"

/* Replaces zeros by the defaults that edge.h promises. */
void edge_limits_fill(struct edge_limits *limits);

#endif
