/*
 * todoist_kit.h
 *	  Calls, intents and answers for the tests of the Todoist provider.
 *
 * JSON is written with single quotes, which become double ones.
 */
#ifndef TASKSYNC_TODOIST_KIT_H
#define TASKSYNC_TODOIST_KIT_H

#include "base/json.h"
#include "provider/provider.h"
#include "unit.h"

/* "0000000N-0000-4000-8000-aaaaaaaaaaaa" and "0000000N-0000-4000-8000-bbbbbbbbbbbb" */
extern const char *kit_uuid(int n);
extern const char *kit_temp_id(int n);

extern const char *kit_text(const char *text);
extern json_t *kit_json(const char *text);
extern TasksyncRecord *kit_record(TasksyncKind kind, const char *text);

/* intent number n; `before` and `raw` may be NULL, `remote_id` of a create is */
extern TasksyncIntent kit_intent(int n, TasksyncKind kind, TasksyncOp op, const char *remote_id,
								 const char *patch, const char *before, const char *raw);
extern TasksyncCall kit_sync(const char *cursor, int nintents, TasksyncIntent *intents);
extern TasksyncCall kit_call(TasksyncCallType type, TasksyncKind kind, const char *remote_id);

extern TasksyncHttpRequest kit_build(TasksyncCall *call);
/* arguments of the n-th command that this one intent becomes, as text */
extern const char *kit_args(TasksyncIntent intent, int n);
extern const char *kit_type(TasksyncIntent intent, int n);

extern TasksyncHttpResponse kit_response(int status, const char *body);
extern TasksyncAnswer kit_parse(const TasksyncCall *call, const TasksyncHttpResponse *response);
extern TasksyncAnswer kit_answer(const TasksyncCall *call, int status, const char *body);
/* what an item of a delta reads as; NULL if the answer is not taken */
extern const TasksyncObservation *kit_item(const char *item);
extern const char *kit_field(const TasksyncRecord *record, TasksyncField field);

#endif /* TASKSYNC_TODOIST_KIT_H */
