/*
 * record.c
 *	  Kinds, fields, and one object as a set of field values.
 *
 * Called everywhere.  Pure: memory from the current context, nothing else of
 * the server, so that unit tests and fuzzers can link it.
 */
#include "postgres.h"

#include <math.h>

#include "base/clock.h"
#include "base/record.h"

/* positions beyond this are no ranks, and doubles would start to swallow the units */
#define MAX_POSITION 1e15
#define POSITION_DIGITS 15

typedef enum FieldType
{
	TYPE_TEXT,					/* string; null allowed */
	TYPE_REQUIRED_TEXT,			/* string */
	TYPE_PLAIN_TEXT,			/* string, null means "" */
	TYPE_REFERENCE,				/* id or null */
	TYPE_STATUS,
	TYPE_PRIORITY,
	TYPE_DATE,
	TYPE_TIME,
	TYPE_INSTANT,
	TYPE_BOOLEAN,
	TYPE_NUMBER,
	TYPE_NAMES,
} FieldType;

static const struct
{
	const char *name;
	FieldType	type;
} fields[TASKSYNC_NFIELDS] = {
	[TASKSYNC_F_NAME] = {"name", TYPE_REQUIRED_TEXT},
	[TASKSYNC_F_COLOR] = {"color", TYPE_TEXT},
	[TASKSYNC_F_ARCHIVED] = {"is_archived", TYPE_BOOLEAN},
	[TASKSYNC_F_TITLE] = {"title", TYPE_REQUIRED_TEXT},
	[TASKSYNC_F_DESCRIPTION] = {"description", TYPE_PLAIN_TEXT},
	[TASKSYNC_F_STATUS] = {"status", TYPE_STATUS},
	[TASKSYNC_F_COMPLETED_AT] = {"completed_at", TYPE_INSTANT},
	[TASKSYNC_F_PRIORITY] = {"priority", TYPE_PRIORITY},
	[TASKSYNC_F_DUE_DATE] = {"due_date", TYPE_DATE},
	[TASKSYNC_F_DUE_TIME] = {"due_time", TYPE_TIME},
	[TASKSYNC_F_DUE_TIMEZONE] = {"due_timezone", TYPE_TEXT},
	[TASKSYNC_F_RECURRENCE] = {"recurrence", TYPE_TEXT},
	[TASKSYNC_F_LABELS] = {"labels", TYPE_NAMES},
	[TASKSYNC_F_PROJECT] = {"project_id", TYPE_REFERENCE},
	[TASKSYNC_F_SECTION] = {"section_id", TYPE_REFERENCE},
	[TASKSYNC_F_PARENT] = {"parent_id", TYPE_REFERENCE},
	[TASKSYNC_F_POSITION] = {"position", TYPE_NUMBER},
};

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)

static const struct
{
	const char *name;
	uint32		fields;
} kinds[TASKSYNC_NKINDS] = {
	[TASKSYNC_PROJECT] = {"project", BIT(NAME) | BIT(COLOR) | BIT(ARCHIVED) | BIT(PARENT) |
						  BIT(POSITION)},
	[TASKSYNC_SECTION] = {"section", BIT(NAME) | BIT(PROJECT) | BIT(POSITION)},
	[TASKSYNC_LABEL] = {"label", BIT(NAME) | BIT(COLOR) | BIT(POSITION)},
	[TASKSYNC_TASK] = {"task", BIT(TITLE) | BIT(DESCRIPTION) | BIT(STATUS) | BIT(COMPLETED_AT) |
					   BIT(PRIORITY) | TASKSYNC_DUE_FIELDS | BIT(LABELS) |
					   TASKSYNC_PLACE_FIELDS | BIT(POSITION)},
};

const char *
tasksync_kind_name(TasksyncKind kind)
{
	return kinds[kind].name;
}

bool
tasksync_kind_from_name(const char *name, TasksyncKind *kind)
{
	for (int i = 0; name != NULL && i < TASKSYNC_NKINDS; i++)
	{
		if (strcmp(name, kinds[i].name) == 0)
		{
			*kind = (TasksyncKind) i;
			return true;
		}
	}
	return false;
}

