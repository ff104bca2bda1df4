/* Events from a publisher to subscribers, on real sockets of nng. */
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/rpc.h"
#include "tests/support/loop.h"

#define ADDRESS "inproc://test/events"
#define TICK_MS 5
#define LAST    500

static const struct hearing {
	const char *name, *prefix, *topic;
	bool heard;
} hearings[] = {
	{ "an event of the wanted environment is heard", "staging/",
	    "staging/result/backend/db", true },
	{ "without a prefix everything is heard", "",
	    "production/change/backend/build", true },
	{ "an event of another environment is not heard", "staging/",
	    "production/result/backend/db", false },
	{ "a prefix is not cut at its end", "staging/", "staging", false },
};

struct scene {
	uv_loop_t loop;
	uv_timer_t tick;
	struct rpc_publisher *publisher;
	struct rpc_subscriber *subscriber;
	const char *topic;
	uint32_t last; /* number of the last payload heard */
	bool heard_ready, heard_topic, heard_end, closed;
	uint32_t gaps;
};

/* "ready" is published until it is heard, as the two need a moment to meet;
 * what is published after it arrives, or is not wanted. */
static void
on_tick(uv_timer_t *timer)
{
	struct scene *scene = timer->data;

	rpc_publisher_send(scene->publisher, "staging/ready", NULL, 0);
	rpc_publisher_send(scene->publisher, "ready", NULL, 0);
}

static void
on_event(void *arg, const char *topic, const void *payload, size_t n)
{
	struct scene *scene = arg;
	uint32_t number;

	if (strstr(topic, "ready") != NULL) {
		assert_int_equal(n, 0);
		scene->heard_ready = true;
		return;
	}
	if (strcmp(topic, "staging/end") == 0) {
		scene->heard_end = true;
		return;
	}
	assert_string_equal(topic, scene->topic);
	assert_int_equal(n, sizeof(number));
	memcpy(&number, payload, n);
	scene->heard_topic = true;
	scene->gaps += number != scene->last + 1;
	scene->last = number;
}

static void
scene_open(struct scene *scene, const char *prefix, const char *topic)
{
	struct err err;

	*scene = (struct scene){ .topic = topic };
	uv_loop_init(&scene->loop);
	assert_int_equal(
	    rpc_publisher_new(&scene->publisher, ADDRESS, &err), 0);
	assert_int_equal(rpc_subscriber_new(&scene->subscriber, &scene->loop,
			     ADDRESS, prefix, on_event, scene, &err),
	    0);
	uv_timer_init(&scene->loop, &scene->tick);
	scene->tick.data = scene;
	uv_timer_start(&scene->tick, on_tick, 0, TICK_MS);
	loop_until(&scene->loop, scene->heard_ready);
	uv_close((uv_handle_t *)&scene->tick, NULL);
}

static void
scene_close(struct scene *scene)
{
	rpc_subscriber_close(scene->subscriber, loop_on_done, &scene->closed);
	loop_drain(&scene->loop);
	assert_true(scene->closed);
	rpc_publisher_close(scene->publisher);
}

static void
test_hearing(void **state)
{
	const struct hearing *row = *state;
	struct scene scene;
	uint32_t one = 1;

	scene_open(&scene, row->prefix, row->topic);
	rpc_publisher_send(scene.publisher, row->topic, &one, sizeof(one));
	rpc_publisher_send(scene.publisher, "staging/end", NULL, 0);
	loop_until(&scene.loop, scene.heard_end);
	assert_int_equal(scene.heard_topic, row->heard);
	scene_close(&scene);
}

static void
in_order(struct scene *scene)
{
	for (uint32_t i = 1; i <= LAST; i++)
		rpc_publisher_send(
		    scene->publisher, scene->topic, &i, sizeof(i));
	loop_until(&scene->loop, scene->last == LAST);
	assert_int_equal(scene->gaps, 0);
	assert_int_equal(rpc_subscriber_dropped(scene->subscriber), 0);
}

static void
nobody_listens(struct scene *scene)
{
	uint32_t one = 1;

	rpc_subscriber_close(scene->subscriber, loop_on_done, &scene->closed);
	loop_until(&scene->loop, scene->closed);
	for (int i = 0; i < 100000; i++) /* far more than any queue holds */
		rpc_publisher_send(
		    scene->publisher, scene->topic, &one, sizeof(one));
	assert_int_equal(rpc_subscriber_new(&scene->subscriber, &scene->loop,
			     ADDRESS, "", on_event, scene, NULL),
	    0);
}

static const struct story {
	const char *name;
	void (*play)(struct scene *scene);
} stories[] = {
	{ "500 events arrive in their order", in_order },
	{ "publishing to nobody blocks nobody", nobody_listens },
};

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct scene scene;

	scene_open(&scene, "staging/", "staging/result/backend/db");
	row->play(&scene);
	scene_close(&scene);
}

int
main(void)
{
	return TABLE_RUN(hearings, test_hearing) +
	    TABLE_RUN(stories, test_story);
}
