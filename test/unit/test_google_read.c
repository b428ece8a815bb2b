/*
 * test_google_read.c
 *	  Reading a Google account: which requests, in which order, and what their
 *	  answers say.
 */
#include "postgres.h"

#include "base/clock.h"
#include "google_kit.h"

#define LISTS "/tasks/v1/users/@me/lists"
#define L1 "/tasks/v1/lists/L1/tasks"
#define L2 "/tasks/v1/lists/L2/tasks"
#define DEFAULT_L1 "{'kind':'tasks#taskList','id':'L1','title':'My Tasks'}"
#define BOTH "{'id':'L1','title':'My Tasks'},{'id':'L2','title':'Home'}"
#define TASK(id) \
	"{'kind':'tasks#task','id':'" id "','title':'x','status':'needsAction'," \
	"'updated':'2026-11-22T09:59:00.000Z'}"

/* the cursor after a first read of both lists, one page each */
static const char *
first_cursor(void)
{
	GoogleServed served[] = {{200, DEFAULT_L1},
							 {200, google_lists(BOTH, "")},
							 {200, google_tasks(TASK("T1"), "")},
							 {200, google_tasks(TASK("T2"), "")},
							 {0}};

	return google_read(google_sync(NULL, 2), served).cursor;
}

static void
test_first_read(void)
{
	GoogleServed served[] = {{200, DEFAULT_L1},
							 {200, google_lists(BOTH, "")},
							 {200, google_tasks(TASK("T1") "," TASK("T1b"), "")},
							 {200, google_tasks("", "")},
							 {0}};
	GoogleRead read = google_read(google_sync(NULL, 2), served);
	TasksyncCall call = google_sync(NULL, 2);
	TasksyncHttpRequest request;

	unit_ok(read.last.outcome == TASKSYNC_OK && read.requests == 4, "a first read: 2 + L requests");
	unit_is(read.asked[0], LISTS "/@default", "trap 25: @default is resolved once");
	unit_is(read.asked[1], LISTS, "then the list of lists");
	unit_is(read.asked[2], L1, "then each list, everything");
	unit_is(read.asked[3], L2, "and the next");
	unit_is(read.complete, "L1,L2", "both were shown completely");
	unit_is(read.whole, "--ww", "as whole reads");
	unit_is(read.seen, "L1,L2,T1,T1b", "with what is in them");
	unit_is(read.troubles, "L1=well,L2=well", "and they are well");
	call = google_sync(NULL, 2);
	request = kit_build(&call);
	unit_is(google_parameter(&request, "prettyPrint"), "false", "no blanks are wanted");
	unit_ok(request.method == TASKSYNC_GET && request.body == NULL, "reads are GET");
}

static void
test_parameters(void)
{
	TasksyncCall call = google_sync(first_cursor(), 2);
	TasksyncHttpRequest request = kit_build(&call);

	unit_is(google_path(&request), L1, "a quiet round begins with the first list");
	unit_is(google_parameter(&request, "maxResults"), "100", "trap 6: pages of 100");
	unit_is(google_parameter(&request, "showCompleted"), "true", "trap 5: completed ones");
	unit_is(google_parameter(&request, "showHidden"), "true", "trap 5: hidden ones");
	unit_is(google_parameter(&request, "showDeleted"), "true", "tombstones");
	unit_is(google_parameter(&request, "showAssigned"), "true", "trap 16: assigned ones");
	unit_is(google_parameter(&request, "updatedMin"), "2026-11-22T09%3A55%3A00Z",
			"changes since Google's clock, five minutes overlap, in UTC");
	unit_ok(strstr(google_parameter(&request, "fields"), "nextPageToken") != NULL,
			"the token of the next page is asked for");
	unit_ok(google_parameter(&request, "dueMin") == NULL, "no filter by date");
}

static void
test_quiet_rounds(void)
{
	GoogleServed served[] = {{200, google_tasks("", "")}, {200, google_tasks("", "")}, {0}};
	GoogleServed later[] = {{200, google_lists(BOTH, "")},
							{200, google_tasks("", "")},
							{200, google_tasks("", "")},
							{0}};
	TasksyncCall call = google_sync(first_cursor(), 2);
	GoogleRead read = google_read(call, served);

	unit_ok(read.requests == 2, "a quiet round: exactly L requests");
	unit_ok(read.complete == NULL && read.seen == NULL && read.troubles == NULL,
			"which say nothing");
	unit_is(read.whole, "--", "and are no whole reads");
	call.cursor = read.cursor;
	call.now += USECS_PER_HOUR;
	read = google_read(call, later);
	unit_ok(read.requests == 3, "an hour later: the list of lists too");
	unit_is(read.asked[0], LISTS, "at first");
	call.cursor = read.cursor;
	call.wants_containers = true;
	read = google_read(call, later);
	unit_ok(read.requests == 3, "and whenever it is wanted, once");
	call.wants_containers = false;
	call.cursor = read.cursor;
	call.now -= 30 * USECS_PER_DAY;
	read = google_read(call, later);
	unit_ok(read.requests == 3, "a clock that was set back makes it due");
	unit_is(read.whole, "-ww", "as it makes whole reads due");
}

