#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "collector/diagnose/score.h"

/* 2^30 times 10^(-x/100), rounded. */
#define POWER_ONE (1u << 30)
static const uint32_t powers[100] = {
	1073741824u,
	1049300476u,
	1025415481u,
	1002074175u,
	979264182u,
	956973408u,
	935190034u,
	913902510u,
	893099549u,
	872770121u,
	852903448u,
	833488995u,
	814516469u,
	795975811u,
	777857189u,
	760150998u,
	742847849u,
	725938567u,
	709414188u,
	693265950u,
	677485290u,
	662063842u,
	646993429u,
	632266061u,
	617873928u,
	603809400u,
	590065020u,
	576633501u,
	563507720u,
	550680718u,
	538145694u,
	525896003u,
	513925148u,
	502226784u,
	490794706u,
	479622855u,
	468705306u,
	458036271u,
	447610092u,
	437421243u,
	427464319u,
	417734044u,
	408225256u,
	398932915u,
	389852093u,
	380977976u,
	372305858u,
	363831142u,
	355549334u,
	347456043u,
	339546978u,
	331817945u,
	324264847u,
	316883678u,
	309670525u,
	302621563u,
	295733055u,
	289001349u,
	282422875u,
	275994146u,
	269711752u,
	263572363u,
	257572723u,
	251709652u,
	245980041u,
	240380852u,
	234909116u,
	229561931u,
	224336464u,
	219229942u,
	214239660u,
	209362970u,
	204597287u,
	199940084u,
	195388892u,
	190941298u,
	186594943u,
	182347524u,
	178196787u,
	174140533u,
	170176611u,
	166302918u,
	162517402u,
	158818054u,
	155202914u,
	151670064u,
	148217632u,
	144843787u,
	141546739u,
	138324742u,
	135176087u,
	132099103u,
	129092161u,
	126153664u,
	123282056u,
	120475814u,
	117733450u,
	115053509u,
	112434572u,
	109875248u,
};

/* 10^(-x/100) for x >= 0, scaled by 2^30. */
static uint64_t
power(int x)
{
	uint64_t value;

	assert(x >= 0);
	if (x >= 900)
		return 0; /* less than a unit */
	value = powers[x % 100];
	for (int decade = x / 100; decade > 0; decade--)
		value /= 10;
	return value;
}

void
score_probabilities(int out_permyriad[BLAME_COUNT], const int db10[BLAME_COUNT])
{
	uint64_t terms[BLAME_COUNT], sum = 0;
	int most = db10[0];

	for (int i = 1; i < BLAME_COUNT; i++)
		if (db10[i] > most)
			most = db10[i];
	for (int i = 0; i < BLAME_COUNT; i++) {
		terms[i] = power(most - db10[i]);
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
	const struct token_row *row = token_row(weight->token);
	int most = row->db10[0], least = row->db10[0];

	for (int i = 1; i < BLAME_COUNT; i++) {
		if (row->db10[i] > most)
			most = row->db10[i];
		if (row->db10[i] < least)
			least = row->db10[i];
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
	const struct token_row *row = token_row(weight->token);
	int place = weight->entailed ? 2 : rank(weights, n, at);

	for (int i = 0; i < BLAME_COUNT; i++) {
		int db10 = row->db10[i] * weight->percent / 100;

		weight->db10[i] = place == 0 ? db10 : place == 1 ? db10 / 2 : 0;
	}
}

void
score(struct score *out, struct weight *weights, size_t n)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->db10, token_prior_db10, sizeof(out->db10));
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
