/*
 * fuzz.h - the one function of a libFuzzer program.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Called with one input after the other; anything but returning 0, and any
 * finding of the sanitizers, is a fault. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
