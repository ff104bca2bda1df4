/*
 * list.h - a doubly linked list through members of its elements.
 *
 * Embed a struct list as head and as member; nothing is allocated.  A member
 * that is in no list points at itself once list_init() was called.
 */
#ifndef PROTO_BASE_LIST_H
#define PROTO_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* The element of this type whose member is at node. */
#define LIST_ITEM(node, type, member) \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Visits each node; the visited one may be removed on the way. */
#define LIST_EACH(node, head)                                             \
	for (struct list *node = (head)->next, *node##_next = node->next; \
	     node != (head); node = node##_next, node##_next = node->next)

static inline void
list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool
list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void
list_push(struct list *head, struct list *node) /* at the end */
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void
list_remove(struct list *node) /* allowed when in no list */
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline struct list *
list_pop(struct list *head) /* the first, removed; NULL when empty */
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	list_remove(node);
	return node;
}

#endif
