#include "collector/detect/focus.h"

#include <math.h>
#include <string.h>

void
focus_init(struct focus *focus)
{
	memset(focus, 0, sizeof(*focus));
}

static void
drop(struct focus *focus, uint32_t i)
{
	uint32_t after = --focus->count - i;

	memmove(&focus->sums[i], &focus->sums[i + 1],
	    after * sizeof(focus->sums[0]));
	memmove(&focus->n[i], &focus->n[i + 1], after * sizeof(focus->n[0]));
}

/* The newest onset never wins again over the one before it, once the mean
 * since is no higher. */
static void
prune(struct focus *focus)
{
	while (focus->count > 0) {
		uint32_t last = focus->count - 1;
		double sum = (double)focus->sums[last];

		if (sum > 0 &&
		    (last == 0 ||
			sum * focus->n[last - 1] >
			    (double)focus->sums[last - 1] * focus->n[last]))
			return;
		focus->count--;
	}
}

void
focus_add(struct focus *focus, double value, uint32_t longest)
{
	/* All of them, the unused too, as that is a few vectors. */
	for (int i = 0; i < FOCUS_ONSETS; i++)
		focus->sums[i] += (float)value;
	for (int i = 0; i < FOCUS_ONSETS; i++)
		focus->n[i]++;
	if (value > 0) {
		/* The expected number grows with the logarithm of the time, so
		 * this is rare; the second oldest is the least missed. */
		if (focus->count == FOCUS_ONSETS)
			drop(focus, 1);
		focus->sums[focus->count] = (float)value;
		focus->n[focus->count++] = 1;
	}
	prune(focus);
	if (focus->count > 0 && focus->n[0] > longest)
		drop(focus, 0);
}

double
focus_evidence(uint32_t *out_n, const struct focus *focus, double least,
    double floor, const struct spread *spread)
{
	double best = 0;

	*out_n = 0;
	for (uint32_t i = 0; i < focus->count; i++) {
		uint32_t n = focus->n[i];
		double sum = (double)focus->sums[i], square = sum * sum;
		double v, shift, nats;

		/* No variance is smaller. */
		if (square <= 2 * floor * n * SPREAD_LEAST)
			continue;
		v = spread != NULL ? spread_of(spread, n) : 1;
		nats = square / (2 * n * v);
		if (square < least * least * v * n * n) {
			shift = least * sqrt(v);
			nats = (shift * sum - shift * shift * n / 2) / v;
		}
		if (nats > best && nats > floor) {
			best = nats;
			*out_n = n;
		}
	}
	return best;
}

double
focus_sum(const struct focus *focus, uint32_t n)
{
	for (uint32_t i = 0; i < focus->count; i++)
		if (focus->n[i] == n)
			return (double)focus->sums[i];
	return 0;
}
