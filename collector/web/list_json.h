/*
 * list_json.h - what a page of a list has beside its rows.
 */
#ifndef COLLECTOR_WEB_LIST_JSON_H
#define COLLECTOR_WEB_LIST_JSON_H

#include <jansson.h>
#include <stdbool.h>

struct list_page {
	bool more;
	char next[48]; /* the cursor of the next page; "": this is the last */
};

/* Leaves out the first n rows of the list under this key. */
void list_json_skip(json_t *answer, const char *key, size_t n);

/* Adds "next" to an answer; null on the last page. */
void list_json_add(json_t *answer, const struct list_page *page);

#endif
