/*
 * schema.h - the migrations of each engine, embedded when building.
 *
 * Element i takes a database of version i to version i + 1; NULL ends.
 */
#ifndef STORAGE_SCHEMA_H
#define STORAGE_SCHEMA_H

extern const char *const schema_sqlite[];

#endif
