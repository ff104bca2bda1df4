/*
 * members.h - what an object of a document says, with something in its place
 * when it says nothing.
 */
#ifndef COLLECTOR_CLI_MEMBERS_H
#define COLLECTOR_CLI_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Borrowed from the object; "" for null. */
const char *member_text(const json_t *object, const char *key);
double member_number(const json_t *object, const char *key);   /* 0 */
uint64_t member_count(const json_t *object, const char *key);  /* 0 */
int64_t member_time_ms(const json_t *object, const char *key); /* 0 */
bool member_is(const json_t *object, const char *key, const char *text);

#endif
