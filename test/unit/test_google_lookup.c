/*
 * test_google_lookup.c
 *	  Google's tasks and lists as observations, and the single look-ups.
 */
#include "postgres.h"

#include "google_kit.h"

#define WHOLE \
	"'kind':'tasks#task','id':'T1','status':'needsAction','updated':'2026-11-22T09:00:00Z'"

/* what a task reads as */
static const TasksyncObservation *
task(const char *members)
{
	TasksyncCall *call = palloc(sizeof(TasksyncCall));
	TasksyncAnswer answer;

	*call = google_sync("{\"format\":1,\"listed\":\"2026-11-22T09:59:00Z\",\"default\":\"\"}", 1);
	answer = kit_answer(call, 200, google_tasks(psprintf("{%s}", members), ""));
	return answer.nobservations == 1 ? &answer.observations[0] : NULL;
}

static const char *
field(const char *members, TasksyncField f)
{
	return kit_field(task(psprintf(WHOLE ",%s", members))->record, f);
}

static void
test_fields(void)
{
	const TasksyncObservation *bare = task(WHOLE);

	unit_is(kit_field(bare->record, TASKSYNC_F_PROJECT), "L1", "it is in the list that was read");
	unit_is(kit_field(bare->record, TASKSYNC_F_PARENT), "(null)", "at the top without a parent");
	unit_is(kit_field(bare->record, TASKSYNC_F_DESCRIPTION), "", "absent notes are empty ones");
	unit_is(kit_field(bare->record, TASKSYNC_F_DUE_DATE), "(null)", "no due is no date");
	unit_is(kit_field(bare->record, TASKSYNC_F_TITLE), "(no title)", "trap 23: an empty title");
	unit_ok(bare->edited_at == google_time("2026-11-22T09:00:00Z"), "when it was changed");
	unit_ok(bare->raw == NULL && !bare->is_read_only, "nothing else to keep");
	unit_is(field("'title':'  x '", TASKSYNC_F_TITLE), "  x ", "a title as told");
	unit_is(field("'notes':'a\\nb'", TASKSYNC_F_DESCRIPTION), "a\nb", "notes as told");
	unit_is(field("'title':'&lt;b&gt;'", TASKSYNC_F_TITLE), "&lt;b&gt;",
			"trap 24: entities are text");
	unit_is(field("'parent':'T9'", TASKSYNC_F_PARENT), "T9", "a subtask");
	unit_is(field("'status':'completed','completed':'2026-11-22T08:15:30.000Z'",
				  TASKSYNC_F_STATUS),
			"done", "a completed one");
	unit_is(field("'status':'completed','completed':'2026-11-22T08:15:30.000Z'",
				  TASKSYNC_F_COMPLETED_AT),
			"2026-11-22T08:15:30Z", "with its time");
	unit_is(field("'status':'snoozed'", TASKSYNC_F_STATUS), "(absent)", "an unknown status");
	unit_is(field("'status':'completed','hidden':true", TASKSYNC_F_STATUS), "done",
			"traps 5 and 18: hidden means nothing but completed");
	unit_is(field("'title':7", TASKSYNC_F_TITLE), "(absent)", "a title that is none");
	unit_is(field("'parent':7", TASKSYNC_F_PROJECT), "(absent)", "a place that is not understood");
}

static void
test_dates(void)
{
	unit_is(field("'due':'2026-10-02T00:00:00.000Z'", TASKSYNC_F_DUE_DATE), "2026-10-02",
			"trap 2: the first ten characters");
	unit_is(field("'due':'2026-10-02T23:59:59-08:00'", TASKSYNC_F_DUE_DATE), "2026-10-02",
			"trap 3: in no zone");
	unit_is(field("'due':'2026-10-02'", TASKSYNC_F_DUE_DATE), "2026-10-02", "alone");
	unit_is(field("'due':'2026-02-30T00:00:00Z'", TASKSYNC_F_DUE_DATE), "(absent)",
			"a day that does not exist is not told");
	unit_is(field("'due':'soon'", TASKSYNC_F_DUE_DATE), "(absent)", "nor is a word");
	unit_is(field("'due':null", TASKSYNC_F_DUE_DATE), "(null)", "null is none");
	unit_is(field("'due':'2026-10-02T10:00:00Z'", TASKSYNC_F_DUE_TIME), "(absent)",
			"trap 2: no time of day");
}

