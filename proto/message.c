#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/message.h"

#define SPARE_BYTES 4096

/* Mutual recursion, as deep as the schema, in which nothing is recursive. */
static bool is_clean(const ProtobufCMessage *message);

/* A text or message that the pointer at value points to. */
static bool
value_is_clean(const ProtobufCFieldDescriptor *field, const void *value)
{
	const void *target = *(const void *const *)value;

	if (target == NULL)
		return true;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return is_clean(target);
	return text_is_utf8(target, strlen(target));
}

static bool
field_is_clean(
    const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
	const char *base = (const char *)message;
	const char *value = base + field->offset;
	const void *quantifier = base + field->quantifier_offset;

	if (field->type != PROTOBUF_C_TYPE_STRING &&
	    field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t n = *(const size_t *)quantifier;
		const char *list = *(const char *const *)(const void *)value;

		for (size_t i = 0; i < n; i++)
			if (!value_is_clean(field, list + i * sizeof(void *)))
				return false;
		return true;
	}
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
	    *(const uint32_t *)quantifier != field->id)
		return true; /* another member of the union is set */
	return value_is_clean(field, value);
}

static bool
is_clean(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (!field_is_clean(&type->fields[i], message))
			return false;
	return true;
}

struct memory {
	struct arena *arena;
	bool full;
};

static void *
alloc_fn(void *arg, size_t size)
{
	struct memory *memory = arg;
	void *bytes = arena_zalloc(memory->arena, size);

	if (bytes == NULL)
		memory->full = true;
	return bytes;
}

static void
free_fn(void *arg, void *bytes)
{
	(void)arg;
	(void)bytes; /* goes with the arena */
}

struct arena *
message_arena(size_t n, size_t factor)
{
	return arena_new(n * factor + SPARE_BYTES);
}

void *
message_parse(const ProtobufCMessageDescriptor *type, struct arena *arena,
    const void *bytes, size_t n, struct err *err)
{
	struct memory memory = { .arena = arena };
	ProtobufCAllocator allocator = { alloc_fn, free_fn, &memory };
	void *message = protobuf_c_message_unpack(type, &allocator, n, bytes);

	if (message != NULL)
		return message;
	if (memory.full)
		err_set(err, ERR_LIMIT, "%s of %zu bytes unpacks too large",
		    type->short_name, n);
	else
		err_set(err, ERR_INVALID, "malformed %s of %zu bytes",
		    type->short_name, n);
	return NULL;
}

void *
message_unpack(const ProtobufCMessageDescriptor *type, struct arena *arena,
    const void *bytes, size_t n, struct err *err)
{
	void *message = message_parse(type, arena, bytes, n, err);

	if (message == NULL || is_clean(message))
		return message;
	err_set(err, ERR_INVALID, "%s with text that is not UTF-8",
	    type->short_name);
	return NULL;
}
