#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "collector/diagnose/power.h"
#include "collector/diagnose/score.h"

void
score_probabilities(int out_permyriad[BLAME_COUNT], const int db10[BLAME_COUNT])
{
	uint64_t terms[BLAME_COUNT], sum = 0;
	int most = db10[0];

	for (int i = 1; i < BLAME_COUNT; i++)
		if (db10[i] > most)
			most = db10[i];
	for (int i = 0; i < BLAME_COUNT; i++) {
		terms[i] = power_of(most - db10[i]);
		sum += terms[i];
	}
	for (int i = 0; i < BLAME_COUNT; i++)
		out_permyriad[i] =
		    (int)((9500 * terms[i] + sum / 2) / sum) + 500 / 6;
}

/* How much a finding could move: the distance between what it says for the
 * class it favours and for the one it does not. */
static int
strength(const struct weight *weight)
{
	int most = weight->full[0], least = weight->full[0];

	for (int i = 1; i < BLAME_COUNT; i++) {
		if (weight->full[i] > most)
			most = weight->full[i];
		if (weight->full[i] < least)
			least = weight->full[i];
	}
	return (most - least) * weight->percent;
}

/* How many findings of its family come before this one. */
static int
rank(const struct weight *weights, size_t n, size_t at)
{
	enum family family = token_row(weights[at].token)->family;
	int own = strength(&weights[at]), before = 0;

	for (size_t i = 0; i < n; i++) {
		int other = strength(&weights[i]);

		if (i == at || weights[i].entailed ||
		    token_row(weights[i].token)->family != family)
			continue;
		if (other > own || (other == own && i < at))
			before++;
	}
	return before;
}

/* What remains of a weight: full, half, nothing. */
static void
weigh(struct weight *weights, size_t n, size_t at)
{
	struct weight *weight = &weights[at];
	int place = weight->entailed ? 2 : rank(weights, n, at);

	for (int i = 0; i < BLAME_COUNT; i++) {
		int db10 = weight->full[i] * weight->percent / 100;

		weight->db10[i] = place == 0 ? db10 : place == 1 ? db10 / 2 : 0;
	}
}

void
score(struct score *out, struct weight *weights, size_t n,
    const struct experience *experience)
{
	memset(out, 0, sizeof(*out));
	experience_prior(out->prior, experience);
	experience_prior_db10(out->db10, experience);
	for (size_t i = 0; i < n; i++) {
		experience_row(weights[i].row, experience, weights[i].token);
		experience_row_db10(
		    weights[i].full, experience, weights[i].token);
	}
	for (size_t i = 0; i < n; i++) {
		assert(weights[i].percent >= 0 && weights[i].percent <= 100);
		weigh(weights, n, i);
		for (int k = 0; k < BLAME_COUNT; k++)
			out->db10[k] += weights[i].db10[k];
		out->decisive |= !weights[i].entailed &&
		    weights[i].percent > 0 &&
		    token_row(weights[i].token)->decisive;
	}
	score_probabilities(out->permyriad, out->db10);
	out->first = BLAME_APP;
	for (int i = 1; i < BLAME_COUNT; i++)
		if (out->db10[i] > out->db10[out->first])
			out->first = (enum blame)i;
	out->second = out->first == BLAME_APP ? BLAME_ENV : BLAME_APP;
	for (int i = 0; i < BLAME_COUNT; i++)
		if (i != (int)out->first &&
		    out->db10[i] > out->db10[out->second])
			out->second = (enum blame)i;
}
