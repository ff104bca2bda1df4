/*
 * notice_json.h - one word about one alert, in our own JSON (docs/alerts.md).
 */
#ifndef COLLECTOR_ALERT_NOTICE_JSON_H
#define COLLECTOR_ALERT_NOTICE_JSON_H

#include <jansson.h>

#include "collector/alert/notice.h"

/* What is known of an alert; owned by the caller. */
json_t *notice_alert(const struct alert *alert, int64_t now_ms);

/* "firing", "quiet" (nothing is open, and it is not over yet), "resolved". */
const char *notice_state(const struct alert *alert);

#endif
