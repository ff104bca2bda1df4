/*
 * signature.h - what an error text says, in the words of its runtime.
 *
 * Tables of phrases (signature_table.c: runtimes; signature_stores.c: what keeps
 * data; signature_services.c: the rest) that programs are known to write, each
 * with the class of trouble it means.  A
 * text that no phrase matches is unknown, and is never guessed: its
 * fingerprint tells whether it is the same text as another one, whatever
 * numbers, ids and paths differ.
 */
#ifndef COLLECTOR_DIAGNOSE_SIGNATURE_H
#define COLLECTOR_DIAGNOSE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

enum signature {
	SIGNATURE_UNKNOWN,
	SIGNATURE_MODULE,      /* the build lacks a module, class or symbol */
	SIGNATURE_FILE,        /* the build lacks a file or program */
	SIGNATURE_SETTING,     /* configuration or a variable is missing */
	SIGNATURE_LOGIN,       /* authentication refused */
	SIGNATURE_GRANT,       /* known, but not permitted */
	SIGNATURE_NAME,        /* a name was not found */
	SIGNATURE_TIMEOUT,     /* a connection or an answer did not come */
	SIGNATURE_REFUSED,     /* connection refused */
	SIGNATURE_RESET,       /* connection lost */
	SIGNATURE_CERTIFICATE, /* a certificate was not accepted */
	SIGNATURE_MEMORY,      /* out of memory */
	SIGNATURE_DISK,        /* no space left */
	SIGNATURE_CONNECTIONS, /* connections or descriptors used up */
	SIGNATURE_MIGRATION,   /* schema and build disagree */
	SIGNATURE_LOCK,        /* waited for a lock, or a statement's limit */
	SIGNATURE_READ_ONLY,   /* may not write now */
	SIGNATURE_STARTING,    /* starting up or shutting down */
	SIGNATURE_CRASH,       /* the process ended by itself */
	SIGNATURE_SERVER,      /* a server says that it cannot serve */
	SIGNATURE_THROTTLED,   /* asked more often than it is granted */
	SIGNATURE_PROXY,       /* the proxy on the way out comes no further */
	SIGNATURE_UPSTREAM,    /* a hop answers for those behind it */
	SIGNATURE_OBSERVER,    /* the check itself did not run */
	SIGNATURE_SILENT,      /* it was connected, and no answer came */
	SIGNATURE_COUNT
};

/* A phrase.  '%' stands for the object, which ends before the next character
 * of the phrase (at its end: before white space, quotes, ',' or ';'); '*' for
 * anything.  Letters match whatever their case. */
struct signature_row {
	const char *runtime; /* who writes it: "python", "postgres" */
	const char *phrase;
	enum signature signature;
};

extern const struct signature_row signature_table[], signature_stores[],
    signature_services[];
extern const size_t signature_table_n, signature_stores_n, signature_services_n;

#define SIGNATURE_OBJECT_BYTES 128
struct signature_found {
	enum signature signature;
	const char *runtime; /* borrowed for ever; "" when unknown */
	/* What is missing, refused or unreachable: a module, a variable, an
	 * address; "" when the phrase names none. */
	char object[SIGNATURE_OBJECT_BYTES];
};

/* Classifies n bytes of text; the phrase that begins first wins, the longer
 * of two that begin together.  One that says only that something did not come,
 * or did not stay, gives way to one behind it that says why. */
void signature_find(struct signature_found *out, const char *text, size_t n);

/* "module", "setting"; borrowed for ever. */
const char *signature_name(enum signature signature);

/* Equal for texts that differ only in numbers, hexadecimal ids, UUIDs, times,
 * paths and white space; 0 for a text without a letter. */
uint64_t signature_fingerprint(const char *text, size_t n);

#endif
