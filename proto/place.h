/*
 * place.h - where in a configuration: "probes[3].env.source".
 */
#ifndef PROTO_PLACE_H
#define PROTO_PLACE_H

#define PLACE_BYTES 160

/* A path as conf_complain() takes it. */
struct place {
	char path[PLACE_BYTES];
};

/* What does not fit is cut: the complaint then names the part before. */
struct place
place_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