const char *
tasksync_field_name(TasksyncField field)
{
	return fields[field].name;
}

bool
tasksync_field_from_name(const char *name, TasksyncField *field)
{
	for (int i = 0; name != NULL && i < TASKSYNC_NFIELDS; i++)
	{
		if (strcmp(name, fields[i].name) == 0)
		{
			*field = (TasksyncField) i;
			return true;
		}
	}
	return false;
}

uint32
tasksync_kind_fields(TasksyncKind kind)
{
	return kinds[kind].fields;
}

TasksyncForm
tasksync_field_form(TasksyncField field)
{
	switch (fields[field].type)
	{
		case TYPE_PRIORITY:
		case TYPE_NUMBER:
			return TASKSYNC_FORM_NUMBER;
		case TYPE_BOOLEAN:
			return TASKSYNC_FORM_BOOLEAN;
		case TYPE_NAMES:
			return TASKSYNC_FORM_NAMES;
		default:
			return TASKSYNC_FORM_STRING;
	}
}

TasksyncRecord *
tasksync_record_new(TasksyncKind kind)
{
	TasksyncRecord *record = palloc0(sizeof(TasksyncRecord));

	record->kind = kind;
	return record;
}

static void
copy_names(TasksyncNames *to, const TasksyncNames *from)
{
	to->count = from->count;
	to->names = palloc(sizeof(char *) * Max(from->count, 1));
	for (int i = 0; i < from->count; i++)
		to->names[i] = pstrdup(from->names[i]);
}

/* the copy shares no memory with the original, so it may outlive its context */
TasksyncRecord *
tasksync_record_copy(const TasksyncRecord *record)
{
	TasksyncRecord *copy = tasksync_record_share(record);

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if (copy->value[i] != NULL)
			copy->value[i] = pstrdup(copy->value[i]);
	}
	if (tasksync_record_has(record, TASKSYNC_F_LABELS))
		copy_names(&copy->labels, &record->labels);
	return copy;
}

/* the copy has values of its own, whose texts are the original's: nobody changes a text in place */
TasksyncRecord *
tasksync_record_share(const TasksyncRecord *record)
{
	TasksyncRecord *copy = palloc(sizeof(TasksyncRecord));

	memcpy(copy, record, sizeof(TasksyncRecord));
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((record->present & TASKSYNC_FIELD_BIT(i)) == 0)
			copy->value[i] = NULL;
	}
	return copy;
}

/* keeps a copy of value; NULL makes the field present and null */
void
tasksync_record_set(TasksyncRecord *record, TasksyncField field, const char *value)
{
	Assert(field != TASKSYNC_F_LABELS);
	record->value[field] = value != NULL ? pstrdup(value) : NULL;
	record->present |= TASKSYNC_FIELD_BIT(field);
	record->normal &= ~TASKSYNC_FIELD_BIT(field);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* a set: order and doubles of the argument do not matter */
void
tasksync_record_set_labels(TasksyncRecord *record, int count, const char *const *names)
{
	const char **copy = palloc(sizeof(char *) * Max(count, 1));
	int			kept = 0;

	bool		sorted = true;

	for (int i = 0; i < count; i++)
	{
		copy[i] = names[i];
		sorted &= i == 0 || strcmp(names[i - 1], names[i]) < 0;
	}
	if (!sorted)
		qsort(copy, count, sizeof(char *), compare_names);
	for (int i = 0; i < count; i++)
	{
		if (kept == 0 || strcmp(copy[kept - 1], copy[i]) != 0)
			copy[kept++] = pstrdup(copy[i]);
	}
	record->labels.count = kept;
	record->labels.names = copy;
	record->present |= TASKSYNC_FIELD_BIT(TASKSYNC_F_LABELS);
	record->normal &= ~TASKSYNC_FIELD_BIT(TASKSYNC_F_LABELS);
}

void
tasksync_record_take(TasksyncRecord *to, const TasksyncRecord *from, uint32 mask)
{
	mask &= from->present;
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((mask & TASKSYNC_FIELD_BIT(i)) == 0)
			continue;
		if (i == TASKSYNC_F_LABELS)
			to->labels = from->labels;
		else
			to->value[i] = from->value[i];
	}
	to->present |= mask;
	to->normal = (to->normal & ~mask) | (from->normal & mask);
}

