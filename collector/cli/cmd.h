/*
 * cmd.h - the commands of the program, one file each.
 */
#ifndef COLLECTOR_CLI_CMD_H
#define COLLECTOR_CLI_CMD_H

#include "collector/cli/arguments.h"

extern const struct command cmd_status, cmd_history, cmd_changes,
    cmd_regressions, cmd_watch, cmd_detect, cmd_diagnose, cmd_incidents,
    cmd_report, cmd_trend, cmd_timeline, cmd_diff, cmd_mark, cmd_sql, cmd_gate,
    cmd_guards, cmd_incident, cmd_guard, cmd_alerts, cmd_ack, cmd_silence;

/* What every command that asks one question ends with. */
#define CMD_EXITS                                              \
	"  0   answered\n"                                     \
	"  2   the command line or the request is not right\n" \
	"  3   the collector was not reached, did not answer or refused\n"

#endif
