/*
 * fuzz_jsonl - lines from anywhere: refused with words, or written so that
 * reading and writing them again gives the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/jsonl.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct jsonl_parser *parser = jsonl_parser_new();
	struct text first = { 0 }, second = { 0 };
	struct err err = { 0 };
	struct line line, *copy;

	if (jsonl_parse(parser, &line, (const char *)bytes, n, &err) < 0) {
		assert(err.text[0] != '\0');
	} else {
		copy = line_copy(&line);
		jsonl_write(&first, &line);
		assert(jsonl_parse(parser, &line, first.bytes, first.n, &err) ==
		    0);
		jsonl_write(&second, &line);
		assert(strcmp(first.bytes, second.bytes) == 0);
		second.n = 0;
		jsonl_write(&second, copy);
		assert(strcmp(first.bytes, second.bytes) == 0);
		free(copy);
	}
	text_fini(&first);
	text_fini(&second);
	jsonl_parser_free(parser);
	return 0;
}
