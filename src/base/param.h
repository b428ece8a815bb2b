/*
 * param.h
 *	  Typed parameters of the constant statements that spi.h runs.
 */
#ifndef TASKSYNC_PARAM_H
#define TASKSYNC_PARAM_H

#include "postgres.h"

/*
 * The types of a statement's parameters are a string with one letter for each:
 * t text, u uuid, j jsonb, J text (JSON that the statement casts itself): these
 * four made with tasksync_p_text() or tasksync_p_uuid(); i int4, l int8, b bool,
 * T timestamptz, B bytea, A text[], R rows (rowset.h).
 */
typedef struct TasksyncParam
{
	bool isnull;
	char made_as; /* letter of the function that made it, to catch mix-ups */
	Datum value;  /* texts: the C string, turned into a datum by the query */
} TasksyncParam;

extern TasksyncParam tasksync_p_text(const char *value); /* NULL = null; t, j, J */
extern TasksyncParam tasksync_p_uuid(const char *value); /* NULL = null; u */
extern TasksyncParam tasksync_p_int(int32 value);
extern TasksyncParam tasksync_p_long(int64 value);
extern TasksyncParam tasksync_p_bool(bool value);
extern TasksyncParam tasksync_p_time(int64 value);                      /* TimestampTz; 0 = null */
extern TasksyncParam tasksync_p_bytes(const void *data, size_t length); /* NULL = null */
extern TasksyncParam tasksync_p_texts(int count, const char *const *values); /* text[] */
extern TasksyncParam tasksync_p_datum(char type, Datum value); /* a B, A, R or j as it is */
extern TasksyncParam tasksync_p_null(void);

/* the type that goes with a letter; of rows it depends on the parameter */
extern Oid tasksync_letter_type(char letter);
extern Oid tasksync_param_type(const TasksyncParam *param, char letter);
extern Datum tasksync_param_datum(const TasksyncParam *param, char letter);

#endif							/* TASKSYNC_PARAM_H */
