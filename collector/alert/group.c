#include <stdlib.h>
#include <string.h>

#include "collector/alert/group.h"
#include "proto/base/mem.h"

static const struct regression_row *
row_of(const struct group_view *view, uint64_t id)
{
	for (size_t i = 0; i < view->n_open; i++)
		if (view->open[i]->id == id)
			return view->open[i];
	return NULL;
}

static bool
counts(const struct regression_row *row)
{
	return !row->late && row->severity != OUTCOME_OK;
}

static bool
is_here(const struct alert *alert, const struct group_view *view)
{
	return strcmp(alert->environment, view->environment) == 0;
}

static bool
is_same_cause(const struct alert_cause *a, const struct alert_cause *b)
{
	return a != NULL && b != NULL && a->class != NULL && b->class != NULL &&
	    a->subject != NULL && b->subject != NULL &&
	    strcmp(a->class, b->class) == 0 &&
	    strcmp(a->subject, b->subject) == 0;
}

/* --- what is known already ---------------------------------------------- */

static void
look_again(struct alert *alert, const struct group_view *view)
{
	for (size_t i = 0; i < alert->n_members; i++) {
		struct alert_member *member = &alert->members[i];
		const struct regression_row *row = row_of(view, member->id);
		bool is_open = row != NULL && counts(row);

		alert->is_dirty |= member->is_open != is_open;
		member->is_open = is_open;
		if (row == NULL || member->is_critical ||
		    row->severity != OUTCOME_CRITICAL)
			continue;
		if (!alert_is_critical(alert))
			alert->version++; /* it has become worse */
		member->is_critical = true;
		alert->is_dirty = true;
	}
}

static bool
is_member(
    const struct alert_book *book, const struct group_view *view, uint64_t id)
{
	const struct alert *alert = alert_book_find(book, id);

	return alert != NULL && is_here(alert, view) && alert->closed_ms == 0;
}

/* --- what is new -------------------------------------------------------- */

static struct alert_member *
same_member(const struct alert *alert, const struct regression_row *row)
{
	for (size_t i = 0; i < alert->n_members; i++) {
		struct alert_member *member = &alert->members[i];

		if (!member->is_open && member->kind == (int)row->kind &&
		    strcmp(member->service, row->service) == 0 &&
		    strcmp(member->agent, row->agent) == 0 &&
		    strcmp(member->subject, row->subject) == 0)
			return member;
	}
	return NULL;
}

static void
reopen(struct alert *alert, const struct group_view *view)
{
	alert->n_relapses++;
	alert->is_dirty = true;
	if (alert->closed_ms == 0)
		return;
	alert->closed_ms = 0;
	alert->opened_ms = view->now_ms;
	alert->version++;
	alert_text(&alert->acked_by, NULL); /* of what was then */
}

/* It is there again: the member is this row from now on. */
static bool
come_back(const struct alert_book *book, const struct group_view *view,
    const struct regression_row *row)
{
	for (size_t i = book->n; i > 0; i--) {
		struct alert *alert = book->list[i - 1];
		struct alert_member *member;

		if (!is_here(alert, view) ||
		    (alert->closed_ms != 0 &&
			view->now_ms - alert->closed_ms > GROUP_RELAPSE_MS))
			continue;
		member = same_member(alert, row);
		if (member == NULL)
			continue;
		if (alert->quiet_ms != 0)
			reopen(alert, view);
		member->id = row->id;
		member->is_open = true;
		member->is_critical |= row->severity == OUTCOME_CRITICAL;
		alert_text(&member->message, row->message);
		alert->quiet_ms = 0;
		alert->is_dirty = true;
		return true;
	}
	return false;
}

/* The open alert that this is a part of, or NULL. */
static struct alert *
alert_for(const struct alert_book *book, const struct group_view *view)
{
	for (size_t i = book->n; i > 0; i--) {
		struct alert *alert = book->list[i - 1];

		if (!is_here(alert, view) || alert->closed_ms != 0)
			continue;
		if (view->now_ms - alert->opened_ms < GROUP_JOIN_MS ||
		    is_same_cause(&alert->cause, view->cause))
			return alert;
	}
	return NULL;
}

static struct alert *
begin(struct alert_book *book, const struct group_view *view,
    const struct regression_row *row)
{
	struct alert *alert = alert_new(row->id, view->environment);

	alert->onset_ms = row->onset_to_ms;
	alert->opened_ms = view->now_ms;
	return alert_book_add(book, alert) ? alert : NULL;
}

static void
join(struct alert *alert, const struct regression_row *row)
{
	const struct alert_member member = {
		.id = row->id,
		.kind = (int)row->kind,
		.service = (char *)(uintptr_t)row->service,
		.agent = (char *)(uintptr_t)row->agent,
		.subject = (char *)(uintptr_t)row->subject,
		.message = (char *)(uintptr_t)row->message,
		.is_critical = row->severity == OUTCOME_CRITICAL,
		.is_open = true,
	};
	bool is_news = !alert_touches(alert, row->service) ||
	    (member.is_critical && !alert_is_critical(alert));

	/* The rest is told with the next alert, if it is still open then. */
	if (alert->n_members == ALERT_MEMBERS_MAX)
		return;
	alert_add(alert, &member);
	alert->version += is_news && alert->n_told > 0;
	alert->quiet_ms = 0;
	alert->is_dirty = true;
	if (row->onset_to_ms < alert->onset_ms)
		alert->onset_ms = row->onset_to_ms;
}

