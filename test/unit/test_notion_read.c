/*
 * test_notion_read.c
 *	  The order of questions in which all linked data sources are read, windows,
 *	  cursors, and containers in trouble.
 */
#include "postgres.h"

#include "notion_kit.h"

#define QUERY_A                                                                             \
	"POST data_sources/" SOURCE_A "/query?filter_properties=title&filter_properties=Z%3ClH" \
	"&filter_properties=M%3BBw&filter_properties=prio&filter_properties=tags"               \
	"&filter_properties=note&filter_properties=up&filter_properties=sync "
#define MORE "'next_cursor':'C2','has_more':true"

/* a read that is answered in turn; notes what was asked, without bodies */
typedef struct Reading
{
	TasksyncCall call;
	TasksyncAnswer answer;
	const char *asked;
	const char *complete;
	const char *troubles;
	const char *body; /* of the last request */
} Reading;

static Reading
start(const char *cursor)
{
	Reading reading = {.asked = "", .complete = "", .troubles = ""};

	reading.call = notion_sync(cursor);
	return reading;
}

static const char *
short_name(const char *id)
{
	return strcmp(id, SOURCE_A) == 0 ? "A" : strcmp(id, SOURCE_B) == 0 ? "B" : id;
}

static const char *
short_request(const TasksyncHttpRequest *request)
{
	const char *text = notion_request_text(request);
	const char *which = strstr(text, SOURCE_A) != NULL   ? "A"
						: strstr(text, SOURCE_B) != NULL ? "B"
														 : "";

	if (strstr(text, "/query") != NULL)
		return psprintf("query %s", which);
	if (strstr(text, "search") != NULL)
		return "search";
	if (strstr(text, "markdown") != NULL)
		return "body";
	return psprintf("%s %s", strstr(text, "databases/") != NULL ? "database" : "schema", which);
}

static void
answer(Reading *reading, int status, const char *body)
{
	TasksyncHttpRequest request = kit_build(&reading->call);

	reading->asked =
		psprintf("%s%s%s", reading->asked, *reading->asked ? ", " : "", short_request(&request));
	reading->body = request.body != NULL ? request.body : "";
	reading->answer = kit_answer(&reading->call, status, body);
	for (int i = 0; i < reading->answer.ncomplete; i++)
		reading->complete =
			psprintf("%s%s", reading->complete, short_name(reading->answer.complete[i]));
	for (int i = 0; i < reading->answer.ntroubles; i++)
		reading->troubles =
			psprintf("%s%s=%s ", reading->troubles,
					 short_name(reading->answer.troubles[i].remote_id),
					 reading->answer.troubles[i].code != NULL ? reading->answer.troubles[i].code
															  : "well");
	if (reading->answer.cursor != NULL)
		reading->call.cursor = reading->answer.cursor;
}

static const char *
schema(const char *id)
{
	return notion_source(id, strcmp(id, SOURCE_A) == 0 ? "Tasks" : "Other",
						 strcmp(id, SOURCE_A) == 0
							 ? notion_properties_text()
							 : "'Name':{'id':'title','type':'title','title':{}}");
}

static const char *
row(int n, const char *created, const char *edited)
{
	return notion_page(n, notion_title("x"),
					   psprintf("'created_time':'%s','last_edited_time':'%s'", created, edited));
}

static const char *
place(const Reading *reading, const char *id, const char *key)
{
	const char *error;
	json_t *state = tasksync_json_parse(reading->call.cursor, strlen(reading->call.cursor), &error);
	const char *value =
		tasksync_json_string(json_object_get(json_object_get(state, "in"), id), key);

	return value != NULL ? value : "(none)";
}

/* ---- rounds ---- */

