#include <assert.h>
#include <stdlib.h>

#include "collector/desk.h"
#include "collector/ask/document.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"

/* A document that is waited for.  While it is made, the thread of the pool
 * has it alone. */
struct task {
	struct list node;
	uv_work_t work;
	struct desk *desk;
	struct query_job *job;
	struct document_source source;
	const char *json; /* NULL: err says why */
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
};

/* On a thread of the pool. */
static void
make(uv_work_t *work)
{
	struct task *task = work->data;
	const struct store_setup setup = { .uri = task->desk->path,
		.mode = STORE_READ };
	char *salvaged = NULL;

	if (task->source.store == NULL &&
	    store_open(&task->source.store, &salvaged, &setup, &task->err) < 0)
		return;
	free(salvaged);
	if (document_make(&task->json, query_job_arena(task->job),
		&task->source, query_job_request(task->job), &task->err) < 0)
		task->json = NULL;
}

/* What failed in an unknown way is opened anew by the next. */
static void
put_back(struct desk *desk, const struct task *task)
{
	bool is_sound = task->json != NULL || task->err.code == ERR_INVALID ||
	    task->err.code == ERR_NOT_FOUND;

	if (is_sound)
		desk->idle[desk->n_idle++] = task->source.store;
	else
		store_close(task->source.store);
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
	if (task->source.store != NULL)
		put_back(desk, task);
	query_job_answer(task->job, task->json, &task->err);
	free(task);
	if (desk->n_running == 0)
		free_retired(desk);
	start_next(desk);
}

static void
start_next(struct desk *desk)
{
	struct task *task;

	while (
	    desk->n_running < DESK_AT_ONCE && !list_is_empty(&desk->waiting)) {
		task = LIST_ITEM(list_pop(&desk->waiting), struct task, node);
		desk->n_waiting--;
		desk->n_running++;
		task->source.config = desk->config;
		if (desk->n_idle > 0)
			task->source.store = desk->idle[--desk->n_idle];
		task->work.data = task;
		uv_queue_work(desk->loop, &task->work, make, on_made);
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

void
desk_take(struct desk *desk, struct query_job *job, int64_t now_ms)
{
	struct task *task;

	if (desk->n_waiting == DESK_WAITING) {
		query_job_refuse(job, DESK_RETRY_MS,
		    "too many questions wait for their answers already");
		return;
	}
	task = mem_zalloc(sizeof(*task));
	task->desk = desk;
	task->job = job;
	task->source.now_ms = now_ms;
	list_push(&desk->waiting, &task->node);
	desk->n_waiting++;
	start_next(desk);
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
