/*
 * provider_kit.h
 *	  Calls, intents and answers for the tests of any provider.
 *
 * JSON is written with single quotes, which become double ones.
 */
#ifndef TASKSYNC_PROVIDER_KIT_H
#define TASKSYNC_PROVIDER_KIT_H

#include "base/json.h"
#include "provider/provider.h"
#include "unit.h"

/* whose functions are meant; "todoist" until a test says otherwise */
extern const char *kit_provider;

/* "0000000N-0000-4000-8000-aaaaaaaaaaaa" and "0000000N-0000-4000-8000-bbbbbbbbbbbb" */
extern const char *kit_uuid(int n);
extern const char *kit_temp_id(int n);

extern const char *kit_text(const char *text);
extern json_t *kit_json(const char *text);
extern TasksyncRecord *kit_record(TasksyncKind kind, const char *text);

/* intent number n; `before` and `raw` may be NULL, `remote_id` of a create is */
extern TasksyncIntent kit_intent(int n, TasksyncKind kind, TasksyncOp op, const char *remote_id,
								 const char *patch, const char *before, const char *raw);
extern TasksyncCall kit_call(TasksyncCallType type, TasksyncKind kind, const char *remote_id);

extern TasksyncHttpRequest kit_build(TasksyncCall *call);
extern TasksyncHttpResponse kit_response(int status, const char *body);
extern TasksyncAnswer kit_parse(const TasksyncCall *call, const TasksyncHttpResponse *response);
extern TasksyncAnswer kit_answer(const TasksyncCall *call, int status, const char *body);
extern const char *kit_field(const TasksyncRecord *record, TasksyncField field);

#endif							/* TASKSYNC_PROVIDER_KIT_H */
