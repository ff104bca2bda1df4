/*
 * schema_fields.h - short ways to write a key of the agent's configuration.
 *
 * For agent/schema*.c only.
 */
#ifndef AGENT_SCHEMA_FIELDS_H
#define AGENT_SCHEMA_FIELDS_H

#include <cyaml/cyaml.h>

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define REQUIRED CYAML_FLAG_DEFAULT

/* A text, a list and a mapping of its own, which NULL or 0 says are not
 * given. */
#define TEXT(key, flags, type, at) \
	CYAML_FIELD_STRING_PTR(key, flags, type, at, 0, CYAML_UNLIMITED)
#define LIST(key, type, at, count, entry)                                    \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | OPTIONAL, type, \
	    at, count, entry, 0, CYAML_UNLIMITED)
#define MAPPING(key, type, at, fields) \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, type, at, fields)

/* An entry of a list of texts. */
#define TEXT_ITEM                                                  \
	{                                                          \
		CYAML_VALUE_STRING(                                \
		    CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED), \
	}

#endif
