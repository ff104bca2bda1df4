#include "collector/ask/draft_rows.h"

void
draft_place(struct draft *draft, const char *environment, const char *service)
{
	draft_text(draft, "environment", environment);
	draft_text(draft, "service", service);
}

void
draft_change(struct draft *draft, const struct change_row *row)
{
	draft_open(draft, NULL, '{');
	draft_place(draft, row->environment, row->service);
	draft_text(draft, "name", row->name);
	draft_text(draft, "source", source_name(row->source));
	draft_text(draft, "agent", row->agent);
	draft_time(draft, "old_last_seen", row->after_ms);
	draft_time(draft, "new_first_seen", row->before_ms);
	draft_text(draft, "old", row->before);
	draft_text(draft, "new", row->after);
	draft_close(draft, '}');
}

void
draft_regression(struct draft *draft, const struct regression_row *row)
{
	draft_open(draft, NULL, '{');
	draft_count(draft, "id", row->id);
	draft_text(draft, "kind", regression_kind_name(row->kind));
	draft_place(draft, row->environment, row->service);
	draft_text(draft, "agent", row->agent);
	draft_text(draft, "subject", row->subject);
	draft_text(draft, "severity", outcome_name(row->severity));
	draft_time(draft, "onset_from", row->onset_from_ms);
	draft_time(draft, "onset_to", row->onset_to_ms);
	draft_time(draft, "detected", row->detected_ms);
	draft_time(draft, "cleared", row->cleared_ms);
	draft_flag(draft, "open", row->cleared_ms == 0);
	draft_flag(draft, "late", row->late);
	draft_text(draft, "old", row->before);
	draft_text(draft, "new", row->after);
	draft_text(draft, "message", row->message);
	draft_close(draft, '}');
}

void
draft_mark(struct draft *draft, const struct mark *mark)
{
	draft_open(draft, NULL, '{');
	draft_time(draft, "at", mark->at_ms);
	draft_place(draft, mark->environment, mark->service);
	draft_text(draft, "kind", mark_kind_name(mark->kind));
	draft_text(draft, "subject", mark->subject);
	draft_text(draft, "summary", mark->summary);
	draft_text(draft, "by", mark_by(mark));
	draft_close(draft, '}');
}
