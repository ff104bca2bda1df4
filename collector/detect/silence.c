#include "collector/detect/silence.h"

int64_t
silence_due_ms(const struct silence *silence)
{
	int64_t heartbeat_ms = silence->heartbeat_ms > 0 ? silence->heartbeat_ms
							 : SILENCE_DEFAULT_MS;

	return silence->heard_ms + SILENCE_HEARTBEATS * heartbeat_ms;
}

bool
silence_is_due(const struct silence *silence, int64_t now_ms)
{
	return now_ms >= silence_due_ms(silence);
}
