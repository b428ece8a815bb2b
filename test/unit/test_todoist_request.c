/*
 * test_todoist_request.c
 *	  The bytes that go to Todoist, command by command and call by call.
 */
#include "postgres.h"

#include "provider/todoist_command.h"
#include "provider/todoist_request.h"
#include "todoist_kit.h"

#define LIVE                                                                               \
	"{'title':'Milk','description':'','status':'open','priority':0,'due_date':null,"       \
	"'due_time':null,'due_timezone':null,'recurrence':null,'labels':[],'project_id':'P1'," \
	"'section_id':null,'parent_id':null,'position':1}"

/* one intent of one command */
static void
check(TasksyncKind kind, TasksyncOp op, const char *patch, const char *before, const char *type,
	  const char *args, const char *name)
{
	const char *remote_id = op == TASKSYNC_OP_CREATE ? NULL : "R1";
	TasksyncIntent intent = kit_intent(1, kind, op, remote_id, patch, before, NULL);

	unit_is(kit_type(intent, 0), type, psprintf("%s: the command", name));
	unit_is(kit_args(intent, 0), kit_text(args), psprintf("%s: its arguments", name));
	unit_ok(kit_args(intent, 1) == NULL, "%s: no second command", name);
}

static void
test_task_commands(void)
{
	static const TasksyncRank ranks[] = {{"H1", "R1", "1.5", "7"}, {"H2", "R2", "2", "8"}};
	TasksyncIntent order =
		kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_ORDER, "R1", "{'position':1.5}", LIVE, NULL);

	check(TASKSYNC_TASK, TASKSYNC_OP_CREATE,
		  "{'title':'Milk','description':'','status':'open','priority':0,'due_date':null,"
		  "'labels':[],'project_id':'P1','section_id':'S1','parent_id':null,'position':0}",
		  NULL, "item_add",
		  "{'auto_parse_labels':false,'content':'Milk','project_id':'P1','section_id':'S1'}",
		  "a plain task");
	check(TASKSYNC_TASK, TASKSYNC_OP_CREATE,
		  "{'title':'Call @ann','description':'a\\nb','status':'open','priority':3,"
		  "'due_date':'2026-10-14','due_time':'09:00:00','due_timezone':null,'labels':['b','a'],"
		  "'project_id':'P1','section_id':'S1','parent_id':'T9','position':4}",
		  NULL, "item_add",
		  "{'auto_parse_labels':false,'child_order':4,'content':'Call @ann','description':'a\\nb',"
		  "'due':{'date':'2026-10-14T09:00:00'},'labels':['a','b'],'parent_id':'T9','priority':4,"
		  "'project_id':'P1'}",
		  "a task with everything");
	check(TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "{'title':'Oat milk'}", LIVE, "item_update",
		  "{'content':'Oat milk','id':'R1'}", "trap 8: only the title when only the title changed");
	check(TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "{'description':'','labels':[],'priority':2}", LIVE,
		  "item_update", "{'description':'','id':'R1','labels':[],'priority':3}",
		  "emptied fields are sent");
	check(TASKSYNC_TASK, TASKSYNC_OP_UPDATE,
		  "{'due_date':null,'due_time':null,'due_timezone':null,'recurrence':null}", LIVE,
		  "item_update", "{'due':null,'id':'R1'}", "a cleared due date");
	check(TASKSYNC_TASK, TASKSYNC_OP_MOVE, "{'project_id':'P2','section_id':null,'parent_id':null}",
		  LIVE, "item_move", "{'id':'R1','project_id':'P2'}", "trap 14: to another project");
	check(TASKSYNC_TASK, TASKSYNC_OP_MOVE, "{'project_id':'P2','section_id':'S2','parent_id':null}",
		  LIVE, "item_move", "{'id':'R1','section_id':'S2'}", "trap 14: into a section");
	check(TASKSYNC_TASK, TASKSYNC_OP_MOVE, "{'project_id':'P2','section_id':'S2','parent_id':'T2'}",
		  LIVE, "item_move", "{'id':'R1','parent_id':'T2'}", "trap 14: below another task");
	check(TASKSYNC_TASK, TASKSYNC_OP_MOVE, "{'parent_id':null}",
		  "{'project_id':'P1','section_id':'S1','parent_id':'T2'}", "item_move",
		  "{'id':'R1','section_id':'S1'}", "trap 14: out of its parent, to where it was");
	check(TASKSYNC_TASK, TASKSYNC_OP_CLOSE, "{'status':'done','due_date':'2026-10-14'}", LIVE,
		  "item_close", "{'id':'R1'}", "trap 7: closing");
	check(TASKSYNC_TASK, TASKSYNC_OP_REOPEN, "{'status':'open'}", LIVE, "item_uncomplete",
		  "{'id':'R1'}", "reopening");
	order.nranks = lengthof(ranks);
	order.ranks = ranks;
	unit_is(kit_type(order, 0), "item_reorder", "trap 20: order alone");
	unit_is(kit_args(order, 0),
			kit_text("{'items':[{'child_order':7,'id':'R1'},{'child_order':8,'id':'R2'}]}"),
			"trap 20: one command for all siblings that get another number");
	check(TASKSYNC_TASK, TASKSYNC_OP_DELETE, "{}", LIVE, "item_delete", "{'id':'R1'}", "deleting");
}

