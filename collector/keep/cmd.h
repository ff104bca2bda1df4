/*
 * cmd.h - the commands of the collector that work on a store and end.
 *
 * Each takes its own arguments, argv[0] being its name, and returns the exit
 * code of the program: 0 done, 1 not done, 2 the command line, the
 * configuration or the input is wrong.  Complaints and progress go to
 * standard error.
 */
#ifndef COLLECTOR_KEEP_CMD_H
#define COLLECTOR_KEEP_CMD_H

enum { CMD_DONE = 0, CMD_FAILED = 1, CMD_WRONG = 2 };

/* FILE.jsonl --store STORE [--config FILE] */
int cmd_replay(int argc, char **argv);
int cmd_import(int argc, char **argv);

/* --store STORE [--output FILE] [--format jsonl|csv] [--environment NAME]
 * [--from TIME] [--to TIME] */
int cmd_export(int argc, char **argv);

/* --store STORE [--repair]; 1 also when something is damaged, which is told */
int cmd_verify(int argc, char **argv);

/* --store STORE FILE */
int cmd_backup(int argc, char **argv);

/* --store STORE */
int cmd_compact(int argc, char **argv);

#endif