static void
test_first_read(void)
{
	Reading reading = start(NULL);

	answer(&reading, 200,
		   notion_list(notion_source("cccccccc-0000-4000-8000-00000000000c", "New",
									 notion_properties_text()),
					   ""));
	unit_is(reading.body,
			kit_text("{'filter':{'property':'object','value':'data_source'},'page_size':100,"
					 "'sort':{'direction':'descending','timestamp':'last_edited_time'}}"),
			"trap 24: a search is for finding data sources");
	unit_ok(reading.answer.nobservations == 1 &&
				reading.answer.observations[0].kind == TASKSYNC_PROJECT &&
				reading.answer.observations[0].raw != NULL && reading.answer.has_more,
			"which come with their schema and a proposed mapping");
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), MORE));
	unit_is(reading.body,
			kit_text("{'page_size':100,'sorts':[{'direction':'ascending','timestamp':"
					 "'created_time'}]}"),
			"a whole read has no filter and a firm order");
	unit_ok(reading.answer.is_whole, "and says what it is");
	answer(&reading, 200,
		   notion_list(row(2, "2026-11-20T09:00:00.000Z", "2026-11-22T08:00:00.000Z"), ""));
	unit_ok(strstr(reading.body, "\"start_cursor\":\"C2\"") != NULL, "the next page by its cursor");
	unit_is(reading.complete, "A", "complete at its end");
	answer(&reading, 200, schema(SOURCE_B));
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.complete, "A", "one without a row is not believed to be empty at once");
	answer(&reading, 200, schema(SOURCE_B));
	unit_is(reading.asked, "search, schema A, query A, query A, schema B, query B, schema B",
			"in this order");
	unit_is(reading.complete, "AB", "only when it is alive itself");
	unit_is(reading.troubles, "A=well B=well B=well ",
			"and whatever was said of them before is over");
	unit_ok(!reading.answer.has_more, "the end");
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:43:00Z",
			"the place is what every query shows by now");
}

static void
test_quiet_round(void)
{
	Reading reading = start(notion_cursor());

	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.body,
			kit_text("{'filter':{'last_edited_time':{'on_or_after':'2026-11-22T09:48:00Z'},"
					 "'timestamp':'last_edited_time'},'page_size':100,'sorts':[{'direction':"
					 "'ascending','timestamp':'last_edited_time'}]}"),
			"trap 1: on or after, and two minutes earlier");
	unit_ok(!reading.answer.is_whole, "changes are not the whole");
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "query A, query B", "one query each");
	unit_is(reading.complete, "", "nothing is complete by that");
	unit_ok(!reading.answer.has_more, "the end");
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:50:00Z", "the place stays");
}

static void
test_places(void)
{
	Reading reading = start(notion_cursor());

	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T09:55:00.000Z"), ""));
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:55:00Z", "the newest edit");
	reading = start(notion_cursor());
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T10:00:00.000Z"), ""));
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:58:00Z",
			"trap 1: never nearer than two minutes, by the service's clock");
	reading = start(notion_cursor());
	reading.call.now = notion_time("2026-11-22T10:20:00Z");
	answer(&reading, 200, notion_list("", ""));
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:50:00Z",
			"our own clock has no part in it");
	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z','in':{'" SOURCE_A "':{'v':7,"
							 "'at':'2026-11-22T03:00:00Z','swept':'2026-11-22T01:00:00Z'}}}"));
	answer(&reading, 200, notion_list("", ""));
	unit_is(place(&reading, SOURCE_A, "at"), "2026-11-22T09:43:00Z",
			"an old place follows, so that a mass change is not read for ever");
}

static void
test_looking(void)
{
	Reading reading = start(kit_text("{'looked':'2026-11-22T08:59:00Z','in':{"
									 "'" SOURCE_A "':{'v':7,'at':'2026-11-22T09:50:00Z',"
									 "'swept':'2026-11-22T01:00:00Z'},"
									 "'" SOURCE_B "':{'v':6,'at':'2026-11-22T09:50:00Z',"
									 "'swept':'2026-11-22T01:00:00Z'}}}"));

	answer(&reading, 200, notion_list("", "'next_cursor':'S','has_more':true"));
	answer(&reading, 400, notion_error(400, "validation_error", ""));
	answer(&reading, 200, notion_list("", ""));
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200, notion_list("", ""));
	answer(&reading, 200, schema(SOURCE_B));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), ""));
	unit_is(reading.asked, "search, search, search, schema A, query A, schema B, query B",
			"after an hour: what there is, the schemas; another version is read whole");
	unit_is(reading.complete, "B", "that one");
	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z','in':{'" SOURCE_A "':{'v':7,"
							 "'at':'2026-11-22T09:50:00Z','swept':'2026-11-21T09:59:00Z'}}}"));
	reading.call.ncontainers = 1;
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), ""));
	unit_is(reading.complete, "A",
			"trap 14: after a day everything, as what is trashed leaves no mark");
	reading = start(notion_cursor());
	reading.call.ncontainers = 0;
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "search", "with nothing linked, what there could be");
	reading = start("{\"todo\":[{\"do\":\"read\"},{},7],\"in\":[]}");
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "search", "a cursor that is none begins from nothing");
}

