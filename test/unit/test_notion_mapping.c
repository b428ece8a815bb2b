/*
 * test_notion_mapping.c
 *	  Which property holds which field: proposed, said by a person, still true.
 */
#include "postgres.h"

#include "notion_kit.h"
#include "provider/notion_mapping.h"

static const char *
proposed(const char *properties)
{
	return tasksync_json_text(
		json_object_get(json_object_get(notion_config(SOURCE_A, properties), "known"), "mapping"));
}

static void
test_proposals(void)
{
	unit_is(proposed(notion_properties_text()),
			kit_text(
				"{'description':{'property':'note','type':'rich_text'},"
				"'due':{'property':'M%3BBw','type':'date'},"
				"'labels':{'create':true,'property':'tags','type':'multi_select'},"
				"'parent':{'property':'up','type':'relation'},"
				"'priority':{'options':{'1':'p1','2':'p2','3':'p3'},'property':'prio',"
				"'type':'select'},'status':{'done':['g3'],'property':'Z%3ClH','type':'status'},"
				"'sync_id':{'property':'sync','type':'rich_text'}}"),
			"every role, by type and name");
	unit_is(proposed("'N':{'id':'title','type':'title','title':{}},"
					 "'A':{'id':'a','type':'date','date':{}},"
					 "'Deadline':{'id':'b','type':'date','date':{}},"
					 "'X':{'id':'c','type':'rich_text','rich_text':{}},"
					 "'Erledigt':{'id':'d','type':'checkbox','checkbox':{}}"),
			kit_text("{'description':{'property':'c','type':'rich_text'},"
					 "'due':{'property':'b','type':'date'},"
					 "'status':{'property':'d','type':'checkbox'}}"),
			"a usual name before another; a checkbox in any language");
	unit_is(proposed("'Stage':{'id':'s','type':'select','select':{'options':["
					 "{'id':'1','name':'Later'},{'id':'2','name':'DONE'}]}},"
					 "'Weight':{'id':'w','type':'select','select':{'options':["
					 "{'id':'3','name':'High'},{'id':'4','name':'Heavy'}]}}"),
			kit_text("{'status':{'done':['2'],'property':'s','type':'select'}}"),
			"trap 8: a select that looks like a status; one that looks like no priority is none");
	unit_is(proposed("'S':{'id':'s','type':'status','status':{'options':[{'id':'o','name':'x'}],"
					 "'groups':[{'id':'1','name':'Offen','option_ids':[]},"
					 "{'id':'2','name':'Fertig','option_ids':['o']}]}}"),
			kit_text("{'status':{'done':['2'],'property':'s','type':'status'}}"),
			"groups of other names: the last one is done");
	unit_is(proposed(
				"'Parent item':{'id':'p','type':'relation','relation':{'data_source_id':'" SOURCE_B
				"','type':'dual_property'}},'Blocked by':{'id':'b','type':'relation',"
				"'relation':{'data_source_id':'" SOURCE_A "','type':'dual_property'}}"),
			"{}", "a relation to elsewhere, or of another name, is no parent");
}

static void
refuses(const char *mapping, const char *expected)
{
	json_t *config = notion_config(SOURCE_A, notion_properties_text());
	const char *error = NULL;
	json_t *map = tasksync_notion_map(json_object_get(config, "known"), kit_json(mapping), &error);

	unit_is(map == NULL ? error : "(taken)", expected, mapping);
}

static void
test_refusals(void)
{
	refuses("[]", "a mapping must be a JSON object");
	refuses("{'colour':'Tags'}", "\"colour\" is not known; use status, due, priority, labels,"
								 " description, parent or sync_id");
	refuses("{'due':'Nowhere'}", "there is no property \"Nowhere\"");
	refuses("{'due':{}}", "\"due\" must name a property");
	refuses("{'due':7}", "\"due\" must name a property");
	refuses("{'due':'Tags'}", "\"due\" must be a date property, and \"Tags\" is none");
	refuses("{'parent':'Notes'}",
			"\"parent\" must be a two-way relation to the same data source, and \"Notes\" is none");
	refuses("{'status':{'property':'Status','done':[]}}",
			"\"done\" of \"status\" must be an array with at least one option or group");
	refuses("{'status':{'property':'Status','done':['Gone']}}",
			"\"Gone\" is neither an option nor a group of the property \"Status\"");
	refuses("{'status':{'property':'Status','close':'Doing'}}",
			"\"close\" of \"status\" must be an option that means done");
	refuses("{'status':{'property':'Status','open':'Done'}}",
			"\"open\" of \"status\" must be an option that does not mean done");
	refuses("{'priority':{'property':'Priority','options':{'5':'High'}}}",
			"the keys of \"options\" of \"priority\" must be \"0\" (none) to \"4\" (urgent)");
	refuses("{'priority':{'property':'Priority','options':{'4':'Huge'}}}",
			"\"Huge\" is not an option of the property \"Priority\"");
	refuses("{'description':'Sync ID'}",
			"\"description\" and \"sync_id\" cannot be the same property");
	refuses("{'labels':null,'description':{'body':true}}", "(taken)");
}

