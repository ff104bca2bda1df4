/*
 * descriptors.h - how many files and sockets this process may have open.
 */
#ifndef PROTO_BASE_DESCRIPTORS_H
#define PROTO_BASE_DESCRIPTORS_H

/* Raises the soft limit to the hard one: each probe, each peer is a
 * descriptor, and the usual 1024 are there for select(2), which nobody here
 * calls.  As it was when it cannot be raised. */
void descriptors_raise(void);

#endif
