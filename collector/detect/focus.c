#include "collector/detect/focus.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

void
focus_init(struct focus *focus)
{
	focus->count = 0;
}

static void
drop(struct focus *focus, uint32_t i)
{
	focus->count--;
	memmove(&focus->onsets[i], &focus->onsets[i + 1],
	    (focus->count - i) * sizeof(focus->onsets[0]));
}

/* The newest onset never wins again over the one before it, once the mean
 * since is no higher. */
static void
prune(struct focus *focus)
{
	while (focus->count > 0) {
		const struct onset *last = &focus->onsets[focus->count - 1];

		if (last->sum > 0 &&
		    (focus->count == 1 ||
			(double)last->sum * last[-1].n >
			    (double)last[-1].sum * last->n))
			return;
		focus->count--;
	}
}

void
focus_add(struct focus *focus, double value, uint32_t longest)
{
	for (uint32_t i = 0; i < focus->count; i++) {
		focus->onsets[i].n++;
		focus->onsets[i].sum += (float)value;
	}
	/* The expected number grows with the logarithm of the time, so this
	 * is rare; the second oldest is the least missed. */
	if (focus->count == FOCUS_ONSETS)
		drop(focus, 1);
	focus->onsets[focus->count++] = (struct onset){ 1, (float)value };
	prune(focus);
	if (focus->count > 0 && focus->onsets[0].n > longest)
		drop(focus, 0);
}

double
focus_evidence(uint32_t *out_n, const struct focus *focus, double least,
    focus_variance_fn *variance, const void *arg)
{
	double best = 0;

	*out_n = 0;
	for (uint32_t i = 0; i < focus->count; i++) {
		double n = focus->onsets[i].n, sum = focus->onsets[i].sum;
		double v = variance(arg, n), shift = least * sqrt(v), nats;

		if (sum >= shift * n)
			nats = sum * sum / (2 * n * v);
		else
			nats = (shift * sum - shift * shift * n / 2) / v;
		if (nats > best) {
			best = nats;
			*out_n = focus->onsets[i].n;
		}
	}
	return best;
}

double
focus_sum(const struct focus *focus, uint32_t n)
{
	for (uint32_t i = 0; i < focus->count; i++)
		if (focus->onsets[i].n == n)
			return focus->onsets[i].sum;
	return 0;
}
