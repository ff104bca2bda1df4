/*
 * product.h - what sort of thing others use, by what it calls itself.
 *
 * Products have names that people keep: a service, a kind of probe, a variable
 * or an error text that has one of them speaks of such a thing.  No more than
 * a hint where somebody declared what a service is.
 */
#ifndef COLLECTOR_DIAGNOSE_PRODUCT_H
#define COLLECTOR_DIAGNOSE_PRODUCT_H

#include <stdbool.h>

enum product {
	PRODUCT_NONE,
	PRODUCT_DATABASE,
	PRODUCT_CACHE,
	PRODUCT_QUEUE,
	PRODUCT_SEARCH,
	PRODUCT_DIRECTORY,
	PRODUCT_IDENTITY,
	PRODUCT_MAIL,
	PRODUCT_OBJECTS,  /* object and file stores */
	PRODUCT_REGISTRY, /* secrets, coordination */
	PRODUCT_PROXY,
	PRODUCT_COUNT
};

/* "database", "queue"; "" for none.  Borrowed for ever. */
const char *product_kind(enum product product);

/* By a word of a name: "orders-db", "rabbit", "SMTP_HOST". */
enum product product_of_name(const char *name);

/* By the words of a driver, or of the server itself, in a text whose phrase is
 * one of runtime; runtime may be "". */
enum product product_of_text(const char *runtime, const char *text);

/* By the port at the end of an address, "10.1.2.3:5672". */
enum product product_of_address(const char *address);

#endif
