#include "collector/detect/pace.h"

#define YEAR_MS      31557600000.0
#define ASSUMED_MS   60000.0
#define FIRST        4      /* times that are believed at once */
#define NEAR         1.01   /* a step this much longer is the same */
#define GAIN         1.05   /* how fast the usual step follows */
#define LEAST_VALUES 2000.0 /* however rarely they come */

void
pace_init(struct pace *pace)
{
	*pace = (struct pace){ .at_ms = PACE_NO_TIME };
}

/* Follows the median. */
void
pace_add(struct pace *pace, int64_t at_ms)
{
	double step;

	if (at_ms == PACE_NO_TIME)
		return;
	if (pace->at_ms != PACE_NO_TIME && at_ms > pace->at_ms) {
		step = (double)at_ms - (double)pace->at_ms;
		if (pace->n < FIRST) {
			pace->step_ms = step;
			pace->n++;
		} else if (step > pace->step_ms * NEAR) {
			pace->step_ms *= GAIN;
		} else if (step < pace->step_ms / NEAR) {
			pace->step_ms /= GAIN;
		}
	}
	pace->at_ms = at_ms;
}

double
pace_values(const struct pace *pace, double per_year)
{
	double step = pace->step_ms > 0 ? pace->step_ms : ASSUMED_MS;
	double values = YEAR_MS / step / per_year;

	return values > LEAST_VALUES ? values : LEAST_VALUES;
}
