/*
 * test_todoist_answer.c
 *	  What is read from POST /sync: objects, coverage, and answers that lie.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/clock.h"
#include "todoist_kit.h"

#define INBOX "{'id':'P0','name':'Inbox','inbox_project':true,'parent_id':null,'child_order':0}"
#define ITEM                                                                                 \
	"{'id':'6X7rM8997g3RQmvh','user_id':'2671355','project_id':'6Jf8VQXxpwv56VQ7',"          \
	"'section_id':null,'parent_id':null,'content':'Buy milk','description':'','priority':1," \
	"'labels':['Food'],'due':null,'deadline':null,'duration':{'amount':15,'unit':'minute'}," \
	"'child_order':1,'order_key':'a1V','day_order':-1,'is_collapsed':false,'checked':false," \
	"'is_deleted':false,'added_at':'2026-01-21T21:28:43.841504Z',"                           \
	"'updated_at':'2026-01-21T21:28:43Z','completed_at':null,'completed_by_uid':null,"       \
	"'added_by_uid':'2671355','assigned_by_uid':null,'responsible_uid':null,'note_count':0," \
	"'completed_count':0,'postponed_count':0,'not_known':{'level':[1,null]}}"

static const char *
record_text(const TasksyncObservation *observation)
{
	if (observation == NULL || observation->record == NULL)
		return "(none)";
	return tasksync_json_text(tasksync_record_to_json(observation->record));
}

static TasksyncAnswer
read_delta(const char *lists)
{
	TasksyncCall call = kit_sync("T0", 0, NULL);

	return kit_answer(&call, 200,
					  psprintf("{'full_sync':false,'sync_token':'T1'%s%s}", *lists ? "," : "",
							   lists));
}

static void
test_item(void)
{
	const TasksyncObservation *item = kit_item(ITEM);
	TimestampTz added;
	TimestampTz updated;

	tasksync_parse_instant("2026-01-21T21:28:43.841504Z", &added);
	tasksync_parse_instant("2026-01-21T21:28:43Z", &updated);
	unit_is(record_text(item),
			kit_text("{'completed_at':null,'description':'','due_date':null,'due_time':null,"
					 "'due_timezone':null,'labels':['Food'],'parent_id':null,'position':1,"
					 "'priority':0,'project_id':'6Jf8VQXxpwv56VQ7','recurrence':null,"
					 "'section_id':null,'status':'open','title':'Buy milk'}"),
			"an item as a record");
	unit_is(item->remote_id, "6X7rM8997g3RQmvh", "its id");
	unit_ok(item->kind == TASKSYNC_TASK && item->state == TASKSYNC_REMOTE_LIVE, "alive");
	unit_ok(item->created_at == added && item->edited_at == updated,
			"stamps with and without a fraction");
	unit_is(tasksync_json_text(item->raw),
			kit_text("{'duration':{'amount':15,'unit':'minute'},'order_key':'a1V'}"),
			"what is kept aside");
	unit_ok(kit_item("{'id':'a','content':'x'}")->raw == NULL, "nothing to keep, nothing kept");
	item = kit_item("{'id':'a','content':'x','due':{'date':'2026-10-14','string':'every day',"
					"'lang':'en','is_recurring':true,'timezone':null},'deadline':{'date':"
					"'2026-12-01','lang':'en'},'responsible_uid':'77','is_collapsed':true,"
					"'completed_count':3}");
	unit_is(tasksync_json_text(item->raw),
			kit_text("{'completed_count':3,'deadline':{'date':'2026-12-01','lang':'en'},"
					 "'due':{'lang':'en','string':'every day'},'is_collapsed':true,"
					 "'responsible_uid':'77'}"),
			"the words of a recurrence, a deadline, an assignee are kept");
	item = kit_item("{'id':'a','content':'* Shopping','checked':false,'due':null}");
	unit_is(kit_field(item->record, TASKSYNC_F_TITLE), "* Shopping", "a header keeps its mark");
	unit_ok(!item->is_read_only, "and can be edited");
}

static void
test_completion(void)
{
	const TasksyncObservation *item =
		kit_item("{'id':'a','content':'x','checked':true,"
				 "'completed_at':'2026-11-22T09:30:00.123456Z','due':null}");

	unit_is(kit_field(item->record, TASKSYNC_F_STATUS), "done", "a checked item is done");
	unit_is(kit_field(item->record, TASKSYNC_F_COMPLETED_AT), "2026-11-22T09:30:00.123456Z",
			"with its time");
	item = kit_item("{'id':'a','content':'x','checked':1,'completed_at':'yesterday','due':null}");
	unit_is(kit_field(item->record, TASKSYNC_F_STATUS), "done", "1 is true");
	unit_is(kit_field(item->record, TASKSYNC_F_COMPLETED_AT), "(absent)",
			"a time that is none is not told");
	item = kit_item("{'id':'a','content':'x','checked':false,'completed_at':null,"
					"'completed_count':1,'due':{'date':'2026-11-23','string':'every day',"
					"'lang':'en','is_recurring':true,'timezone':null}}");
	unit_ok(strcmp(kit_field(item->record, TASKSYNC_F_STATUS), "open") == 0 &&
				strcmp(kit_field(item->record, TASKSYNC_F_DUE_DATE), "2026-11-23") == 0 &&
				tasksync_json_int(item->raw, "completed_count", 0) == 1,
			"trap 6: an occurrence done is an open task with a later date and a count");
}

static void
test_sparse(void)
{
	const TasksyncObservation *item;

	item = kit_item("{'id':'a','content':'x','project_id':'P1','checked':false}");
	unit_is(record_text(item),
			kit_text("{'completed_at':null,'description':'','due_date':null,'due_time':null,"
					 "'due_timezone':null,'parent_id':null,'project_id':'P1','recurrence':null,"
					 "'section_id':null,'status':'open','title':'x'}"),
			"where nulls are left out, an absent key is a null");
	item = kit_item("{'id':'a','content':'x','deadline':null,'due_v2':{'date':'2026-01-01'}}");
	unit_ok(!tasksync_record_has(item->record, TASKSYNC_F_DUE_DATE) &&
				!tasksync_record_has(item->record, TASKSYNC_F_PARENT) &&
				!tasksync_record_has(item->record, TASKSYNC_F_DESCRIPTION),
			"where nulls are written, an absent key clears nothing");
	item = kit_item("{'id':'a','content':17,'description':[],'priority':'high','labels':'x',"
					"'due':'soon','checked':null,'project_id':{},'section_id':3.5,'parent_id':true,"
					"'child_order':'first','added_at':5,'updated_at':'x','is_deleted':'no'}");
	unit_ok(item != NULL && item->record->present == 0,
			"members of other types are not told, and do not fail the item");
	item = kit_item("{'id':'a','content':'x','priority':9,'labels':['b',null,'','a',7,'a'],"
					"'due':null}");
	unit_is(kit_field(item->record, TASKSYNC_F_PRIORITY), "(absent)", "an unknown priority");
	unit_ok(item->record->labels.count == 2, "of labels only names, once each");
}

static void
test_containers(void)
{
	TasksyncAnswer answer = read_delta(
		"'projects':[" INBOX ",{'id':'P1','name':'Work','color':'teal','parent_id':'P0',"
		"'child_order':3,'is_archived':true,'is_frozen':true,'workspace_id':77,'is_shared':true,"
		"'created_at':'2026-01-01T00:00:00Z','updated_at':null},{'id':'P2','is_deleted':true}],"
		"'sections':[{'id':'S1','project_id':'P1','name':'Soon','section_order':2,"
		"'is_archived':false,'is_deleted':false},{'id':'S2','project_id':'P1','name':'Old',"
		"'is_archived':true}],"
		"'labels':[{'id':2156154810,'name':'food','color':'red','item_order':4,"
		"'is_deleted':false}]");
	const TasksyncObservation *seen = answer.observations;

	unit_ok(answer.outcome == TASKSYNC_OK && answer.nobservations == 6, "all kinds of containers");
	unit_ok(seen[0].is_inbox && !seen[1].is_inbox, "the inbox is known");
	unit_is(record_text(&seen[1]),
			kit_text("{'color':'teal','is_archived':true,'name':'Work','parent_id':'P0',"
					 "'position':3}"),
			"an archived project is alive and says so");
	unit_ok(seen[1].is_read_only && !seen[0].is_read_only, "a frozen project is read-only");
	unit_is(tasksync_json_text(seen[1].raw), kit_text("{'is_shared':true,'workspace_id':77}"),
			"of a workspace's project that it is one");
	unit_ok(seen[2].state == TASKSYNC_REMOTE_DELETED && seen[2].record == NULL, "a bare tombstone");
	unit_is(record_text(&seen[3]), kit_text("{'name':'Soon','position':2,'project_id':'P1'}"),
			"a section");
	unit_ok(seen[4].state == TASKSYNC_REMOTE_HIDDEN, "an archived section is hidden, not deleted");
	unit_is(record_text(&seen[5]), kit_text("{'color':'red','name':'food','position':4}"),
			"a label");
	unit_is(seen[5].remote_id, "2156154810", "an id that came as a number");
}

static void
test_lists(void)
{
	TasksyncAnswer answer = read_delta(
		"'items':[{'id':'aB','content':'1'},{'id':'ab','content':'2'},{'id':'aB','content':'3'},"
		"{'id':'z','content':'4'},{'id':'aB','is_deleted':true}]");

	unit_ok(answer.nobservations == 3 && strcmp(answer.observations[0].remote_id, "ab") == 0 &&
				strcmp(answer.observations[1].remote_id, "z") == 0 &&
				strcmp(answer.observations[2].remote_id, "aB") == 0 &&
				answer.observations[2].state == TASKSYNC_REMOTE_DELETED,
			"of doubles the last one counts, and ids differ by case");
	answer = read_delta("");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_DELTA &&
				answer.nobservations == 0 && strcmp(answer.cursor, "T1") == 0,
			"a quiet delta without any list");
	answer = read_delta("'items':[],'projects':null");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_DELTA,
			"a quiet delta with empty lists");
}

static TasksyncAnswer
read_full(const char *cursor, const char *body)
{
	TasksyncCall call = kit_sync(cursor, 0, NULL);

	return kit_answer(&call, 200, body);
}

static void
test_coverage(void)
{
	TasksyncIntent intent = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "a", "{'title':'y'}",
									   "{'title':'x'}", NULL);
	TasksyncCall push = kit_sync("T0", 1, &intent);
	TasksyncAnswer answer;

	answer = kit_answer(&push, 200,
						"{'full_sync':true,'full_sync_date_utc':'2026-11-22T10:00:00Z',"
						"'sync_status':{'00000001-0000-4000-8000-aaaaaaaaaaaa':'ok'},"
						"'sync_token':'T1','temp_id_mapping':{}}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_NOTHING &&
				answer.cursor == NULL && answer.acks[0].outcome == TASKSYNC_ACK_OK,
			"trap 2: full_sync without data is no snapshot, and its token is not taken");
	push.wants_read = false;
	answer = kit_answer(&push, 200,
						"{'full_sync':true,'sync_status':{'00000001-0000-4000-8000-aaaaaaaaaaaa':"
						"'ok'},'sync_token':'T1','projects':[" INBOX "],'items':[]}");
	unit_ok(answer.coverage == TASKSYNC_COVERS_NOTHING && answer.cursor == NULL &&
				answer.nobservations == 0,
			"trap 2: what was not asked for is not a snapshot either");
	answer = read_full(NULL, "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],"
							 "'items':[" ITEM "],'full_sync_date_utc':'2026-11-22T09:59:58Z'}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_ALL &&
				!answer.is_stale && answer.nobservations == 2 && strcmp(answer.cursor, "T1") == 0,
			"a fresh snapshot");
	answer = read_full(NULL, "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],"
							 "'items':[],'full_sync_date_utc':'2026-11-22T09:52:00Z'}");
	unit_ok(answer.coverage == TASKSYNC_COVERS_ALL && answer.is_stale,
			"trap 4: a snapshot from before the request is stale");
	answer = read_full(NULL, "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],"
							 "'items':[],'full_sync_date_utc':'recently'}");
	unit_ok(answer.is_stale, "trap 4: of unknown age is stale");
	answer = read_full(NULL, "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "]}");
	unit_ok(answer.is_stale, "trap 3: without a list of items their absence means nothing");
	answer = read_full("T0", "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],"
							 "'items':[" ITEM "]}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_ALL,
			"trap 5: a full answer to a cursor covers all");
	answer = read_full(NULL, "{'full_sync':true,'sync_token':'T1','projects':[],'items':[],"
							 "'sections':[],'labels':[]}");
	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER && answer.cursor == NULL,
			"trap 3: an account without a project is not believed");
	answer = read_full(NULL, "{'full_sync':false,'sync_token':'T1'}");
	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER, "a complete read that brings nothing at all");
}

static void
test_stale_without_date(void)
{
	TasksyncCall call = kit_sync(NULL, 0, NULL);
	TasksyncHttpResponse response =
		kit_response(200, "{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],'items':[],"
						  "'full_sync_date_utc':'2026-11-22T09:59:58Z'}");

	response.date[0] = '\0';
	unit_ok(kit_parse(&call, &response).is_stale, "trap 4: without a Date header nobody knows");
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:20 GMT", sizeof(response.date));
	unit_ok(kit_parse(&call, &response).is_stale, "trap 4: 22 seconds are too many");
	response.elapsed_ms = 30000;
	unit_ok(!kit_parse(&call, &response).is_stale, "unless the answer itself took that long");
}

/* answers that must be refused whole: no observation, no cursor, nothing acknowledged */
static const char *const broken[] = {
	"",
	" ",
	"null",
	"true",
	"17",
	"'T1'",
	"[]",
	"{}",
	"{'full_sync':true}",
	"<html><head><title>502 Bad Gateway</title></head></html>",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','content':'secret",
	"{'full_sync':false,'sync_token':'T1','items':[]}}",
	"{'full_sync':false,'sync_token':'T1','items':{}}",
	"{'full_sync':false,'sync_token':'T1','items':'none'}",
	"{'full_sync':false,'sync_token':'T1','items':[null]}",
	"{'full_sync':false,'sync_token':'T1','items':[[]]}",
	"{'full_sync':false,'sync_token':'T1','items':[{}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':''}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':null,'content':'secret'}]}",
	"{'full_sync':false,'sync_token':'T1','labels':[{'id':true}]}",
	"{'full_sync':false,'sync_status':{},'items':[]}",
	"{'full_sync':false,'sync_token':null,'items':[]}",
	"{'full_sync':false,'sync_token':'','items':[]}",
	"{'full_sync':false,'sync_token':17,'items':[]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','content':'secret\\u0000'}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','content':'secret\xff'}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','content':'\xed\xa0\x80'}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','content':'\\ud800'}]}",
	"{'full_sync':false,'sync_token':'T1','items':[{'id':'a','x':1e999}]}",
};

