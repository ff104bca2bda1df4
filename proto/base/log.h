/*
 * log.h - one line on standard error for each thing worth telling.
 *
 * 2026-01-05T10:00:00.120Z info  uplink: connected to tcp://127.0.0.1:7000
 *
 * Only main, agent and collector log; everything else returns an err.  Lines
 * under systemd carry its priority prefix instead of time and level.  Control
 * characters in the text are replaced, so nobody can forge a line.
 */
#ifndef PROTO_BASE_LOG_H
#define PROTO_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* What is less important than level is dropped; info at first.  The level is
 * the one piece of state that is set once, in main, before threads start. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