static void
test_no_lists(void)
{
	GoogleServed first[] = {{200, DEFAULT_L1}, {200, google_lists(BOTH, "")}, {0}};
	GoogleServed served[] = {{200, google_lists(BOTH, "")}, {0}};
	TasksyncCall call = google_sync(NULL, 0);
	GoogleRead read = google_read(call, first);

	unit_ok(read.requests == 2 && read.last.outcome == TASKSYNC_OK,
			"with nothing linked only the lists are read");
	unit_ok(read.last.observations[0].is_inbox && !read.last.observations[1].is_inbox,
			"the default list is the inbox");
	unit_is(kit_field(read.last.observations[1].record, TASKSYNC_F_NAME), "Home", "with its title");
	call.cursor = read.cursor;
	read = google_read(call, served);
	unit_ok(read.requests == 1, "one request in each round");
}

static void
test_whole_days(void)
{
	GoogleServed served[] = {{200, google_lists(BOTH, "")},
							 {200, google_tasks(TASK("T1"), "")},
							 {200, google_tasks("", "")},
							 {0}};
	TasksyncCall call = google_sync(first_cursor(), 2);
	TasksyncContainer other[] = {{.remote_id = "L1", .version = 7},
								 {.remote_id = "L2", .version = 9}};
	GoogleServed quiet[] = {{200, google_tasks("", "")}, {200, google_tasks("", "")}, {0}};
	GoogleRead read;

	call.now += 24 * USECS_PER_HOUR;
	read = google_read(call, served);
	unit_is(read.whole, "-ww", "once a day every list is read whole");
	unit_is(read.asked[1], L1, "without a lower bound");
	call = google_sync(first_cursor(), 2);
	call.containers = other;
	read = google_read(call, quiet);
	unit_is(read.whole, "-w", "a link whose scope changed is read whole");
	call = google_sync(first_cursor(), 1);
	read = google_read(call, quiet);
	call = google_sync(read.cursor, 2);
	read = google_read(call, quiet);
	unit_is(read.whole, "-w", "and one that was unlinked and linked again");
}

static void
test_pages(void)
{
	GoogleServed served[] = {{200, google_tasks(TASK("T1"), "P2"), "Sun, 22 Nov 2026 11:00:00 GMT"},
							 {200, google_tasks(TASK("T2"), "P3"), "Sun, 22 Nov 2026 11:00:03 GMT"},
							 {200, google_tasks(TASK("T3"), "")},
							 {0}};
	TasksyncCall call = google_sync(first_cursor(), 1);
	GoogleRead read = google_read(call, served);
	TasksyncHttpRequest request;

	unit_ok(read.requests == 3, "as many requests as pages");
	unit_is(read.asked[1], L1 " page P2 since 2026-11-22T09%3A55%3A00Z",
			"trap 25: pages repeat the question");
	unit_is(read.seen, "T1,T2,T3", "all of them count");
	call.cursor = read.cursor;
	request = kit_build(&call);
	unit_is(google_parameter(&request, "updatedMin"), "2026-11-22T10%3A55%3A00Z",
			"the next read begins where the first page was made");
}

