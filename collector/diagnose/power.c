#include <assert.h>

#include "collector/diagnose/power.h"

#define STEPS 100 /* of a power of ten */

/* 2^30 times 10^(-x/100), rounded. */
static const uint32_t powers[STEPS] = {
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

uint64_t
power_of(int x)
{
	uint64_t value;

	assert(x >= 0);
	if (x >= 9 * STEPS)
		return 0; /* less than a unit */
	value = powers[x % STEPS];
	for (int decade = x / STEPS; decade > 0; decade--)
		value /= 10;
	return value;
}

int
power_milli_db(uint64_t part, uint64_t whole)
{
	int x = 0, milli = 0;
	uint64_t ratio, above, below;

	assert(part > 0 && part <= whole && whole < POWER_LIMIT);
	for (; part * 10 <= whole; part *= 10)
		milli -= 10000;
	ratio = part * POWER_ONE / whole;
	while (power_of(x + 1) >= ratio)
		x++;
	/* Between two entries a straight line: less than 0.0003 dB off. */
	above = power_of(x);
	below = power_of(x + 1);
	return milli - 100 * x -
	    (int)((100 * (above - ratio) + (above - below) / 2) /
		(above - below));
}
