/*
 * err.h - what went wrong around us, in words a person can act on.
 *
 * A function that may fail takes a struct err as its last parameter,
 * describes the failure where it is detected and returns -1; callers pass it
 * on unchanged, at most with err_wrap() to name their own object.
 */
#ifndef PROTO_BASE_ERR_H
#define PROTO_BASE_ERR_H

enum err_code {
	ERR_NONE,
	ERR_IO,          /* a file, socket or library call did not succeed */
	ERR_INVALID,     /* input that breaks its format */
	ERR_LIMIT,       /* input larger than a named limit */
	ERR_NOT_FOUND,   /* the named object does not exist */
	ERR_EXISTS,      /* the named object exists already */
	ERR_DENIED,      /* not allowed */
	ERR_BUSY,        /* not now; trying again later may succeed */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_CLOSED,      /* the other side or the object itself is closed */
	ERR_UNSUPPORTED, /* well-formed, but not known to this version */
	ERR_CORRUPT,     /* stored bytes are damaged */
	ERR_FULL,        /* no space left */
};

struct err {
	enum err_code code;
	char text[512]; /* lower case, no full stop, outside to inside */
};

/* Describes a failure and returns -1.  err may be NULL. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text of err and returns -1.  err may be NULL. */
int err_wrap(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
