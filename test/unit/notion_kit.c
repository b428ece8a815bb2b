/*
 * notion_kit.c
 *	  Calls, pages and data sources for the tests of the Notion provider.
 */
#include "postgres.h"

#include "base/clock.h"
#include "notion_kit.h"

#define PROPERTIES                                                                        \
	"'Name':{'id':'title','name':'Name','type':'title','title':{}},"                      \
	"'Due':{'id':'M%3BBw','name':'Due','type':'date','date':{}},"                         \
	"'Status':{'id':'Z%3ClH','name':'Status','type':'status','status':{'options':["       \
	"{'id':'o1','name':'Not started','color':'default'},{'id':'o2','name':'Doing'},"      \
	"{'id':'o3','name':'Done'},{'id':'o4','name':'Dropped'}],'groups':["                  \
	"{'id':'g1','name':'To-do','option_ids':['o1']},"                                     \
	"{'id':'g2','name':'In progress','option_ids':['o2']},"                               \
	"{'id':'g3','name':'Complete','option_ids':['o3','o4']}]}},"                          \
	"'Priority':{'id':'prio','name':'Priority','type':'select','select':{'options':["     \
	"{'id':'p3','name':'High'},{'id':'p2','name':'Medium'},{'id':'p1','name':'Low'}]}},"  \
	"'Tags':{'id':'tags','name':'Tags','type':'multi_select','multi_select':{'options':[" \
	"{'id':'t1','name':'food'},{'id':'t2','name':'home'}]}},"                             \
	"'Notes':{'id':'note','name':'Notes','type':'rich_text','rich_text':{}},"             \
	"'Sync ID':{'id':'sync','name':'Sync ID','type':'rich_text','rich_text':{}},"         \
	"'Sub-item':{'id':'subs','name':'Sub-item','type':'relation','relation':{"            \
	"'data_source_id':'" SOURCE_A "','type':'dual_property','dual_property':{}}},"        \
	"'Parent item':{'id':'up','name':'Parent item','type':'relation','relation':{"        \
	"'data_source_id':'" SOURCE_A "','type':'dual_property','dual_property':{}}}"

const char *
notion_page_id(int n)
{
	return psprintf("%08d-0000-4000-8000-dddddddddddd", n);
}

TimestampTz
notion_time(const char *text)
{
	TimestampTz instant = 0;

	tasksync_parse_instant(text, &instant);
	return instant;
}

const char *
notion_properties_text(void)
{
	return PROPERTIES;
}

const char *
notion_source(const char *id, const char *title, const char *properties)
{
	return psprintf(
		"{'object':'data_source','id':'%s','title':[{'type':'text','plain_text':'%s'}],"
		"'parent':{'type':'database_id','database_id':'dddddddd00004000800000000000000d'},"
		"'in_trash':false,'created_time':'2026-11-01T09:00:00.000Z',"
		"'last_edited_time':'2026-11-20T09:00:00.000Z','properties':{%s}}",
		id, title, properties);
}

json_t *
notion_config(const char *id, const char *properties)
{
	TasksyncCall call = {.type = TASKSYNC_CALL_POINT_READ, .base_url = "x"};
	const char *ids[] = {id};
	TasksyncAnswer answer;

	kit_provider = "notion";
	call.kind = TASKSYNC_PROJECT;
	call.nremote_ids = 1;
	call.remote_ids = ids;
	answer = kit_answer(&call, 200, notion_source(id, "Tasks", properties));
	if (answer.nobservations != 1 || answer.observations[0].raw == NULL)
	{
		unit_ok(false, "the test's own data source is not understood");
		return json_object();
	}
	return json_pack("{s:O}", "known", answer.observations[0].raw);
}

json_t *
notion_mapped(json_t *config, const char *mapping)
{
	const char *error = NULL;
	json_t *known = json_object_get(config, "known");
	json_t *map = tasksync_provider_find("notion")->map_fields(known, kit_json(mapping), &error);

	if (map == NULL)
		unit_ok(false, "the test's own mapping: %s", error);
	return json_pack("{s:O, s:O?}", "known", known, "mapping", map);
}

const char *
notion_page(int n, const char *properties, const char *more)
{
	return psprintf(
		"{'object':'page','id':'%s','created_time':'2026-11-22T09:30:00.000Z',"
		"'last_edited_time':'2026-11-22T09:40:00.000Z','in_trash':false,"
		"'is_archived':false,'parent':{'type':'data_source_id','data_source_id':'" SOURCE_A
		"'},'properties':{%s}%s%s}",
		notion_page_id(n), properties, *more ? "," : "", more);
}

const char *
notion_value(const char *name, const char *id, const char *type, const char *value)
{
	return psprintf("'%s':{'id':'%s','type':'%s','%s':%s}", name, id, type, type, value);
}