void
tasksync_record_drop(TasksyncRecord *record, uint32 mask)
{
	record->present &= ~mask;
}

bool
tasksync_field_equal(const TasksyncRecord *a, const TasksyncRecord *b, TasksyncField field)
{
	if (field == TASKSYNC_F_LABELS)
	{
		if (a->labels.count != b->labels.count)
			return false;
		for (int i = 0; i < a->labels.count && a->labels.names != b->labels.names; i++)
		{
			if (strcmp(a->labels.names[i], b->labels.names[i]) != 0)
				return false;
		}
		return true;
	}
	/* one text that both share, or none */
	if (a->value[field] == b->value[field])
		return true;
	if (a->value[field] == NULL || b->value[field] == NULL)
		return false;
	return strcmp(a->value[field], b->value[field]) == 0;
}

uint32
tasksync_record_diff(const TasksyncRecord *a, const TasksyncRecord *b)
{
	uint32		both = a->present & b->present;
	uint32		differ = 0;

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		uint32		bit = TASKSYNC_FIELD_BIT(i);

		if ((both & bit) != 0 && !tasksync_field_equal(a, b, (TasksyncField) i))
			differ |= bit;
	}
	return differ;
}

/* ---- from JSON: each reader sets the field or returns what was expected instead ---- */

static const char *
read_date(TasksyncRecord *record, TasksyncField field, const char *text)
{
	if (!tasksync_date_valid(text))
		return "a date like 2026-05-12";
	tasksync_record_set(record, field, text);
	return NULL;
}

/* "14:30", "14:30:00" and fractions of a second, which no provider can show and are dropped */
static const char *
read_time(TasksyncRecord *record, TasksyncField field, const char *text)
{
	char		time[9] = "00:00:00";
	size_t		length = strlen(text);

	if (length == 5 || length == 8 || (length > 9 && text[8] == '.' &&
									   strspn(text + 9, "0123456789") == length - 9))
	{
		memcpy(time, text, Min(length, 8));
		if (tasksync_time_valid(time))
		{
			tasksync_record_set(record, field, time);
			return NULL;
		}
	}
	return "a time like 14:30:00";
}

static const char *
read_instant(TasksyncRecord *record, TasksyncField field, const char *text)
{
	TimestampTz instant;

	if (!tasksync_parse_instant(text, &instant))
		return "an instant like 2026-05-12T14:30:00Z";
	record->value[field] = tasksync_format_instant(instant);
	record->present |= TASKSYNC_FIELD_BIT(field);
	return NULL;
}

static const char *
read_number(TasksyncRecord *record, TasksyncField field, const json_t *json)
{
	double		number = json_number_value(json);

	if (!json_is_number(json) || !(fabs(number) <= MAX_POSITION))
		return "a number between -1e15 and 1e15";
	/* there is no minus zero among positions */
	record->value[field] = psprintf("%.*g", POSITION_DIGITS, number == 0 ? 0.0 : number);
	record->present |= TASKSYNC_FIELD_BIT(field);
	return NULL;
}

static const char *
read_priority(TasksyncRecord *record, TasksyncField field, const json_t *json)
{
	json_int_t	number = json_integer_value(json);
	char		text[2] = {0};

	if (!json_is_integer(json) || number < 0 || number > 4)
		return "a whole number between 0 and 4";
	text[0] = (char) ('0' + number);
	tasksync_record_set(record, field, text);
	return NULL;
}

static const char *
read_names(TasksyncRecord *record, const json_t *json)
{
	size_t		count = json_array_size(json);
	const char **names;

	if (!json_is_array(json))
		return "an array of strings";
	names = palloc(sizeof(char *) * Max(count, 1));
	for (size_t i = 0; i < count; i++)
	{
		names[i] = json_string_value(json_array_get(json, i));
		if (names[i] == NULL)
			return "an array of strings";
	}
	tasksync_record_set_labels(record, (int) count, names);
	return NULL;
}