static void
test_windows(void)
{
	const char *cut = "'next_cursor':null,'has_more':false,'request_status':{'type':'incomplete',"
					  "'incomplete_reason':'query_result_limit_reached'}";
	const char *whole = kit_text("{'looked':'2026-11-22T09:59:00Z','in':{}}");
	Reading reading = start(whole);

	reading.call.ncontainers = 1;
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), cut));
	unit_is(reading.complete, "", "trap 23: has_more:false after 10,000 rows is no end");
	answer(&reading, 200,
		   notion_list(row(2, "2026-11-20T09:00:00.000Z", "2026-11-21T08:00:00.000Z"), cut));
	unit_ok(strstr(reading.body,
				   kit_text("'created_time':{'on_or_after':'2026-11-20T08:00:00Z'}")) != NULL,
			"the next window begins at the last creation");
	answer(&reading, 200,
		   notion_list(row(3, "2026-11-20T10:00:00.000Z", "2026-11-21T08:00:00.000Z"),
					   "'next_cursor':null,'has_more':false,"
					   "'request_status':{'type':'complete'}"));
	unit_is(reading.complete, "A", "the last one ends it");
	reading = start(whole);
	reading.call.ncontainers = 1;
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), cut));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), cut));
	unit_is(psprintf("%s%s", reading.complete, reading.troubles), "A=well A=too_many_rows ",
			"so many in one minute that no window helps: named, and never complete");
	reading = start(notion_cursor());
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T09:51:00.000Z"), cut));
	answer(&reading, 200, notion_list("", MORE));
	unit_ok(strstr(reading.body, "created_time") != NULL,
			"too many changes to list: the whole is read");
}

static void
test_restarts(void)
{
	Reading reading = start(notion_cursor());

	answer(&reading, 200, notion_list("", MORE));
	answer(&reading, 400, notion_error(400, "validation_error", ""));
	answer(&reading, 200, notion_list("", ""));
	unit_ok(strstr(reading.body, "start_cursor") == NULL, "an expired cursor: from the beginning");
	reading = start(notion_cursor());
	answer(&reading, 400, notion_error(400, "validation_error", ""));
	answer(&reading, 400, notion_error(400, "validation_error", ""));
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 400, notion_error(400, "validation_error", ""));
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "query A, query A, schema A, query A, query B",
			"trap 11: a question that is refused: again, then with the schema, then not any more");
	unit_is(reading.troubles, "A=query_refused ", "and the container says so; the others go on");
}

static void
test_troubles(void)
{
	Reading reading = start(notion_cursor());

	answer(&reading, 404, notion_error(404, "object_not_found", ""));
	answer(&reading, 200, notion_list("", ""));
	unit_is(psprintf("%s%s", reading.troubles, reading.complete), "A=unshared ",
			"trap 18: not shared any more is a trouble, and nothing is missing by that");
	answer(&reading, 404, notion_error(404, "object_not_found", ""));
	unit_is(reading.asked, "query A, query B, schema A", "in the next round it is asked how it is");
	answer(&reading, 200, notion_list("", ""));
	answer(&reading, 200, schema(SOURCE_A));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-21T08:00:00.000Z"), ""));
	unit_is(psprintf("%s%s", reading.troubles, reading.complete), "A=unshared A=unshared A=well A",
			"when it is back it is well, and read whole");

	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z'}"));
	answer(&reading, 200,
		   psprintf("%.*s,'in_trash':true}", (int) strlen(schema(SOURCE_A)) - 1, schema(SOURCE_A)));
	answer(&reading, 200,
		   psprintf("%.*s,'is_archived':true}", (int) strlen(schema(SOURCE_B)) - 1,
					schema(SOURCE_B)));
	unit_is(psprintf("%s%s", reading.troubles, reading.complete), "A=trashed B=archived ",
			"in the trash, archived: the same");

	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z'}"));
	answer(&reading, 200, notion_source(SOURCE_A, "Other", notion_properties_text()));
	unit_is(reading.troubles, "A=equal_names ", "two of the same name");
	answer(&reading, 403, notion_error(403, "restricted_resource", ""));
	unit_is(reading.troubles, "A=equal_names A=no_read_capability ", "no right to read");

	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z'}"));
	answer(&reading, 200,
		   notion_source(SOURCE_A, "Tasks",
						 "'Name':{'id':'title','type':'title',"
						 "'title':{}}"));
	unit_is(reading.troubles, "A=property_missing ", "a mapped property deleted");
	unit_ok(reading.answer.nobservations == 1 && reading.answer.observations[0].raw != NULL,
			"the new schema is kept, to choose from");
	answer(&reading, 200, schema(SOURCE_B));
	unit_is(reading.asked, "schema A, schema B", "its rows are not read");

	reading = start(kit_text("{'looked':'2026-11-22T09:59:00Z'}"));
	notion_set_config(&reading.call, json_object());
	answer(&reading, 404, notion_error(404, "object_not_found", ""));
	answer(&reading, 200,
		   "{'object':'database','id':'" SOURCE_A "','data_sources':[{'id':'" SOURCE_B
		   "','name':'One'}]}");
	unit_is(reading.asked, "schema A, database A", "trap 19: never seen: perhaps a database's id");
	unit_is(reading.troubles, "A=database_id ", "then its data sources are named");
	unit_ok(strstr(reading.answer.troubles[0].message, SOURCE_B) != NULL, "by id");
}

