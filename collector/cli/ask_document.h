/*
 * ask_document.h - a question whose answer is a document.
 *
 * With --json the document is printed as it came; else the command makes a
 * page of it.
 */
#ifndef COLLECTOR_CLI_ASK_DOCUMENT_H
#define COLLECTOR_CLI_ASK_DOCUMENT_H

#include <jansson.h>

#include "collector/cli/ask.h"

/* What is asked about, as the command line says: place, span and limit. */
struct query_document
ask_about(const struct arguments *arguments, const char *question);

/* Sends it.  show adds to ask->page, and is not called with --json; exit_of,
 * which may be NULL, says what the answer makes of the exit code. */
typedef void ask_show_fn(struct ask *ask, const json_t *document);
typedef int ask_exit_fn(const json_t *document);
void ask_document(struct ask *ask, struct query_client *client,
    const struct query_document *request, ask_show_fn *show,
    ask_exit_fn *exit_of);

/* The same with an answer that has come; json NULL: status says why not. */
void ask_document_answered(struct ask *ask, const struct rpc_status *status,
    const char *json, ask_show_fn *show, ask_exit_fn *exit_of);

#endif