/* --- the verdict -------------------------------------------------------- */

static bool
is_red(const struct alert *alert, const struct group_view *view)
{
	return is_here(alert, view) && alert->closed_ms == 0 &&
	    alert->quiet_ms == 0;
}

/* Whom the verdict is about: the one that it was about before, else the
 * youngest of those that are red. */
static struct alert *
judged(const struct alert_book *book, const struct group_view *view)
{
	struct alert *youngest = NULL;

	for (size_t i = 0; i < book->n; i++) {
		struct alert *alert = book->list[i];

		if (!is_red(alert, view))
			continue;
		if (is_same_cause(&alert->cause, view->cause))
			return alert;
		youngest = alert;
	}
	return youngest;
}

static void
copy_cause(struct alert_cause *out, const struct alert_cause *cause)
{
	alert_cause_fini(out);
	*out = *cause;
	out->class = mem_strdup(cause->class);
	out->subject = mem_strdup(cause->subject);
	out->word = mem_strdup(cause->word);
	out->owner = mem_strdup(cause->owner);
	for (size_t i = 0; i < cause->n_advice; i++)
		out->advice[i] = mem_strdup(cause->advice[i]);
}

static bool
is_verdict(const struct alert_cause *cause)
{
	return cause != NULL && cause->class != NULL &&
	    strcmp(cause->class, "none") != 0;
}

/* "none" is said while results are not yet bad enough for it, or good again
 * before the regression has cleared: it takes nothing back. */
static void
judge(const struct alert_book *book, const struct group_view *view)
{
	struct alert *alert = judged(book, view);

	if (alert == NULL || view->cause == NULL)
		return;
	alert->is_dirty |= alert->judged_ms == 0;
	alert->judged_ms = view->now_ms;
	if (!is_verdict(view->cause))
		return;
	if (!is_same_cause(&alert->cause, view->cause)) {
		alert->version += alert->n_told > 0;
		alert->is_dirty = true;
	}
	copy_cause(&alert->cause, view->cause);
}

/* --- all together ------------------------------------------------------- */

static void
notice_quiet(struct alert *alert, const struct group_view *view)
{
	bool is_open = false;

	for (size_t i = 0; i < alert->n_members; i++)
		is_open |= alert->members[i].is_open;
	if (is_open == (alert->quiet_ms == 0))
		return;
	alert->quiet_ms = is_open ? 0 : view->now_ms;
	alert->is_dirty = true;
}

void
group_look(struct alert_book *book, const struct group_view *view)
{
	for (size_t i = 0; i < book->n; i++)
		if (is_here(book->list[i], view) &&
		    book->list[i]->closed_ms == 0)
			look_again(book->list[i], view);
	for (size_t i = 0; i < view->n_open; i++) {
		const struct regression_row *row = view->open[i];
		struct alert *alert;

		if (!counts(row) || is_member(book, view, row->id) ||
		    come_back(book, view, row))
			continue;
		alert = alert_for(book, view);
		if (alert == NULL)
			alert = begin(book, view, row);
		if (alert != NULL)
			join(alert, row);
	}
	for (size_t i = 0; i < book->n; i++)
		if (is_here(book->list[i], view) &&
		    book->list[i]->closed_ms == 0)
			notice_quiet(book->list[i], view);
	judge(book, view);
}

int64_t
group_hold_ms(const struct alert *alert, int64_t resolve_after_ms)
{
	int64_t hold_ms = resolve_after_ms;

	for (uint32_t i = 0; i < alert->n_relapses; i++) {
		if (hold_ms >= GROUP_HOLD_MAX_MS / 2)
			return hold_ms > GROUP_HOLD_MAX_MS ? hold_ms
							   : GROUP_HOLD_MAX_MS;
		hold_ms *= 2;
	}
	return hold_ms;
}

bool
group_close(struct alert_book *book, int64_t resolve_after_ms, int64_t now_ms)
{
	bool is_any = false;

	for (size_t i = 0; i < book->n; i++) {
		struct alert *alert = book->list[i];

		if (alert->closed_ms != 0 || alert->quiet_ms == 0 ||
		    now_ms - alert->quiet_ms <
			group_hold_ms(alert, resolve_after_ms))
			continue;
		alert->closed_ms = now_ms;
		alert->is_dirty = true;
		is_any = true;
	}
	return is_any;
}

bool
group_is_done(const struct alert *alert, int64_t now_ms)
{
	if (alert->closed_ms == 0 ||
	    now_ms - alert->closed_ms <= GROUP_RELAPSE_MS)
		return false;
	if (now_ms - alert->closed_ms > GROUP_FORGET_MS)
		return true;
	for (size_t i = 0; i < alert->n_told; i++)
		if (alert->told[i].is_firing)
			return false;
	return true;
}
