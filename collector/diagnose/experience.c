#include <string.h>

#include "collector/diagnose/experience.h"
#include "collector/diagnose/power.h"

#define PRIOR_WORTH 20 /* incidents */
#define ROW_WORTH   8  /* of a class; both: docs/diagnosis.md */
#define WEIGHT_MAX  150
#define PERMILLE    1000

/* A probability. */
struct share {
	uint64_t part, whole;
};

uint32_t
experience_labelled(const struct experience *experience)
{
	uint32_t n = 0;

	for (int i = 0; i < BLAME_COUNT; i++)
		n += experience->labelled[i];
	return n;
}

uint32_t
experience_told(const struct experience *experience)
{
	uint32_t n = 0;

	for (int i = 0; i < BLAME_COUNT; i++)
		n += experience->told[i];
	return n;
}

void
experience_add(struct experience *experience, enum blame blame)
{
	if (experience_labelled(experience) < EXPERIENCE_MAX)
		experience->labelled[blame]++;
}

static bool
holds(const char *ids, const char *id)
{
	size_t n = strlen(id);

	while (*ids != '\0') {
		size_t word = strcspn(ids, " ");

		if (word == n && memcmp(ids, id, n) == 0)
			return true;
		ids += word + (ids[word] == ' ');
	}
	return false;
}

void
experience_add_findings(
    struct experience *experience, enum blame blame, const char *ids)
{
	if (experience_told(experience) >= EXPERIENCE_MAX)
		return;
	experience->told[blame]++;
	for (int token = 0; token < TOKEN_COUNT; token++)
		if (holds(ids, token_row((enum token)token)->id))
			experience->seen[token][blame]++;
}

static struct share
prior_of(const struct experience *experience, int class)
{
	uint64_t shipped = (uint64_t)token_prior_permille[class];

	return (struct share){
		PRIOR_WORTH * shipped +
		    (uint64_t)PERMILLE * experience->labelled[class],
		PERMILLE *
		    (PRIOR_WORTH + (uint64_t)experience_labelled(experience)),
	};
}

static struct share
row_of(const struct experience *experience, enum token token, int class)
{
	uint64_t shipped = (uint64_t)token_row(token)->permille[class];

	return (struct share){
		ROW_WORTH * shipped +
		    (uint64_t)PERMILLE * experience->seen[token][class],
		PERMILLE * (ROW_WORTH + (uint64_t)experience->told[class]),
	};
}

static int
permyriad_of(struct share share)
{
	return (int)((10000 * share.part + share.whole / 2) / share.whole);
}

/* Hundredths to whole ones, the half away from zero. */
static int
rounded(int hundredths)
{
	return (hundredths + (hundredths < 0 ? -50 : 50)) / 100;
}

void
experience_prior(
    int out_permyriad[BLAME_COUNT], const struct experience *experience)
{
	for (int i = 0; i < BLAME_COUNT; i++)
		out_permyriad[i] = permyriad_of(prior_of(experience, i));
}

void
experience_prior_db10(
    int out_db10[BLAME_COUNT], const struct experience *experience)
{
	for (int i = 0; i < BLAME_COUNT; i++) {
		struct share share = prior_of(experience, i);

		out_db10[i] = rounded(power_milli_db(share.part, share.whole));
	}
}

void
experience_row(int out_permyriad[BLAME_COUNT],
    const struct experience *experience, enum token token)
{
	for (int i = 0; i < BLAME_COUNT; i++)
		out_permyriad[i] = permyriad_of(row_of(experience, token, i));
}

void
experience_row_db10(int out_db10[BLAME_COUNT],
    const struct experience *experience, enum token token)
{
	int milli_db[BLAME_COUNT], sum = 0;

	for (int i = 0; i < BLAME_COUNT; i++) {
		struct share share = row_of(experience, token, i);

		milli_db[i] = power_milli_db(share.part, share.whole);
		sum += milli_db[i];
	}
	for (int i = 0; i < BLAME_COUNT; i++) {
		int db10 = rounded(milli_db[i] - sum / BLAME_COUNT);

		out_db10[i] = db10 > WEIGHT_MAX ? WEIGHT_MAX
		    : db10 < -WEIGHT_MAX        ? -WEIGHT_MAX
						: db10;
	}
}