const char *
notion_title(const char *text)
{
	return notion_value("Name", "title", "title",
						psprintf("[{'type':'text','text':{'content':'%s','link':null},"
								 "'annotations':{'bold':false,'color':'default'},"
								 "'plain_text':'%s','href':null}]",
								 text, text));
}

const char *
notion_list(const char *results, const char *more)
{
	return psprintf("{'object':'list','results':[%s],%s}", results,
					*more ? more : "'next_cursor':null,'has_more':false");
}

const char *
notion_error(int status, const char *code, const char *details)
{
	return psprintf("{'object':'error','status':%d,'code':'%s','message':'Secret Text'%s%s}",
					status, code, *details ? "," : "", details);
}

TasksyncCall
notion_sync(const char *cursor)
{
	TasksyncCall call = {.type = TASKSYNC_CALL_SYNC};
	TasksyncContainer *containers = palloc0(sizeof(TasksyncContainer) * 2);

	kit_provider = "notion";
	containers[0].remote_id = SOURCE_A;
	containers[0].config = notion_config(SOURCE_A, PROPERTIES);
	containers[0].version = 7;
	containers[1].remote_id = SOURCE_B;
	containers[1].config =
		notion_config(SOURCE_B, "'Name':{'id':'title','type':'title','title':{}}");
	json_object_set_new(json_object_get(containers[1].config, "known"), "name",
						json_string("Other"));
	containers[1].version = 7;
	call.base_url = "https://api.notion.com";
	call.now = notion_time("2026-11-22T10:00:00Z");
	call.ncontainers = 2;
	call.containers = containers;
	call.wants_read = true;
	call.cursor = cursor;
	return call;
}

TasksyncCall
notion_push(TasksyncIntent *intent)
{
	TasksyncCall call = notion_sync(notion_cursor());

	call.wants_read = false;
	call.nintents = 1;
	call.intents = intent;
	if (intent->config != NULL)
		notion_set_config(&call, (json_t *) intent->config);
	return call;
}

void
notion_set_config(TasksyncCall *call, json_t *config)
{
	((TasksyncContainer *) call->containers)[0].config = config;
}

const char *
notion_cursor(void)
{
	return kit_text("{'looked':'2026-11-22T09:59:00Z','in':{"
					"'" SOURCE_A "':{'v':7,'at':'2026-11-22T09:50:00Z',"
					"'swept':'2026-11-22T01:00:00Z'},"
					"'" SOURCE_B "':{'v':7,'at':'2026-11-22T09:50:00Z',"
					"'swept':'2026-11-22T01:00:00Z'}}}");
}

const TasksyncObservation *
notion_read(const char *page, json_t *config)
{
	TasksyncCall call = notion_sync(notion_cursor());
	TasksyncAnswer answer;

	if (config != NULL)
		notion_set_config(&call, config);
	answer = kit_answer(&call, 200, notion_list(page, ""));
	if (answer.outcome != TASKSYNC_OK || answer.nobservations != 1)
		return NULL;
	return &answer.observations[0];
}

TasksyncIntent
notion_intent(TasksyncOp op, const char *patch, const char *before, const char *raw, json_t *config)
{
	TasksyncIntent intent =
		kit_intent(1, TASKSYNC_TASK, op, op == TASKSYNC_OP_CREATE ? NULL : notion_page_id(1), patch,
				   before, raw);

	intent.container_id = SOURCE_A;
	intent.config = config != NULL ? config : notion_config(SOURCE_A, PROPERTIES);
	return intent;
}

const char *
notion_request_text(const TasksyncHttpRequest *request)
{
	static const char *const methods[] = {
		[TASKSYNC_GET] = "GET", [TASKSYNC_POST] = "POST",     [TASKSYNC_PATCH] = "PATCH",
		[TASKSYNC_PUT] = "PUT", [TASKSYNC_DELETE] = "DELETE",
	};
	const char *host = "https://api.notion.com/v1/";
	const char *url = request->url;

	if (strncmp(url, host, strlen(host)) == 0)
		url += strlen(host);
	return psprintf("%s %s%s%s", methods[request->method], url, request->body ? " " : "",
					request->body ? request->body : "");
}

const char *
notion_written(TasksyncIntent intent)
{
	TasksyncCall call = notion_push(&intent);
	TasksyncHttpRequest request = kit_build(&call);

	return notion_request_text(&request);
}

const char *
notion_record_text(const TasksyncObservation *observation)
{
	if (observation == NULL || observation->record == NULL)
		return "(none)";
	return tasksync_json_text(tasksync_record_to_json(observation->record));
}

const char *
notion_raw_text(const TasksyncObservation *observation)
{
	if (observation == NULL || observation->raw == NULL)
		return "(none)";
	return tasksync_json_text(observation->raw);
}