static void
check_refused(const char *body, const char *name)
{
	TasksyncIntent intent = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "a", "{'title':'y'}",
									   "{'title':'x'}", NULL);
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncAnswer answer = kit_answer(&call, 200, body);

	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER && answer.nobservations == 0 &&
				answer.cursor == NULL && answer.coverage == TASKSYNC_COVERS_NOTHING &&
				answer.acks[0].outcome == TASKSYNC_ACK_UNKNOWN && answer.error_code != NULL &&
				answer.error_message != NULL && strstr(answer.error_message, "secret") == NULL,
			"refused: %s (%s)", name, answer.error_message != NULL ? answer.error_message : "-");
}

static void
test_broken(void)
{
	char *deep = palloc(200001);
	char *long_id = palloc0(300);

	for (int i = 0; i < (int) lengthof(broken); i++)
		check_refused(broken[i], psprintf("%.60s", broken[i]));
	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	deep[200000] = '\0';
	check_refused(psprintf("{'full_sync':false,'sync_token':'T1','items':%s}", deep),
				  "nested a hundred thousand times");
	memset(long_id, 'x', 250);
	check_refused(psprintf("{'full_sync':false,'sync_token':'T1','items':[{'id':'%s'}]}", long_id),
				  "an id longer than the hub keeps");
}