static void
test_whole_pages(void)
{
	GoogleServed served[] = {{200, DEFAULT_L1},
							 {200, google_lists(BOTH, "")},
							 {200, google_tasks(TASK("T1"), "P2")},
							 {200, google_tasks(TASK("T2"), "")},
							 {200, google_tasks(TASK("T3"), "")},
							 {0}};
	GoogleRead read = google_read(google_sync(NULL, 1), served);
	GoogleServed busy[] = {{200, DEFAULT_L1},
						   {200, google_lists(BOTH, "")},
						   {200, google_tasks(TASK("T1"), "P2")},
						   {200, google_tasks(TASK("T2"), "")},
						   {200, google_tasks(TASK("T3"), "P2")},
						   {200, google_tasks(TASK("T4"), "")},
						   {200, google_tasks(TASK("T5"), "P2")},
						   {200, google_tasks(TASK("T6"), "")},
						   {200, google_tasks(TASK("T7"), "P2")},
						   {200, google_tasks(TASK("T8"), "")},
						   {0}};
	GoogleServed undated[] = {{200, DEFAULT_L1},
							  {200, google_lists(BOTH, "")},
							  {200, google_tasks(TASK("T1"), "P2"), ""},
							  {200, google_tasks(TASK("T2"), "")},
							  {200, google_tasks("", "")},
							  {0}};

	unit_ok(read.requests == 5, "a whole read of several pages is followed up");
	unit_is(read.asked[4], L1 " since 2026-11-22T09%3A59%3A50Z",
			"trap 7: by what changed since its first page");
	unit_is(read.complete, "L1", "and complete then");
	unit_is(read.whole, "--www", "as part of the whole read");
	read = google_read(google_sync(NULL, 1), busy);
	unit_ok(read.requests == 10 && read.complete == NULL,
			"trap 7: a list that is too busy to be sure of is not complete");
	read = google_read(google_sync(NULL, 1), undated);
	unit_is(read.asked[4], L1 " since 2026-11-22T09%3A58%3A50Z",
			"without a Date header the latest stamp in it is Google's clock");
}

static void
test_endless_pages(void)
{
	GoogleServed same[] = {{200, google_tasks(TASK("T1"), "P2")},
						   {200, google_tasks(TASK("T1"), "P2")},
						   {0}};
	GoogleServed empty[] = {{200, "{'kind':'tasks#tasks','nextPageToken':''}"}, {0}};
	GoogleRead read = google_read(google_sync(first_cursor(), 1), same);
	TasksyncCall call;

	unit_ok(read.last.outcome == TASKSYNC_BAD_ANSWER, "trap 25: a repeated token is no answer");
	unit_is(read.last.error_code, "endless_pages", "with its own code");
	unit_ok(read.last.cursor == NULL && read.last.nobservations == 0, "of which nothing is taken");
	read = google_read(google_sync(first_cursor(), 1), empty);
	unit_ok(read.last.outcome == TASKSYNC_OK && !read.last.has_more,
			"trap 25: an empty token ends the pages, missing items are none");
	call = google_sync(first_cursor(), 1);
	for (int i = 0; i < 1200 && call.cursor != NULL; i++)
	{
		TasksyncAnswer answer = kit_answer(&call, 200, google_tasks("", psprintf("P%d", i)));

		call.cursor = answer.cursor;
	}
	unit_ok(call.cursor == NULL, "tokens that never end are stopped");
}

static void
test_wrong_answers(void)
{
	static const char *const bodies[] = {
		"", "null", "[]", "{}", "{'kind':'tasks#task'}", "{'kind':'tasks#tasks','items':{}}",
		"{'kind':'tasks#tasks','items':[1]}", "{'kind':'tasks#tasks','items':[{'id':''}]}",
		"{'kind':'tasks#tasks','items':[{'title':'no id'}]}", "{'kind':'tasks#tasks','items':[",
		"<html>busy</html>",
	};
	TasksyncCall call = google_sync(first_cursor(), 1);

	for (int i = 0; i < (int) lengthof(bodies); i++)
	{
		TasksyncAnswer answer = kit_answer(&call, 200, bodies[i]);

		unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER && answer.cursor == NULL &&
					answer.ncomplete == 0 && answer.nobservations == 0,
				"nothing is believed of %s", bodies[i]);
	}
}

static void
test_bad_cursor(void)
{
	GoogleServed served[] = {{200, DEFAULT_L1}, {0}};
	GoogleRead read = google_read(google_sync("not json", 1), served);

	unit_is(read.asked[0], LISTS "/@default", "an unreadable cursor is as good as none");
	read = google_read(google_sync("{\"format\":99,\"lists\":{}}", 1), served);
	unit_is(read.asked[0], LISTS "/@default", "and one of another format");
}

/* ---- lists in trouble ---- */