static void
test_container_commands(void)
{
	check(TASKSYNC_PROJECT, TASKSYNC_OP_CREATE,
		  "{'name':'Home','color':'teal','is_archived':false,'parent_id':null,'position':2}", NULL,
		  "project_add", "{'child_order':2,'color':'teal','name':'Home'}", "a project");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "{'name':'House','color':null}", NULL,
		  "project_update", "{'id':'R1','name':'House'}", "a project renamed");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "{'is_archived':true}", NULL, "project_archive",
		  "{'id':'R1'}", "a project archived");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "{'is_archived':false}", NULL, "project_unarchive",
		  "{'id':'R1'}", "a project brought back");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_MOVE, "{'parent_id':null}", NULL, "project_move",
		  "{'id':'R1','parent_id':null}", "a project to the top");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_ORDER, "{'position':3}", NULL, "project_reorder",
		  "{'projects':[{'child_order':3,'id':'R1'}]}", "a project's place");
	check(TASKSYNC_PROJECT, TASKSYNC_OP_DELETE, "{}", NULL, "project_delete", "{'id':'R1'}",
		  "a project deleted");
	check(TASKSYNC_SECTION, TASKSYNC_OP_CREATE, "{'name':'Soon','project_id':'P1','position':1}",
		  NULL, "section_add", "{'name':'Soon','project_id':'P1','section_order':1}", "a section");
	check(TASKSYNC_SECTION, TASKSYNC_OP_UPDATE, "{'name':'Later'}", NULL, "section_update",
		  "{'id':'R1','name':'Later'}", "a section renamed");
	check(TASKSYNC_SECTION, TASKSYNC_OP_MOVE, "{'project_id':'P2'}", NULL, "section_move",
		  "{'id':'R1','project_id':'P2'}", "a section moved");
	check(TASKSYNC_SECTION, TASKSYNC_OP_ORDER, "{'position':3}", NULL, "section_reorder",
		  "{'sections':[{'id':'R1','section_order':3}]}", "a section's place");
	check(TASKSYNC_SECTION, TASKSYNC_OP_DELETE, "{}", NULL, "section_delete", "{'id':'R1'}",
		  "a section deleted");
	check(TASKSYNC_LABEL, TASKSYNC_OP_CREATE, "{'name':'food','color':null,'position':0}", NULL,
		  "label_add", "{'name':'food'}", "a label");
	check(TASKSYNC_LABEL, TASKSYNC_OP_UPDATE, "{'color':'red'}", "{'name':'food'}", "label_update",
		  "{'color':'red','id':'R1'}", "a label's color");
	check(TASKSYNC_LABEL, TASKSYNC_OP_ORDER, "{'position':5}", NULL, "label_update_orders",
		  "{'id_order_mapping':{'R1':5}}", "a label's place");
	check(TASKSYNC_LABEL, TASKSYNC_OP_DELETE, "{}", NULL, "label_delete",
		  "{'cascade':'none','id':'R1'}",
		  "trap 13: a label deleted leaves other people's tasks alone");
}

static void
test_two_commands(void)
{
	TasksyncIntent rename = kit_intent(1, TASKSYNC_LABEL, TASKSYNC_OP_UPDATE, "L1",
									   "{'name':'new'}", "{'name':'old'}", NULL);
	TasksyncIntent done = kit_intent(2, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
									 "{'title':'Old','status':'done','due_date':'2026-10-14',"
									 "'recurrence':'every day','project_id':'P1'}",
									 NULL, NULL);
	TasksyncIntent both = kit_intent(3, TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "P1",
									 "{'name':'x','is_archived':true}", NULL, NULL);

	unit_is(kit_args(rename, 0), kit_text("{'id':'L1','name':'new'}"),
			"trap 13: a rename updates the label");
	unit_is(kit_type(rename, 1), "label_rename", "trap 13: and its occurrences");
	unit_is(kit_args(rename, 1), kit_text("{'name_new':'new','name_old':'old'}"),
			"trap 13: from the old name to the new one");
	unit_is(tasksync_todoist_command_uuid(&rename, 0), rename.id, "the first uuid is the intent's");
	unit_is(tasksync_todoist_command_uuid(&rename, 1), "00000001-0000-4000-8000-bbbbbbbbbbbb",
			"the second follows from it");
	unit_is(kit_args(done, 0),
			kit_text("{'auto_parse_labels':false,'content':'Old',"
					 "'due':{'date':'2026-10-14'},'project_id':'P1'}"),
			"a finished series is created as a task with a date");
	unit_is(kit_type(done, 1), "item_close", "and closed at once");
	unit_is(kit_args(done, 1), psprintf("{\"id\":\"%s\"}", kit_temp_id(2)),
			"by the id it has in this request");
	unit_is(kit_type(both, 0), "project_update", "renamed and archived: both");
	unit_is(kit_type(both, 1), "project_archive", "in this order");
}