static const char *
read_null(TasksyncRecord *record, TasksyncField field)
{
	switch (fields[field].type)
	{
		case TYPE_REQUIRED_TEXT:
			return "a string";
		case TYPE_STATUS:
			return "\"open\" or \"done\"";
		case TYPE_NAMES:
			tasksync_record_set_labels(record, 0, NULL);
			break;
		case TYPE_PLAIN_TEXT:
			tasksync_record_set(record, field, "");
			break;
		case TYPE_PRIORITY:
		case TYPE_NUMBER:
			tasksync_record_set(record, field, "0");
			break;
		case TYPE_BOOLEAN:
			tasksync_record_set(record, field, "false");
			break;
		default:
			tasksync_record_set(record, field, NULL);
			break;
	}
	return NULL;
}

static const char *
read_field(TasksyncRecord *record, TasksyncField field, const json_t *json)
{
	FieldType	type = fields[field].type;
	const char *text = json_string_value(json);

	if (json_is_null(json))
		return read_null(record, field);
	switch (type)
	{
		case TYPE_NUMBER:
			return read_number(record, field, json);
		case TYPE_PRIORITY:
			return read_priority(record, field, json);
		case TYPE_NAMES:
			return read_names(record, json);
		case TYPE_BOOLEAN:
			if (!json_is_boolean(json))
				return "true or false";
			tasksync_record_set(record, field, json_is_true(json) ? "true" : "false");
			return NULL;
		default:
			break;
	}
	if (text == NULL)
		return type == TYPE_STATUS ? "\"open\" or \"done\"" : "a string";
	switch (type)
	{
		case TYPE_DATE:
			return read_date(record, field, text);
		case TYPE_TIME:
			return read_time(record, field, text);
		case TYPE_INSTANT:
			return read_instant(record, field, text);
		case TYPE_STATUS:
			if (strcmp(text, "open") != 0 && strcmp(text, "done") != 0)
				return "\"open\" or \"done\"";
			break;
		case TYPE_REFERENCE:
			if (*text == '\0')
				return "an id or null";
			break;
		default:
			break;
	}
	tasksync_record_set(record, field, text);
	return NULL;
}

TasksyncRecord *
tasksync_record_from_json(TasksyncKind kind, const json_t *json, const char **error)
{
	TasksyncRecord *record = tasksync_record_new(kind);

	if (!json_is_object(json))
	{
		*error = psprintf("a %s must be a JSON object", kinds[kind].name);
		return NULL;
	}
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		const json_t *member;
		const char *expected;

		if ((kinds[kind].fields & TASKSYNC_FIELD_BIT(i)) == 0)
			continue;
		member = json_object_get(json, fields[i].name);
		if (member == NULL)
			continue;
		expected = read_field(record, (TasksyncField) i, member);
		if (expected != NULL)
		{
			*error = psprintf("\"%s\" must be %s", fields[i].name, expected);
			return NULL;
		}
	}
	return record;
}

static json_t *
names_to_json(const TasksyncNames *names)
{
	json_t	   *array = json_array();

	for (int i = 0; i < names->count; i++)
		json_array_append_new(array, json_string(names->names[i]));
	return array;
}

/* null also for a field that is not present */
json_t *
tasksync_field_to_json(const TasksyncRecord *record, TasksyncField field)
{
	const char *value = record->value[field];
	double		number;

	if (!tasksync_record_has(record, field))
		return json_null();
	if (field == TASKSYNC_F_LABELS)
		return names_to_json(&record->labels);
	if (value == NULL)
		return json_null();
	switch (tasksync_field_form(field))
	{
		case TASKSYNC_FORM_BOOLEAN:
			return json_boolean(strcmp(value, "true") == 0);
		case TASKSYNC_FORM_NUMBER:
			number = strtod(value, NULL);
			if (number == floor(number) && fabs(number) <= MAX_POSITION)
				return json_integer((json_int_t) number);
			return json_real(number);
		default:
			return json_string(value);
	}
}

json_t *
tasksync_record_to_json(const TasksyncRecord *record)
{
	json_t	   *object = json_object();

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if (tasksync_record_has(record, (TasksyncField) i))
			json_object_set_new(object, fields[i].name,
								tasksync_field_to_json(record, (TasksyncField) i));
	}
	return object;
}
