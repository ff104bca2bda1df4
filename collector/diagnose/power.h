/*
 * power.h - decibels and ratios, in integers.
 *
 * So that every machine gives the same bits.
 */
#ifndef COLLECTOR_DIAGNOSE_POWER_H
#define COLLECTOR_DIAGNOSE_POWER_H

#include <stdint.h>

#define POWER_ONE   (UINT64_C(1) << 30)
#define POWER_LIMIT (UINT64_C(1) << 34) /* of a ratio's parts */

/* 10^(-x/100), x tenths of a decibel below one, in units of 1/POWER_ONE;
 * x >= 0. */
uint64_t power_of(int x);

/* Ten times the decimal logarithm of part / whole, in thousandths: 0 and
 * less.  0 < part <= whole < POWER_LIMIT. */
int power_milli_db(uint64_t part, uint64_t whole);

#endif
