/*
 * record.h
 *	  The vocabulary of the product: kinds of objects, their fields, and one
 *	  object as a set of field values.
 *
 * A record is what travels between a provider's answer, the merge and the
 * hub's tables.  It is partial by design: `present` says which fields are
 * known, and a present field may be null.  So the same type serves as a whole
 * object, as a patch and as a base.
 *
 * Pure: no SPI, clock, latch or socket.  Memory comes from the current memory
 * context; records are never freed one by one.
 */
#ifndef TASKSYNC_RECORD_H
#define TASKSYNC_RECORD_H

#include "postgres.h"

#include "base/json.h"

typedef enum TasksyncKind
{
	TASKSYNC_PROJECT,
	TASKSYNC_SECTION,
	TASKSYNC_LABEL,
	TASKSYNC_TASK,
} TasksyncKind;

#define TASKSYNC_NKINDS 4

/*
 * All values are text in canonical form, so that comparing two values is
 * strcmp() whatever the field: dates "2026-05-12", times "14:30:00", zones as
 * named, priority "0".."4", booleans "true"/"false", position as the shortest
 * decimal, references as ids.  LABELS is the one list.
 *
 * References (PROJECT, SECTION, PARENT): provider code fills in the
 * provider's ids, the store translates to hub ids before anything is merged
 * and back before anything is sent.
 */
typedef enum TasksyncField
{
	TASKSYNC_F_NAME,			/* project, section, label */
	TASKSYNC_F_COLOR,			/* project, label */
	TASKSYNC_F_ARCHIVED,		/* project */
	TASKSYNC_F_TITLE,			/* task from here on, if nothing else is said */
	TASKSYNC_F_DESCRIPTION,		/* never null, "" when empty */
	TASKSYNC_F_STATUS,			/* "open" or "done" */
	TASKSYNC_F_COMPLETED_AT,	/* RFC 3339 UTC; follows STATUS */
	TASKSYNC_F_PRIORITY,		/* "0" none .. "4" urgent */
	TASKSYNC_F_DUE_DATE,
	TASKSYNC_F_DUE_TIME,
	TASKSYNC_F_DUE_TIMEZONE,
	TASKSYNC_F_RECURRENCE,
	TASKSYNC_F_LABELS,			/* set of names, sorted, without doubles */
	TASKSYNC_F_PROJECT,			/* task, section */
	TASKSYNC_F_SECTION,
	TASKSYNC_F_PARENT,			/* task, project */
	TASKSYNC_F_POSITION,		/* all kinds */
} TasksyncField;

#define TASKSYNC_NFIELDS (TASKSYNC_F_POSITION + 1)
#define TASKSYNC_FIELD_BIT(f) ((uint32) 1 << (f))

#define TASKSYNC_DUE_FIELDS \
	(TASKSYNC_FIELD_BIT(TASKSYNC_F_DUE_DATE) | TASKSYNC_FIELD_BIT(TASKSYNC_F_DUE_TIME) | \
	 TASKSYNC_FIELD_BIT(TASKSYNC_F_DUE_TIMEZONE) | TASKSYNC_FIELD_BIT(TASKSYNC_F_RECURRENCE))
#define TASKSYNC_PLACE_FIELDS \
	(TASKSYNC_FIELD_BIT(TASKSYNC_F_PROJECT) | TASKSYNC_FIELD_BIT(TASKSYNC_F_SECTION) | \
	 TASKSYNC_FIELD_BIT(TASKSYNC_F_PARENT))

typedef struct TasksyncNames
{
	int			count;
	const char **names;
} TasksyncNames;

typedef struct TasksyncRecord
{
	TasksyncKind kind;
	uint32		present;		/* TASKSYNC_FIELD_BIT()s of the known fields */
	uint32		normal;			/* those known to be in normal form: canonical.c */
	const char *value[TASKSYNC_NFIELDS];	/* NULL = null; unused for LABELS */
	TasksyncNames labels;
} TasksyncRecord;

/* names: "task", "due_date" ... as in the tables and in JSON */
extern const char *tasksync_kind_name(TasksyncKind kind);
extern bool tasksync_kind_from_name(const char *name, TasksyncKind *kind);
extern const char *tasksync_field_name(TasksyncField field);
extern bool tasksync_field_from_name(const char *name, TasksyncField *field);
extern uint32 tasksync_kind_fields(TasksyncKind kind);

/* what a value is in JSON, when it is not null */
typedef enum TasksyncForm
{
	TASKSYNC_FORM_STRING,
	TASKSYNC_FORM_NUMBER,
	TASKSYNC_FORM_BOOLEAN,
	TASKSYNC_FORM_NAMES,		/* array of strings */
} TasksyncForm;

extern TasksyncForm tasksync_field_form(TasksyncField field);

extern TasksyncRecord *tasksync_record_new(TasksyncKind kind);
/* all memory of the copy is its own */
extern TasksyncRecord *tasksync_record_copy(const TasksyncRecord *record);
/* a copy whose texts are the original's, and live as long as they do */
extern TasksyncRecord *tasksync_record_share(const TasksyncRecord *record);
extern void tasksync_record_set(TasksyncRecord *record, TasksyncField field, const char *value);
/* the same without a copy: the value lives as long as what it points into */
static inline void
tasksync_record_put(TasksyncRecord *record, TasksyncField field, const char *value)
{
	record->value[field] = value;
	record->present |= TASKSYNC_FIELD_BIT(field);
}

extern void tasksync_record_set_labels(TasksyncRecord *record, int count, const char *const *names);
/* the fields of `mask` that are present in `from`; the texts stay the other record's */
extern void tasksync_record_take(TasksyncRecord *to, const TasksyncRecord *from, uint32 mask);
extern void tasksync_record_drop(TasksyncRecord *record, uint32 mask);

static inline bool
tasksync_record_has(const TasksyncRecord *record, TasksyncField field)
{
	return (record->present & TASKSYNC_FIELD_BIT(field)) != 0;
}

extern bool tasksync_field_equal(const TasksyncRecord *a, const TasksyncRecord *b,
								 TasksyncField field);
/* the fields present in both whose values differ */
extern uint32 tasksync_record_diff(const TasksyncRecord *a, const TasksyncRecord *b);

/*
 * JSON form: {"title": …, "priority": 3, "labels": […], "project_id": …}.
 * from_json ignores keys that are no field of the kind; on a value of the wrong
 * type or range it returns NULL and sets *error to a message for people.
 */
extern TasksyncRecord *tasksync_record_from_json(TasksyncKind kind, const json_t *json,
												 const char **error);
extern json_t *tasksync_record_to_json(const TasksyncRecord *record);
extern json_t *tasksync_field_to_json(const TasksyncRecord *record, TasksyncField field);

#endif							/* TASKSYNC_RECORD_H */