static void
test_bodies(void)
{
	Reading reading = start(notion_cursor());
	json_t *config = notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
								   "{'description':{'body':true}}");
	const char *rows =
		psprintf("%s,%s", row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T09:55:00.000Z"),
				 row(2, "2026-11-20T08:00:00.000Z", "2026-11-22T09:55:00.000Z"));

	notion_set_config(&reading.call, config);
	answer(&reading, 200, notion_list(rows, ""));
	answer(&reading, 200,
		   psprintf("{'object':'page_markdown','id':'%s','markdown':'a','truncated':"
					"false}",
					notion_page_id(1)));
	unit_is(kit_field(reading.answer.observations[0].record, TASKSYNC_F_DESCRIPTION), "a",
			"a body as the description");
	answer(&reading, 404, notion_error(404, "object_not_found", ""));
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "query A, body, body, query B", "one request for each changed page");
	answer(&reading, 200, notion_list(rows, ""));
	answer(&reading, 200, notion_list("", ""));
	unit_is(reading.asked, "query A, body, body, query B, query A, query B",
			"and none for what the overlap shows again");
	reading = start(notion_cursor());
	notion_set_config(&reading.call, config);
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T10:00:00.000Z"), ""));
	answer(&reading, 200,
		   psprintf("{'object':'page_markdown','id':'%s','markdown':'a <unknown/>',"
					"'truncated':true}",
					notion_page_id(1)));
	unit_is(kit_field(reading.answer.observations[0].record, TASKSYNC_F_DESCRIPTION), "(absent)",
			"a body with more than text in it says nothing");
	answer(&reading, 200, notion_list("", ""));
	answer(&reading, 200,
		   notion_list(row(1, "2026-11-20T08:00:00.000Z", "2026-11-22T10:00:00.000Z"), ""));
	unit_ok(reading.answer.has_more && reading.answer.nobservations == 1, "a fresh edit");
	answer(&reading, 200,
		   psprintf("{'object':'page_markdown','id':'%s','markdown':'b'}", notion_page_id(1)));
	unit_is(reading.asked, "query A, body, query B, query A, body",
			"trap 1: within the same minute it may have changed again");
}

static void
test_bad_answers(void)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{'object':'list'}",
		"{'object':'list','results':{}}",
		"{'object':'list','results':[],'has_more':true}",
		"{'object':'page','results':[]}",
		"nul",
	};

	for (int i = 0; i < (int) lengthof(bad); i++)
	{
		Reading reading = start(notion_cursor());

		answer(&reading, 200, bad[i]);
		unit_ok(reading.answer.outcome == TASKSYNC_BAD_ANSWER && reading.answer.cursor == NULL &&
					reading.answer.ncomplete == 0 && reading.answer.error_code != NULL,
				"nothing is believed of: %s", bad[i]);
	}
}

int
main(void)
{
	TasksyncCall call;
	TasksyncHttpRequest request;

	unit_start();
	call = notion_sync(notion_cursor());
	request = kit_build(&call);
	unit_ok(strncmp(notion_request_text(&request), QUERY_A, strlen(QUERY_A)) == 0,
			"trap 20: only what is mapped is asked for, ids in the path of the query as they are");
	unit_is(request.headers[0], "Notion-Version: 2026-03-11", "the version of the interface");
	unit_ok(request.timeout_ms >= 70000, "trap 4: longer than the service takes to say what became"
										 " of it");
	test_first_read();
	test_quiet_round();
	test_places();
	test_looking();
	test_windows();
	test_restarts();
	test_troubles();
	test_bodies();
	test_bad_answers();
	return unit_done();
}