static void
test_odd_objects(void)
{
	const TasksyncObservation *seen = task("'id':'T1','updated':'2026-11-22T09:00:00Z'");

	unit_is(kit_field(seen->record, TASKSYNC_F_DESCRIPTION), "(absent)",
			"what is no task beyond doubt empties nothing");
	seen = task("'id':'T1','deleted':true,'title':'Gone','updated':'2026-11-22T09:00:00Z'");
	unit_ok(seen->state == TASKSYNC_REMOTE_DELETED && seen->record == NULL, "a tombstone");
	unit_is(seen->container_id, "L1", "in this list");
	seen = task(WHOLE ",'links':[{'type':'email','link':'https://x'}],"
					  "'assignmentInfo':{'surfaceType':'BRAND_NEW'}");
	unit_ok(seen->is_read_only, "trap 16: an assigned task");
	unit_is(tasksync_json_text(seen->raw),
			"{\"assignmentInfo\":{\"surfaceType\":\"BRAND_NEW\"},\"links\":[{\"link\":"
			"\"https://x\",\"type\":\"email\"}]}",
			"trap 27: links and assignments are kept");
	unit_ok(task(psprintf("'id':'%0201d'", 1)) == NULL, "an id too long to keep");
	unit_ok(task(WHOLE ",'links':[]")->raw == NULL, "no links are nothing to keep");
}

/* ---- does it live? ---- */

static const char *const states[] = {"live", "deleted", "gone", "hidden", "moved"};

static const char *
state_of(int status, const char *body)
{
	TasksyncCall *call = palloc(sizeof(TasksyncCall));
	TasksyncAnswer answer;

	*call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_TASK, "T1");
	call->container_id = "L1";
	answer = kit_answer(call, status, body);
	if (answer.outcome != TASKSYNC_OK)
		return psprintf("no answer %d", answer.outcome);
	if (answer.nobservations != 1 || answer.coverage != TASKSYNC_COVERS_POINT ||
		strcmp(answer.observations[0].remote_id, "T1") != 0 ||
		(answer.observations[0].record != NULL) !=
			(answer.observations[0].state == TASKSYNC_REMOTE_LIVE))
		return "nonsense";
	return states[answer.observations[0].state];
}

static void
test_point_reads(void)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_TASK, "T1");
	TasksyncHttpRequest request;

	unit_is(state_of(200, "{" WHOLE "}"), "live", "a task that lives");
	unit_is(state_of(200, "{'id':'T1','deleted':true}"), "deleted", "a tombstone");
	unit_is(state_of(404, google_error("notFound")), "gone", "gone");
	unit_is(state_of(410, google_error("deleted")), "gone", "gone in another way");
	unit_is(state_of(400, google_unknown_list()), "gone", "gone in words");
	unit_is(state_of(403, google_error("forbidden")), "hidden", "not for us is not gone");
	unit_is(state_of(404, "<html>"), "no answer 6", "any other 404 proves nothing");
	unit_is(state_of(400, google_error("invalid")), "no answer 5", "nor does any other 400");
	unit_is(state_of(500, ""), "no answer 1", "nor trouble");
	unit_is(state_of(200, "{" WHOLE ",'id':'T2'}"), "no answer 6", "nor another task");
	unit_is(state_of(200, "[]"), "no answer 6", "nor a list");
	call.container_id = "L1";
	request = kit_build(&call);
	unit_is(google_path(&request), "/tasks/v1/lists/L1/tasks/T1", "asked for in its list");
	call.container_id = NULL;
	request = kit_build(&call);
	unit_ok(request.url != NULL && kit_answer(&call, 200, "{}").nobservations == 0,
			"without a list nothing is said");
	unit_ok(kit_answer(&call, 404, google_error("notFound")).outcome == TASKSYNC_BAD_REQUEST,
			"whatever is answered");
	call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_PROJECT, "L1");
	request = kit_build(&call);
	unit_is(google_path(&request), "/tasks/v1/users/@me/lists/L1", "a list");
	unit_ok(kit_answer(&call, 200, "{'id':'L1','title':'x'}").observations[0].state ==
				TASKSYNC_REMOTE_LIVE,
			"lives as well");
}