static void
test_priorities(void)
{
	static const char *const sent[] = {"1", "2", "3", "4", "4"};

	for (int i = 0; i < (int) lengthof(sent); i++)
	{
		TasksyncIntent intent = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1",
										   psprintf("{'priority':%d}", i), LIVE, NULL);

		unit_is(kit_args(intent, 0), psprintf("{\"id\":\"R1\",\"priority\":%s}", sent[i]),
				psprintf("trap 12: hub priority %d is sent as %s", i, sent[i]));
	}
	for (int i = 1; i <= 4; i++)
	{
		const TasksyncObservation *item =
			kit_item(psprintf("{'id':'R1','content':'x','priority':%d}", i));

		unit_is(kit_field(item->record, TASKSYNC_F_PRIORITY), i == 4 ? "4" : psprintf("%d", i - 1),
				psprintf("trap 12: Todoist's priority %d is read", i));
	}
}

static void
test_envelope(void)
{
	TasksyncIntent intents[2];
	TasksyncCall call;
	TasksyncHttpRequest request;

	intents[0] =
		kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_CREATE, NULL, "{'name':'Home'}", NULL, NULL);
	intents[1] =
		kit_intent(2, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
				   psprintf("{'title':'Milk','project_id':'%s'}", kit_temp_id(1)), NULL, NULL);
	call = kit_sync("T0", 2, intents);
	request = kit_build(&call);
	unit_is(request.body,
			kit_text("{'commands':["
					 "{'args':{'name':'Home'},'temp_id':'00000001-0000-4000-8000-bbbbbbbbbbbb',"
					 "'type':'project_add','uuid':'00000001-0000-4000-8000-aaaaaaaaaaaa'},"
					 "{'args':{'auto_parse_labels':false,'content':'Milk',"
					 "'project_id':'00000001-0000-4000-8000-bbbbbbbbbbbb'},"
					 "'temp_id':'00000002-0000-4000-8000-bbbbbbbbbbbb','type':'item_add',"
					 "'uuid':'00000002-0000-4000-8000-aaaaaaaaaaaa'}],"
					 "'resource_types':['items','labels','projects','sections'],"
					 "'sync_token':'T0'}"),
			"trap 1: commands travel with the token and the resources to read");
	unit_ok(request.body_length == strlen(request.body), "the length is that of the body");
	unit_is(request.url, "https://api.todoist.com/api/v1/sync", "the address");
	unit_is(request.content_type, "application/json", "the type");
	unit_ok(request.method == TASKSYNC_POST && request.bearer == NULL,
			"a POST; no token of its own");
	unit_ok(strstr(request.body, "\"user\"") == NULL, "trap 24: the resource \"user\" is not read");

	call = kit_sync("T0", 0, NULL);
	unit_is(kit_build(&call).body,
			kit_text("{'resource_types':['items','labels','projects','sections'],"
					 "'sync_token':'T0'}"),
			"a quiet read");
	call = kit_sync(NULL, 0, NULL);
	call.base_url = "http://127.0.0.1:8080/";
	request = kit_build(&call);
	unit_is(request.body,
			kit_text("{'resource_types':['items','labels','projects','sections'],"
					 "'sync_token':'*'}"),
			"a read of everything");
	unit_is(request.url, "http://127.0.0.1:8080/api/v1/sync", "a base address with a slash");
	call = kit_sync("T\"0", 1, intents);
	call.wants_read = false;
	unit_is(kit_build(&call).body,
			kit_text("{'commands':[{'args':{'name':'Home'},"
					 "'temp_id':'00000001-0000-4000-8000-bbbbbbbbbbbb','type':'project_add',"
					 "'uuid':'00000001-0000-4000-8000-aaaaaaaaaaaa'}],'sync_token':'T\\'0'}"),
			"trap 2: commands alone still name the token");
}

