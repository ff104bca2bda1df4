/*
 * sqlite_code.h - what a result code of SQLite means in our words.
 */
#ifndef PROTO_SQLITE_CODE_H
#define PROTO_SQLITE_CODE_H

#include "proto/base/err.h"

/* rc may be an extended code.  ERR_LIMIT: larger than SQLite takes.  Codes
 * that only a database of somebody else's making can give are ERR_CORRUPT. */
enum err_code sqlite_code(int rc);

#endif