/* every prefix of a good answer is refused or says nothing wrong */
static void
test_truncated(void)
{
	const char *body = kit_text("{'full_sync':true,'sync_token':'T1','projects':[" INBOX "],"
								"'items':[" ITEM "],'sections':[],'labels':[]}");
	TasksyncCall call = kit_sync(NULL, 0, NULL);
	int taken = 0;

	for (size_t length = 0; length < strlen(body); length++)
	{
		TasksyncHttpResponse response = kit_response(200, pnstrdup(body, length));

		taken += kit_parse(&call, &response).outcome != TASKSYNC_BAD_ANSWER;
	}
	unit_ok(taken == 0, "an answer cut short is refused at every length (%d were taken)", taken);
}

/* ten thousand items, ten megabytes: linear, not quadratic */
static double
seconds_for(int count)
{
	StringInfoData body;
	TasksyncCall call = kit_sync(NULL, 0, NULL);
	TasksyncHttpResponse response;
	TasksyncAnswer answer;
	double start;

	initStringInfo(&body);
	appendStringInfo(&body, "{'full_sync':true,'sync_token':'T1','projects':[%s],'items':[", INBOX);
	for (int i = 0; i < count; i++)
		appendStringInfo(
			&body,
			"%s{'id':'task%d','project_id':'P0','section_id':null,'parent_id':"
			"null,'content':'Task %d','description':'%0700d','priority':2,'labels':['a',"
			"'b'],'due':{'date':'2026-10-14T05:00:00Z','timezone':'Europe/Lisbon',"
			"'string':'x','lang':'en','is_recurring':false},'checked':false,"
			"'child_order':%d,'added_at':'2026-01-21T21:28:43.841504Z','updated_at':"
			"'2026-01-21T21:28:43Z','deadline':null,'duration':null}",
			i > 0 ? "," : "", (i * 7919) % 100003, i, i, i);
	appendStringInfoString(&body, "]}");
	response = kit_response(200, body.data);
	start = unit_seconds();
	answer = kit_parse(&call, &response);
	start = unit_seconds() - start;
	if (answer.nobservations != count + 1)
		unit_ok(false, "%d items were read as %d", count, answer.nobservations);
	unit_note("%d items, %.1f MB: %.0f ms", count, response.body_length / 1e6, start * 1000);
	return start;
}

int
main(void)
{
	double small;

	unit_start();
	test_item();
	test_completion();
	test_sparse();
	test_containers();
	test_lists();
	test_coverage();
	test_stale_without_date();
	test_broken();
	test_truncated();
	stubs_reset();
	small = seconds_for(1000);
	stubs_reset();
	unit_ok(seconds_for(10000) < Max(small, 0.02) * 40, "reading grows with the number of items");
	return unit_done();
}
