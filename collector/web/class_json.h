/*
 * class_json.h - the one word that /metrics takes from a verdict.
 */
#ifndef COLLECTOR_WEB_CLASS_JSON_H
#define COLLECTOR_WEB_CLASS_JSON_H

/* "env", owned by the caller; NULL when the document has none. */
char *class_json(const char *verdict);

#endif
