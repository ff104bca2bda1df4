#include <string.h>

#include "collector/diagnose/exercise.h"
#include "collector/diagnose/look.h"
#include "collector/diagnose/replica.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

#define MOST_OF      2 /* so many times what all others have */
#define KIN_BYTES    3 /* a shorter name is part of too many words */
#define LATER_MS     INT64_C(60000) /* than what it follows, at most seen */
#define OWN_PERCENT  50 /* of the application's growth without a release */
#define LOCK_PERCENT 60

/* Whose sessions they are. */
enum whose { NOBODY_KNOWS, OWN, OTHERS };

/* How much more there is than was usual, and of whom. */
struct growth {
	int32_t own, others, usual, now;
	int64_t since_ms; /* of the greater part */
	const char *who;  /* has the most of it; NULL */
	bool knows_own;   /* who the application is, is known */
	const struct scene_view *view;
};

/* --- who the application is ------------------------------------------------------- */

/* Is one name part of the other? */
static bool
are_kin(const char *a, const char *b)
{
	return strlen(a) >= KIN_BYTES && strlen(b) >= KIN_BYTES &&
	    (strcasestr(a, b) != NULL || strcasestr(b, a) != NULL);
}

/* The only application that uses a server; NULL when there are several. */
static const char *
only_user(const struct scene *scene, const char *server)
{
	const char *user = NULL;

	for (size_t i = 0; i < scene->n_services; i++) {
		const char *name = scene->services[i].name;

		if (!node_needs(scene, name, server) ||
		    !node_is_application(scene, name))
			continue;
		/* Who reaches it through another is no user of its own. */
		if (user != NULL && node_needs(scene, name, user))
			continue;
		if (user != NULL && !node_needs(scene, user, name))
			return NULL;
		user = name;
	}
	return user;
}

/* Who had the most sessions while all was well, and more than half. */
static const struct scene_holder *
usual_tenant(const struct scene_view *view)
{
	const struct scene_holder *most = NULL;
	int32_t sum = 0;

	for (size_t i = 0; i < view->n_holders; i++) {
		const struct scene_holder *holder = &view->holders[i];

		if (holder->name[0] == '\0')
			continue;
		sum += holder->usual;
		if (most == NULL || holder->usual > most->usual)
			most = holder;
	}
	return most != NULL && most->usual * 2 > sum ? most : NULL;
}

static bool
is_named_own(const struct look *look, const struct scene_view *view)
{
	const char *service =
	    chain_sufferer(look->chain, look->scene, look->break_);

	for (size_t i = 0; service != NULL && i < view->n_holders; i++)
		if (are_kin(view->holders[i].name, service))
			return true;
	return false;
}

/* By its name, else as the one that is always there when only one application
 * uses the server. */
static bool
is_own(const struct look *look, const struct scene_view *view,
    const struct scene_holder *holder)
{
	const char *service =
	    chain_sufferer(look->chain, look->scene, look->break_);
	const struct scene_holder *tenant;

	if (service == NULL || holder->name[0] == '\0')
		return false;
	if (is_named_own(look, view))
		return are_kin(holder->name, service);
	tenant = usual_tenant(view);
	return tenant != NULL &&
	    only_user(look->scene, node_target(look->break_)) != NULL &&
	    (tenant == holder || replica_are_alike(tenant->name, holder->name));
}

/* --- who grew --------------------------------------------------------------------------- */

/* What a check that logs in as the application counts of its own role. */
static void
take_own_role(struct growth *out, const struct look *look,
    const struct scene_holder *holder, int32_t more)
{
	int32_t rest = out->own + out->others - more;

	if (!node_is_application(look->scene, out->view->series->service) ||
	    holder->usual == 0)
		return;
	out->knows_own = true;
	if (more <= out->own)
		return;
	out->own = more;
	out->others = rest > 0 ? rest : 0;
}

static void
measure(
    struct growth *out, const struct look *look, const struct scene_view *view)
{
	const struct scene_holder *role = NULL;
	int32_t most = 0;

	*out = (struct growth){ .view = view };
	for (size_t i = 0; i < view->n_holders; i++) {
		const struct scene_holder *holder = &view->holders[i];
		int32_t more = holder->now - holder->usual;
		bool own = is_own(look, view, holder);

		if (holder->name[0] == '\0') {
			role = holder;
			continue;
		}
		out->knows_own |= own;
		out->usual += holder->usual;
		out->now += holder->now;
		if (holder->grew_ms == 0)
			continue;
		if (own)
			out->own += more;
		else
			out->others += more;
		if (more > most) {
			most = more;
			out->who = holder->name;
			out->since_ms = holder->grew_ms;
		}
	}
	if (role != NULL && role->grew_ms != 0)
		take_own_role(out, look, role, role->now - role->usual);
}