/* ---- where does it live now? ---- */

static const char *
pair(int n, const char *status, const char *body)
{
	return psprintf("--B\r\nContent-ID: <response-pair-%d>\r\n\r\nHTTP/1.1 %s\r\n\r\n%s\r\n", n,
					status, body);
}

static TasksyncAnswer
batch_answer(TasksyncCall *call, const char *body)
{
	TasksyncHttpResponse response = kit_response(200, body);

	strlcpy(response.content_type, "multipart/mixed; boundary=B", sizeof(response.content_type));
	return kit_parse(call, &response);
}

static void
test_search(void)
{
	static const char *ids[] = {"T1", "T2"};
	TasksyncCall call = google_sync(NULL, 1);
	TasksyncHttpRequest request;
	TasksyncAnswer answer;
	const char *missing = google_error("notFound");

	call.type = TASKSYNC_CALL_MOVED_IDS;
	call.kind = TASKSYNC_TASK;
	call.nremote_ids = 2;
	call.remote_ids = ids;
	request = kit_build(&call);
	unit_is(google_path(&request), "/tasks/v1/users/@me/lists", "first the lists are named");
	answer = kit_answer(&call, 200, google_lists("{'id':'L1','title':'a'}", "P2"));
	unit_ok(answer.has_more && answer.nobservations == 0, "page by page");
	call.cursor = answer.cursor;
	request = kit_build(&call);
	unit_is(google_parameter(&request, "pageToken"), "P2", "the next one");
	answer = kit_answer(&call, 200, google_lists("{'id':'L2','title':'b'}", ""));
	call.cursor = answer.cursor;
	request = kit_build(&call);
	unit_is(google_path(&request), "/batch", "then each task is asked for in each list");
	unit_ok(strstr(request.body, "GET /tasks/v1/lists/L2/tasks/T1?") != NULL, "as a read");
	answer = batch_answer(&call, psprintf("%s%s%s%s--B--", pair(0, "404 X", missing),
										  pair(1, "404 X", missing),
										  pair(2, "200 OK", "{" WHOLE "}"),
										  pair(3, "404 X", missing)));
	unit_ok(answer.outcome == TASKSYNC_OK && !answer.has_more && answer.nobservations == 1,
			"one is found");
	unit_is(answer.observations[0].remote_id, "T1", "under its id");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_PROJECT), "L2", "in its new list");
	answer = batch_answer(&call, psprintf("%s%s%s--B--", pair(0, "404 X", missing),
										  pair(1, "404 X", missing),
										  pair(2, "503 X", google_error("backendError"))));
	unit_ok(answer.outcome == TASKSYNC_TRY_LATER && answer.nobservations == 0,
			"one that is not answered leaves all open");
	answer = batch_answer(&call, "--B--");
	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER, "as does one that is missing");
	call.cursor = NULL;
	answer = kit_answer(&call, 200, google_lists("", ""));
	unit_ok(answer.outcome == TASKSYNC_OK && !answer.has_more, "without lists there is nothing");
}

int
main(void)
{
	unit_start();
	kit_provider = "google_tasks";
	test_fields();
	test_dates();
	test_odd_objects();
	test_point_reads();
	test_search();
	return unit_done();
}
