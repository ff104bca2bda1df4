#include <stdio.h>
#include <string.h>

#include "collector/keep/derive.h"
#include "collector/diagnose/signature.h"

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
	[SIGNATURE_SERVER] = REASON_ANSWER,
	[SIGNATURE_THROTTLED] = REASON_ANSWER,
	[SIGNATURE_OBSERVER] = REASON_INTERNAL,
	[SIGNATURE_SILENT] = REASON_TIMEOUT,
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

	if (attribute->text != NULL)
		return reason_of_sqlstate(attribute->text);
	/* "53300" is a number to some. */
	snprintf(number, sizeof(number), "%05.0f", attribute->number);
	return reason_of_sqlstate(number);
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
