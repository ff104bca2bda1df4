#include <assert.h>
#include <stdlib.h>

#include "collector/desk.h"
#include "collector/ask/answer.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"

#define STOPPING "the collector is stopping"

/* An answer that is waited for.  While it is made, the thread of the pool has
 * it alone. */
struct task {
	struct list node;
	uv_work_t work;
	struct desk *desk;
	struct query_job *job;
	struct answer answer; /* has the store */
	struct moment now;    /* when it was asked */
	bool is_made;         /* or err says why not */
	struct err err;
};

/* A configuration that was replaced. */
struct retired {
	struct list node;
	struct collector_config *config;
};

struct desk {
	uv_loop_t *loop;
	char *path; /* of the store */
	const struct collector_config *config;
	struct store *idle[DESK_AT_ONCE]; /* handles that nobody uses */
	size_t n_idle, n_running, n_waiting;
	struct list waiting, retired;
	bool is_stopped;
};

static struct moment
asked_at(void *arg)
{
	return ((struct task *)arg)->now;
}

/* On a thread of the pool. */
static void
make(uv_work_t *work)
{
	struct task *task = work->data;
	const struct store_setup setup = { .uri = task->desk->path,
		.mode = STORE_READ };
	char *salvaged = NULL;

	if (task->answer.store == NULL &&
	    store_open(&task->answer.store, &salvaged, &setup, &task->err) < 0)
		return;
	free(salvaged);
	task->is_made = query_job_make(task->job, &answer_handlers,
			    &task->answer, &task->err) == 0;
}

/* What failed in an unknown way is opened anew by the next. */
static void
put_back(struct desk *desk, const struct task *task)
{
	bool is_sound = task->is_made || task->err.code == ERR_INVALID ||
	    task->err.code == ERR_NOT_FOUND;

	if (is_sound)
		desk->idle[desk->n_idle++] = task->answer.store;
	else
		store_close(task->answer.store);
}

static void
free_retired(struct desk *desk)
{
	while (!list_is_empty(&desk->retired)) {
		struct retired *retired =
		    LIST_ITEM(list_pop(&desk->retired), struct retired, node);

		config_free(retired->config);
		free(retired);
	}
}

static void start_next(struct desk *desk);

static void
on_made(uv_work_t *work, int status)
{
	struct task *task = work->data;
	struct desk *desk = task->desk;

	(void)status; /* nothing is cancelled */
	desk->n_running--;
	if (task->answer.store != NULL)
		put_back(desk, task);
	query_job_answer(task->job, &task->err);
	free(task);
	if (desk->n_running == 0)
		free_retired(desk);
	start_next(desk);
}

/* The one that has waited longest. */
static struct task *
take_next(struct desk *desk)
{
	desk->n_waiting--;
	return LIST_ITEM(list_pop(&desk->waiting), struct task, node);
}

static void
start(struct desk *desk, struct task *task)
{
	desk->n_running++;
	task->answer.config = desk->config;
	if (desk->n_idle > 0)
		task->answer.store = desk->idle[--desk->n_idle];
	task->work.data = task;
	uv_queue_work(desk->loop, &task->work, make, on_made);
}

static void
start_next(struct desk *desk)
{
	while (desk->n_running < DESK_AT_ONCE && desk->n_waiting > 0) {
		struct task *task = take_next(desk);

		if (!query_job_is_late(task->job)) {
			start(desk, task);
			continue;
		}
		query_job_drop(task->job);
		free(task);
	}
}

struct desk *
desk_new(
    uv_loop_t *loop, const char *store, const struct collector_config *config)
{
	struct desk *desk = mem_zalloc(sizeof(*desk));

	desk->loop = loop;
	desk->path = mem_strdup(store);
	desk->config = config;
	list_init(&desk->waiting);
	list_init(&desk->retired);
	return desk;
}

static void
take(struct desk *desk, struct query_job *job, struct moment now)
{
	struct task *task;

	if (desk->is_stopped) {
		query_job_refuse(job, DESK_RETRY_MS, STOPPING);
		return;
	}
	if (desk->n_waiting == DESK_WAITING) {
		query_job_refuse(job, DESK_RETRY_MS,
		    "too many questions wait for their answers already");
		return;
	}
	task = mem_zalloc(sizeof(*task));
	task->desk = desk;
	task->job = job;
	task->answer.now = asked_at;
	task->answer.arg = task;
	task->now = now;
	list_push(&desk->waiting, &task->node);
	desk->n_waiting++;
	start_next(desk);
}

/* A question until what came before it is settled. */
struct asked {
	struct desk *desk;
	struct query_job *job;
	struct moment now;
};

static void
on_settled(void *arg)
{
	struct asked *asked = arg;

	take(asked->desk, asked->job, asked->now);
	free(asked);
}

void
desk_ask(struct desk *desk, struct inbox *inbox, struct query_job *job)
{
	struct asked *asked = mem_zalloc(sizeof(*asked));

	*asked = (struct asked){ desk, job, inbox_now(inbox) };
	inbox_settle(inbox, on_settled, asked);
}

void
desk_set_config(struct desk *desk, const struct collector_config *config,
    struct collector_config *before)
{
	struct retired *retired = mem_zalloc(sizeof(*retired));

	desk->config = config;
	retired->config = before;
	list_push(&desk->retired, &retired->node);
	if (desk->n_running == 0)
		free_retired(desk);
}

void
desk_stop(struct desk *desk)
{
	desk->is_stopped = true;
	while (desk->n_waiting > 0) {
		struct task *task = take_next(desk);

		query_job_refuse(task->job, DESK_RETRY_MS, STOPPING);
		free(task);
	}
}

void
desk_free(struct desk *desk)
{
	if (desk == NULL)
		return;
	assert(desk->n_running == 0 && desk->n_waiting == 0);
	free_retired(desk);
	for (size_t i = 0; i < desk->n_idle; i++)
		store_close(desk->idle[i]);
	free(desk->path);
	free(desk);
}