/* the same intents give the same bytes, also when built again after a restart */
static void
test_resend(void)
{
	TasksyncIntent intent = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
									   "{'title':'Milk','labels':['b','a'],'priority':4,"
									   "'due_date':'2026-10-14','project_id':'P1'}",
									   NULL, NULL);
	TasksyncIntent again = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
									  "{'project_id':'P1','due_date':'2026-10-14','priority':4,"
									  "'labels':['a','b'],'title':'Milk'}",
									  NULL, NULL);
	TasksyncCall first = kit_sync("T0", 1, &intent);
	TasksyncCall second = kit_sync("T0", 1, &again);

	again.is_resend = true;
	unit_is(kit_build(&second).body, kit_build(&first).body,
			"trap 26: a resend is the same request, uuids and all");
}

static int
commands_in(const TasksyncHttpRequest *request)
{
	const char *error;
	json_t *body = tasksync_json_parse(request->body, request->body_length, &error);

	return (int) json_array_size(json_object_get(body, "commands"));
}

static void
test_limits(void)
{
	int count = 250;
	TasksyncIntent *intents = palloc(sizeof(TasksyncIntent) * count);
	char *notes = palloc(16001);
	TasksyncCall call;
	TasksyncHttpRequest request;

	for (int i = 0; i < count; i++)
		intents[i] =
			kit_intent(i, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1", "{'title':'x'}", LIVE, NULL);
	call = kit_sync("T0", count, intents);
	request = kit_build(&call);
	unit_ok(call.nintents == 100 && commands_in(&request) == 100,
			"trap 25: of 250 intents 100 go (%d)", call.nintents);

	/* two commands each */
	for (int i = 0; i < count; i++)
		intents[i] = kit_intent(i, TASKSYNC_LABEL, TASKSYNC_OP_UPDATE, "L1", "{'name':'new'}",
								"{'name':'old'}", NULL);
	intents[0] = kit_intent(0, TASKSYNC_LABEL, TASKSYNC_OP_UPDATE, "L1", "{'color':'red'}",
							"{'name':'old'}", NULL);
	call = kit_sync("T0", count, intents);
	request = kit_build(&call);
	unit_ok(call.nintents == 50 && commands_in(&request) == 99,
			"commands are counted, and an intent is never torn apart (%d, %d)", call.nintents,
			commands_in(&request));

	memset(notes, 'n', 16000);
	notes[16000] = '\0';
	for (int i = 0; i < count; i++)
		intents[i] = kit_intent(i, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1",
								psprintf("{'description':'%s'}", notes), LIVE, NULL);
	call = kit_sync("T0", count, intents);
	request = kit_build(&call);
	unit_ok(call.nintents > 50 && call.nintents < 60 && request.body_length < TODOIST_MAX_BODY &&
				commands_in(&request) == call.nintents,
			"trap 25: long notes: %d intents, %d bytes", call.nintents, (int) request.body_length);

	tasksync_record_set((TasksyncRecord *) intents[0].patch, TASKSYNC_F_DESCRIPTION,
						psprintf("%*s", 2000000, "n"));
	call = kit_sync("T0", count, intents);
	request = kit_build(&call);
	unit_ok(call.nintents == 1 && commands_in(&request) == 1,
			"trap 25: what is too large by itself goes alone");
}

static void
test_lookups(void)
{
	const char *two[] = {"a/b", "c"};
	TasksyncCall call = kit_call(TASKSYNC_CALL_IDENTIFY, TASKSYNC_TASK, NULL);
	TasksyncHttpRequest request = kit_build(&call);

	unit_is(request.url, "https://api.todoist.com/api/v1/user", "who is this?");
	unit_ok(request.method == TASKSYNC_GET && request.body == NULL, "look-ups are GET");
	call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_TASK, "6X7r/../M8?x=é");
	unit_is(kit_build(&call).url,
			"https://api.todoist.com/api/v1/tasks/6X7r%2F..%2FM8%3Fx%3D%C3%A9",
			"one task; its id cannot leave its place");
	call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_SECTION, "S1");
	unit_is(kit_build(&call).url, "https://api.todoist.com/api/v1/sections/S1", "one section");
	call = kit_call(TASKSYNC_CALL_MOVED_IDS, TASKSYNC_TASK, NULL);
	call.remote_ids = two;
	call.nremote_ids = 2;
	unit_is(kit_build(&call).url, "https://api.todoist.com/api/v1/moved_ids/tasks?old_ids=a%2Fb,c",
			"trap 9: which ids moved?");
	call.kind = TASKSYNC_PROJECT;
	unit_is(kit_build(&call).url, "https://api.todoist.com/api/v1/id_mappings/projects/a%2Fb,c",
			"trap 9: of projects only the old numbers are known");
}

int
main(void)
{
	unit_start();
	test_task_commands();
	test_container_commands();
	test_two_commands();
	test_priorities();
	test_envelope();
	test_resend();
	test_limits();
	test_lookups();
	return unit_done();
}
