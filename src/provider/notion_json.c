/*
 * notion_json.c
 *	  Notion's ids, and members of its objects by them.
 *
 * Called by all of notion_*.c.  Pure.
 *
 * Two kinds of ids: objects have UUIDs, with or without dashes depending on
 * who wrote them; properties have a few characters, percent-encoded in what
 * Notion sends.  Both are compared in one form.
 */
#include "postgres.h"

#include <ctype.h>

#include "provider/notion_json.h"

#define UUID_DIGITS 32

json_t *
tasksync_notion_body(const TasksyncHttpResponse *response, const char **error)
{
	return tasksync_json_parse_mended(response->body, response->body_length, error);
}

const char *
tasksync_notion_normal_id(const char *id)
{
	char digits[UUID_DIGITS];
	int count = 0;

	for (const char *p = id; *p != '\0'; p++)
	{
		if (*p == '-')
			continue;
		if (!isxdigit((unsigned char) *p) || count == UUID_DIGITS)
			return id;
		digits[count++] = (char) tolower((unsigned char) *p);
	}
	if (count != UUID_DIGITS)
		return id;
	return psprintf("%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16,
					digits + 20);
}

const char *
tasksync_notion_id(const json_t *object, const char *key)
{
	const char *id = tasksync_json_string(object, key);

	if (id == NULL || *id == '\0' || strlen(id) > NOTION_MAX_ID)
		return NULL;
	return tasksync_notion_normal_id(id);
}

bool
tasksync_notion_says(const json_t *object, const char *key, const char *text)
{
	const char *value = tasksync_json_string(object, key);

	return value != NULL && strcmp(value, text) == 0;
}

/* the byte at *p, a percent sign and its two digits being one; moves on */
static int
next_byte(const char **p)
{
	const unsigned char *at = (const unsigned char *) *p;

	if (at[0] == '%' && isxdigit(at[1]) && isxdigit(at[2]))
	{
		char digits[3] = {(char) at[1], (char) at[2], '\0'};

		*p += 3;
		return (int) strtol(digits, NULL, 16);
	}
	*p += 1;
	return at[0];
}

bool
tasksync_notion_same_property(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return false;
	while (*a != '\0' && *b != '\0')
	{
		if (next_byte(&a) != next_byte(&b))
			return false;
	}
	return *a == *b;
}

char *
tasksync_notion_decoded(const char *id)
{
	char *decoded = palloc(strlen(id) + 1);
	char *end = decoded;

	while (*id != '\0')
		*end++ = (char) next_byte(&id);
	*end = '\0';
	return decoded;
}

const json_t *
tasksync_notion_page_property(const json_t *page, const char *id)
{
	const char *name;
	json_t *property;

	json_object_foreach(json_object_get(page, "properties"), name, property)
	{
		if (tasksync_notion_same_property(tasksync_json_string(property, "id"), id))
			return property;
	}
	return NULL;
}

const json_t *
tasksync_notion_by_id(const json_t *array, const char *id)
{
	for (size_t i = 0; id != NULL && i < json_array_size(array); i++)
	{
		const json_t *element = json_array_get(array, i);

		if (tasksync_notion_says(element, "id", id))
			return element;
	}
	return NULL;
}