static void
test_deleted_list(void)
{
	GoogleServed served[] = {{404, google_error("notFound")},
							 {200, google_lists("{'id':'L2','title':'Home'}", "")},
							 {404, google_error("notFound")},
							 {200, google_tasks(TASK("T2"), "")},
							 {0}};
	GoogleServed quiet[] = {{200, google_tasks("", "")}, {0}};
	GoogleServed back[] = {{200, google_lists(BOTH, "")},
						   {200, google_tasks(TASK("T1"), "")},
						   {200, google_tasks("", "")},
						   {0}};
	GoogleServed still[] = {{200, google_lists("{'id':'L2','title':'Home'}", "")},
							{200, google_tasks("", "")},
							{0}};
	GoogleServed other[] = {{400, google_unknown_list()},
							{200, google_lists("{'id':'L2','title':'Home'}", "")},
							{400, google_unknown_list()},
							{200, google_tasks("", "")},
							{0}};
	TasksyncCall call = google_sync(first_cursor(), 2);
	GoogleRead read = google_read(call, served);

	unit_is(read.asked[1], LISTS, "an unknown list is looked for in the list of lists");
	unit_is(read.asked[2], LISTS "/L1", "and asked for by its id");
	unit_is(read.troubles, "L1=list_deleted", "then it is in trouble");
	unit_is(read.seen, "L2,T2", "the others are read as ever");
	call.cursor = read.cursor;
	read = google_read(call, quiet);
	unit_ok(read.requests == 1 && read.troubles == NULL, "it is left alone");
	unit_is(read.asked[0], L2 " since 2026-11-22T09%3A55%3A00Z", "the others go on");
	call.now += USECS_PER_HOUR;
	unit_ok(google_read(call, still).requests == 2, "until the lists are read again");
	read = google_read(call, back);
	unit_is(read.troubles, "L1=well", "one that comes back is well");
	unit_is(read.whole, "-w-", "and read whole");
	unit_is(google_read(google_sync(first_cursor(), 2), other).troubles, "L1=list_deleted",
			"the other way to say unknown");
	call = google_sync(first_cursor(), 2);
	call.now += USECS_PER_HOUR;
	read = google_read(call, served + 1);
	unit_is(read.troubles, "L1=list_deleted",
			"absence in the list of lists is looked into as well");
}

static void
test_other_troubles(void)
{
	GoogleServed forbidden[] = {{403, google_error("forbidden")},
								{200, google_tasks("", "")},
								{0}};
	GoogleServed named[] = {{404, google_error("notFound")},
							{200, google_lists(BOTH, "")},
							{404, google_error("notFound")},
							{200, google_tasks("", "")},
							{0}};
	GoogleServed hidden[] = {{200, google_lists("{'id':'L2','title':'Home'}", "")},
							 {200, "{'kind':'tasks#taskList','id':'L1','title':'My Tasks'}"},
							 {200, google_tasks("", "")},
							 {200, google_tasks("", "")},
							 {0}};
	GoogleServed proxy[] = {{404, "<html>not here</html>"}, {0}};
	TasksyncCall call = google_sync(first_cursor(), 2);
	GoogleRead read = google_read(call, forbidden);

	unit_is(read.troubles, "L1=list_forbidden", "a list that may not be read");
	read = google_read(call, named);
	unit_is(read.troubles, "L1=list_unreadable", "one that is named and yet unknown");
	call.now += USECS_PER_HOUR;
	read = google_read(call, hidden);
	unit_ok(read.troubles == NULL && read.requests == 4,
			"one that the list of lists lacked by mistake");
	unit_ok(google_read(google_sync(first_cursor(), 2), proxy).last.outcome == TASKSYNC_BAD_ANSWER,
			"a 404 that is not Google's proves nothing");
}

static void
test_refused_filter(void)
{
	GoogleServed served[] = {{400, google_error("badRequest")},
							 {200, google_tasks(TASK("T1"), "")},
							 {0}};
	GoogleServed page[] = {{200, google_tasks(TASK("T1"), "P2")},
						   {400, google_error("invalid")},
						   {200, google_tasks(TASK("T1"), "P2")},
						   {400, google_error("invalid")},
						   {200, google_tasks(TASK("T1"), "")},
						   {0}};
	GoogleServed always[] = {{400, google_error("badRequest")},
							 {400, google_error("badRequest")},
							 {0}};
	GoogleRead read = google_read(google_sync(first_cursor(), 1), served);

	unit_is(read.asked[1], L1, "a refused lower bound: everything is read");
	unit_is(read.complete, "L1", "and then it is complete");
	read = google_read(google_sync(first_cursor(), 1), page);
	unit_is(read.asked[2], L1 " since 2026-11-22T09%3A55%3A00Z", "a refused page: from the start");
	unit_is(read.asked[4], L1, "and then everything");
	unit_ok(google_read(google_sync(first_cursor(), 1), always).last.outcome ==
				TASKSYNC_BAD_REQUEST,
			"what is refused in every form ends the run");
}

int
main(void)
{
	unit_start();
	kit_provider = "google_tasks";
	test_first_read();
	test_parameters();
	test_quiet_rounds();
	test_no_lists();
	test_whole_days();
	test_pages();
	test_whole_pages();
	test_endless_pages();
	test_wrong_answers();
	test_bad_cursor();
	test_deleted_list();
	test_other_troubles();
	test_refused_filter();
	return unit_done();
}
