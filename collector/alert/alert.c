#include <stdlib.h>
#include <string.h>

#include "collector/alert/alert.h"
#include "proto/base/mem.h"

struct alert *
alert_new(uint64_t id, const char *environment)
{
	struct alert *alert = mem_zalloc(sizeof(*alert));

	alert->id = id;
	alert->environment = mem_strdup(environment);
	alert->version = 1;
	alert->is_dirty = true;
	return alert;
}

void
alert_text(char **of, const char *text)
{
	char *copy = mem_strdup(text);

	free(*of);
	*of = copy;
}

void
alert_cause_fini(struct alert_cause *cause)
{
	free(cause->class);
	free(cause->subject);
	free(cause->word);
	free(cause->owner);
	for (size_t i = 0; i < cause->n_advice; i++)
		free(cause->advice[i]);
	memset(cause, 0, sizeof(*cause));
}

static void
member_fini(struct alert_member *member)
{
	free(member->service);
	free(member->agent);
	free(member->subject);
	free(member->message);
}

static void
told_fini(struct alert_told *told)
{
	free(told->receiver);
	free(told->service);
	free(told->class);
}

void
alert_free(struct alert *alert)
{
	if (alert == NULL)
		return;
	for (size_t i = 0; i < alert->n_members; i++)
		member_fini(&alert->members[i]);
	for (size_t i = 0; i < alert->n_told; i++)
		told_fini(&alert->told[i]);
	alert_cause_fini(&alert->cause);
	free(alert->members);
	free(alert->told);
	free(alert->environment);
	free(alert->acked_by);
	free(alert);
}

struct alert_told *
alert_told_find(const struct alert *alert, const char *receiver)
{
	for (size_t i = 0; i < alert->n_told; i++)
		if (strcmp(alert->told[i].receiver, receiver) == 0)
			return &alert->told[i];
	return NULL;
}

struct alert_told *
alert_told_of(struct alert *alert, const char *receiver)
{
	struct alert_told *told = alert_told_find(alert, receiver);

	if (told != NULL)
		return told;
	alert->told =
	    mem_resize(alert->told, alert->n_told + 1, sizeof(*alert->told));
	told = &alert->told[alert->n_told++];
	*told = (struct alert_told){ .receiver = mem_strdup(receiver) };
	return told;
}

struct alert_member *
alert_add(struct alert *alert, const struct alert_member *member)
{
	struct alert_member *copy;

	alert->members = mem_resize(
	    alert->members, alert->n_members + 1, sizeof(*alert->members));
	copy = &alert->members[alert->n_members++];
	*copy = *member;
	copy->service = mem_strdup(member->service);
	copy->agent = mem_strdup(member->agent);
	copy->subject = mem_strdup(member->subject);
	copy->message = mem_strdup(member->message);
	return copy;
}

bool
alert_is_critical(const struct alert *alert)
{
	for (size_t i = 0; i < alert->n_members; i++)
		if (alert->members[i].is_critical)
			return true;
	return false;
}

bool
alert_is_acked(const struct alert *alert, int64_t now_ms)
{
	return alert->acked_by != NULL &&
	    (alert->acked_until_ms == 0 || now_ms < alert->acked_until_ms);
}

const char *
alert_service(const struct alert *alert)
{
	return alert->n_members > 0 ? alert->members[0].service : "";
}

bool
alert_touches(const struct alert *alert, const char *service)
{
	for (size_t i = 0; i < alert->n_members; i++)
		if (strcmp(alert->members[i].service, service) == 0)
			return true;
	return false;
}

const char *
alert_class(const struct alert *alert)
{
	return alert->cause.class != NULL ? alert->cause.class : "undetermined";
}

/* --- all of them ------------------------------------------------------------ */

struct alert *
alert_book_find(const struct alert_book *book, uint64_t id)
{
	/* The newest first: a regression may have been in one before. */
	for (size_t i = book->n; i > 0; i--) {
		struct alert *alert = book->list[i - 1];

		if (alert->id == id)
			return alert;
		for (size_t k = 0; k < alert->n_members; k++)
			if (alert->members[k].id == id)
				return alert;
	}
	return NULL;
}

bool
alert_book_add(struct alert_book *book, struct alert *alert)
{
	size_t i = book->n;

	if (book->n == ALERTS_MAX) {
		book->n_untold++;
		alert_free(alert);
		return false;
	}
	for (; i > 0 && book->list[i - 1]->id > alert->id; i--)
		book->list[i] = book->list[i - 1];
	book->list[i] = alert;
	book->n++;
	return true;
}

void
alert_book_remove(struct alert_book *book, size_t i)
{
	alert_free(book->list[i]);
	book->n--;
	memmove(&book->list[i], &book->list[i + 1],
	    (book->n - i) * sizeof(book->list[0]));
}

void
alert_book_fini(struct alert_book *book)
{
	while (book->n > 0)
		alert_book_remove(book, book->n - 1);
}