static enum whose
whose(const struct growth *growth)
{
	if (growth->who == NULL || !growth->knows_own)
		return NOBODY_KNOWS;
	if (growth->own >= growth->others * MOST_OF)
		return OWN;
	return growth->others >= growth->own * MOST_OF ? OTHERS : NOBODY_KNOWS;
}

/* Of those who count the sessions of what broke, who saw the most. */
static bool
find_growth(struct growth *out, const struct look *look)
{
	bool found = false;

	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *node = &look->chain->nodes[i];
		struct growth growth;

		if (node->view->n_holders == 0 ||
		    !text_same(node_target(node), node_target(look->break_)))
			continue;
		measure(&growth, look, node->view);
		if (found && (growth.now < out->now || growth.who == NULL))
			continue;
		*out = growth;
		found = true;
	}
	return found && out->who != NULL;
}

/* --- what that says ------------------------------------------------------------------------ */

/* That all logins fail, whoever's, and that it is full as others see it, follows
 * from it and tells nobody apart. */
static void
entail_others(const struct look *look)
{
	for (size_t i = 0; i < look->out->n; i++) {
		struct finding *finding = &look->out->list[i];

		if (finding->weight.token == TOKEN_BOTH_FAIL ||
		    finding->weight.token == TOKEN_VANTAGE_FAIL ||
		    (finding->weight.token == TOKEN_SATURATED &&
			finding->view != NULL &&
			finding->view->told->reason == REASON_EXHAUSTED))
			finding->weight.entailed = true;
	}
}

/* What the application's growth follows, and no later than it was seen. */
static const struct suspect *
leads_to(const struct look *look, const struct growth *growth,
    enum change_class class)
{
	const struct suspect *suspect = suspects_find(look->suspects, class);

	return suspect != NULL &&
		growth->since_ms + LATER_MS >= suspect->change->from_ms
	    ? suspect
	    : NULL;
}

static void
add_growth(const struct look *look, const struct growth *growth)
{
	bool own = whose(growth) == OWN;
	const struct suspect *size =
	    own ? leads_to(look, growth, CHANGE_INPUT) : NULL;
	const struct suspect *release =
	    own ? leads_to(look, growth, CHANGE_RELEASE) : NULL;
	struct finding *finding;

	if (size != NULL && !suspect_is_size(size->change->name))
		size = NULL;
	finding = look_add(look,
	    size != NULL ? TOKEN_ENLARGED
		: own    ? TOKEN_LEAK
			 : TOKEN_TENANT,
	    own && size == NULL && release == NULL ? OWN_PERCENT : 100,
	    note(look->arena,
		"%s: %d sessions, were %d; more since %s are of %s%s",
		look_place(look, growth->view), (int)growth->now,
		(int)growth->usual, note_clock(look->arena, growth->since_ms),
		growth->who,
		size != NULL          ? ", which may have more than before"
		    : release != NULL ? ", which was released before"
		    : own             ? ", the application"
				      : ", not of the application"));
	finding->view = growth->view;
	finding->change = size != NULL ? size->change
	    : release != NULL          ? release->change
				       : NULL;
}

/* Who holds what others wait for owns the waiting. */
static void
find_blocker(const struct look *look)
{
	const char *service =
	    chain_sufferer(look->chain, look->scene, look->break_);

	for (size_t i = 0; i < look->chain->n_failing; i++) {
		const struct scene_view *view = look->chain->failing[i]->view;
		const char *blocker = told_text(view->told, "blocker");
		struct finding *finding;
		bool own;

		if (blocker[0] == '\0' || service == NULL)
			continue;
		own = are_kin(blocker, service);
		finding = look_add(look, own ? TOKEN_LEAK : TOKEN_TENANT,
		    LOCK_PERCENT,
		    note(look->arena, "%s holds what others wait for, %s (%s)",
			blocker,
			own ? "the application itself" : "not the application",
			look_place(look, view)));
		finding->view = view;
		return;
	}
}

void
look_at_owner(const struct look *look)
{
	struct growth growth = { 0 };

	if (look->break_->token == TOKEN_BREAK_LOCK)
		find_blocker(look);
	if (!exercise_is_of_slots(look->break_))
		return;
	entail_others(look);
	if (find_growth(&growth, look) && whose(&growth) != NOBODY_KNOWS)
		add_growth(look, &growth);
}