static void
test_said(void)
{
	json_t *config = notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
								   "{'status':{'property':'status','done':['complete','Doing']},"
								   "'priority':{'property':'prio','options':{'4':'high'}},"
								   "'labels':null,'sync_id':null,'due':'M;Bw'}");

	unit_is(tasksync_json_text(json_object_get(config, "mapping")),
			kit_text("{'description':{'property':'note','type':'rich_text'},"
					 "'due':{'property':'M%3BBw','type':'date'},"
					 "'parent':{'property':'up','type':'relation'},"
					 "'priority':{'options':{'4':'p3'},'property':'prio','type':'select'},"
					 "'status':{'done':['g3','o2'],'property':'Z%3ClH','type':'status'}}"),
			"names and ids in any spelling become ids; the rest as proposed");
	unit_ok((tasksync_notion_task_fields(config) & TASKSYNC_FIELD_BIT(TASKSYNC_F_LABELS)) == 0 &&
				(tasksync_notion_task_fields(config) & TASKSYNC_FIELD_BIT(TASKSYNC_F_PRIORITY)) !=
					0,
			"what is not mapped the container cannot show");
	unit_ok(tasksync_notion_task_fields(NULL) ==
				(TASKSYNC_FIELD_BIT(TASKSYNC_F_TITLE) | TASKSYNC_FIELD_BIT(TASKSYNC_F_PROJECT)),
			"of one that nothing is known of only the title");
	unit_is(tasksync_notion_priority_option(tasksync_notion_role(config, "priority"), '1'), "p3",
			"a priority without an option goes to the nearest");
}

static const char *
verdict(const char *properties)
{
	json_t *before = notion_config(SOURCE_A, notion_properties_text());
	json_t *now = notion_config(SOURCE_A, properties);
	const char *code;
	const char *message;

	if (tasksync_notion_mapping_holds(json_object_get(now, "known"),
									  tasksync_notion_mapping_of(before), &code, &message))
		return "holds";
	return psprintf("%s%s", code,
					strstr(message, "set_mapping()") != NULL ? "" : " (no next step)");
}

/* the properties with one text replaced by another */
static const char *
with(const char *old, const char *new)
{
	const char *all = notion_properties_text();
	const char *at = strstr(all, old);

	if (at == NULL)
		unit_ok(false, "the test's own properties do not hold %s", old);
	return psprintf("%.*s%s%s", (int) (at - all), all, new, at + strlen(old));
}

static void
test_still_true(void)
{
	unit_is(verdict(notion_properties_text()), "holds", "nothing changed");
	unit_is(verdict(with("'Due':{", "'Termin':{")), "holds", "trap 11: a property renamed");
	unit_is(verdict(with("'name':'Dropped'", "'name':'Cancelled'")), "holds",
			"trap 11: an option renamed");
	unit_is(verdict(with("'id':'M%3BBw'", "'id':'other'")), "property_missing",
			"a mapped property deleted");
	unit_is(verdict(with("'type':'multi_select','multi_select'", "'type':'select','select'")),
			"property_type_changed", "of another type");
	unit_is(verdict(with("{'id':'p2','name':'Medium'},", "")), "option_removed",
			"an option that a priority is mapped to");
	unit_is(verdict(with("{'id':'t1','name':'food'},", "")), "holds", "a label is not mapped");
}

int
main(void)
{
	unit_start();
	test_proposals();
	test_refusals();
	test_said();
	test_still_true();
	return unit_done();
}
