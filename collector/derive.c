#include <stdio.h>
#include <string.h>

#include "collector/derive.h"
#include "collector/diagnose/signature.h"

/* The first row whose code the SQLSTATE begins with (PostgreSQL 15, appendix
 * A). */
static const struct sqlstate {
	const char *code;
	enum reason reason;
} sqlstates[] = {
	{ "28P01", REASON_PASSWORD },
	{ "28", REASON_ROLE },
	{ "3D000", REASON_DATABASE },
	{ "42501", REASON_PRIVILEGE },
	{ "42", REASON_SCHEMA },
	{ "53", REASON_EXHAUSTED },
	{ "57P01", REASON_STARTING },
	{ "57P03", REASON_STARTING },
	{ "57014", REASON_CANCELLED },
	{ "55P03", REASON_CANCELLED },
	{ "25006", REASON_READ_ONLY },
	{ "08", REASON_RESET },
	{ "", REASON_SQL },
};

static const enum reason of_signatures[SIGNATURE_COUNT] = {
	[SIGNATURE_UNKNOWN] = REASON_NONE,
	[SIGNATURE_MODULE] = REASON_MISSING,
	[SIGNATURE_FILE] = REASON_MISSING,
	[SIGNATURE_SETTING] = REASON_MISSING,
	[SIGNATURE_LOGIN] = REASON_PASSWORD,
	[SIGNATURE_GRANT] = REASON_PRIVILEGE,
	[SIGNATURE_NAME] = REASON_NXDOMAIN,
	[SIGNATURE_TIMEOUT] = REASON_TIMEOUT,
	[SIGNATURE_REFUSED] = REASON_REFUSED,
	[SIGNATURE_RESET] = REASON_RESET,
	[SIGNATURE_CERTIFICATE] = REASON_CERTIFICATE,
	[SIGNATURE_MEMORY] = REASON_EXHAUSTED,
	[SIGNATURE_DISK] = REASON_EXHAUSTED,
	[SIGNATURE_CONNECTIONS] = REASON_EXHAUSTED,
	[SIGNATURE_MIGRATION] = REASON_SCHEMA,
	[SIGNATURE_LOCK] = REASON_CANCELLED,
	[SIGNATURE_READ_ONLY] = REASON_READ_ONLY,
	[SIGNATURE_STARTING] = REASON_STARTING,
	[SIGNATURE_CRASH] = REASON_PROCESS,
};

static const struct attribute *
find(const struct result *result, const char *name)
{
	for (size_t i = 0; i < result->n_attributes; i++)
		if (strcmp(result->attributes[i].name, name) == 0)
			return &result->attributes[i];
	return NULL;
}

static enum reason
of_sqlstate(const struct attribute *attribute)
{
	char number[16];
	const char *code = attribute->text;
	size_t i = 0;

	if (code == NULL) { /* "53300" is a number to some */
		snprintf(number, sizeof(number), "%05.0f", attribute->number);
		code = number;
	}
	if (code[0] == '\0')
		return REASON_NONE;
	while (strncmp(sqlstates[i].code, code, strlen(sqlstates[i].code)) != 0)
		i++;
	return sqlstates[i].reason;
}

/* Does the attribute say anything but 0? */
static bool
is_set(const struct attribute *attribute)
{
	if (attribute == NULL)
		return false;
	if (attribute->text != NULL)
		return attribute->text[0] != '\0' &&
		    strcmp(attribute->text, "0") != 0;
	return attribute->number > 0 || attribute->number < 0;
}

enum reason
derive_reason(const struct result *result)
{
	const struct attribute *sqlstate = find(result, "sqlstate");
	struct signature_found found;

	if (result->outcome == OUTCOME_OK)
		return REASON_NONE;
	if (is_set(sqlstate))
		return of_sqlstate(sqlstate);
	if (is_set(find(result, "status")))
		return REASON_STATUS;
	if (result->censored)
		return REASON_TIMEOUT;
	signature_find(&found, result->message, strlen(result->message));
	if (of_signatures[found.signature] != REASON_NONE)
		return of_signatures[found.signature];
	return is_set(find(result, "exit")) ? REASON_ANSWER : REASON_NONE;
}
