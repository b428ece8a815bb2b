/*
 * test_small_scope.c
 *	  The small scope, exhaustively: two accounts, one task, three fields, and
 *	  every order of up to six steps, one of which may be a crash.
 *
 * Merge and plan are the engine's own; the providers and the run around them
 * (read, merge, plan, send, acknowledge; after a crash the intents are in
 * flight until a read has judged them) are played here.  A step is an edit of
 * one field at the hub or at an account, a sync of an account, or a sync that
 * ends after its intents were committed: before they arrived, or after.
 *
 * In the end both accounts show the hub, one more round does nothing (I2, I3),
 * and every value that somebody wrote is in the hub, was there, or is in a
 * conflict, unless its writer overwrote it before it was read (I1); the hub
 * never goes back to a title that it had, and no label is lost.
 *
 * The suite takes every 199th order; SMALL_SCOPE=all (make exhaustive) all of
 * them; SMALL_SCOPE=digits, as a failure names it, one.
 */
#include "postgres.h"

#include "sync/plan.h"
#include "unit.h"

#define MAX_STEPS 6
#define SLICE 199
#define NFIELDS 3
#define NEDITS (3 * NFIELDS)
#define NSYNCS 2
#define NSTEPS (NEDITS + 3 * NSYNCS)	/* edits, syncs, crashes before and after the arrival */
#define QUIET_ROUNDS 6

static const TasksyncField fields[NFIELDS] = {TASKSYNC_F_TITLE, TASKSYNC_F_DESCRIPTION,
	TASKSYNC_F_LABELS};
static const char *const words[NFIELDS] = {"title", "notes", "label"};

typedef struct Account
{
	const TasksyncLens *lens;
	TasksyncRecord *remote;
	TasksyncRecord *base;
	TasksyncRecord *in_flight;
	TasksyncMemo memo;
	int			unread[NFIELDS];	/* the step whose value nobody has read yet, or -1 */
} Account;

typedef struct World
{
	TasksyncRecord *hub;
	Account		account[NSYNCS];
	uint32		written;		/* (step, field) that somebody wrote */
	uint32		known;			/* that the hub has, had, or wrote down */
	bool		busy;
	bool		went_back;		/* the hub took a title that it had before */
} World;

/* a step's token in a field: no two are alike, and none is part of another */
static const char *
token(int step, int field)
{
	return psprintf("%c%d!", words[field][0], step);
}

static uint32
token_bit(int step, int field)
{
	return (uint32) 1 << (step * NFIELDS + field);
}

static void
note_known(World *world, const char *text)
{
	for (int step = 0; step < MAX_STEPS; step++)
		for (int f = 0; f < NFIELDS; f++)
			if ((world->written & ~world->known & token_bit(step, f)) != 0 &&
				strstr(text, token(step, f)) != NULL)
				world->known |= token_bit(step, f);
}

/* nobody types an old title again: a hub that goes back to one has lost the edit between */
static void
set_hub(World *world, TasksyncRecord *hub)
{
	if (!tasksync_field_equal(hub, world->hub, TASKSYNC_F_TITLE))
	{
		const char *title = hub->value[TASKSYNC_F_TITLE];

		world->went_back |= strcmp(title, "start") == 0;
		for (int step = 0; step < MAX_STEPS; step++)
			if ((world->known & token_bit(step, 0)) != 0 && strcmp(title, token(step, 0)) == 0)
				world->went_back = true;
	}
	world->hub = hub;
	note_known(world, show(hub));
}

/* ---- edits ---- */

static TasksyncRecord *
edited(const TasksyncRecord *record, int step, int field)
{
	TasksyncRecord *after = tasksync_record_share(record);
	const char *names[MAX_STEPS + 1];
	int			count = record->labels.count;

	switch (fields[field])
	{
		case TASKSYNC_F_TITLE:
			tasksync_record_set(after, TASKSYNC_F_TITLE, token(step, field));
			break;
		case TASKSYNC_F_DESCRIPTION:
			tasksync_record_set(after, TASKSYNC_F_DESCRIPTION,
								psprintf("first\n%s\nlast", token(step, field)));
			break;
		default:
			memcpy(names, record->labels.names, sizeof(char *) * count);
			names[count++] = token(step, field);
			tasksync_record_set_labels(after, count, names);
			break;
	}
	return after;
}

static void
edit(World *world, int place, int step, int field)
{
	Account    *account;
	int			before;

	world->written |= token_bit(step, field);
	if (place == 0)
	{
		set_hub(world, edited(world->hub, step, field));
		return;
	}
	account = &world->account[place - 1];
	account->remote = edited(account->remote, step, field);
	before = account->unread[field];
	/* labels add up; what else was there and unread is overwritten by the same person */
	if (before >= 0 && fields[field] != TASKSYNC_F_LABELS)
		world->written &= ~token_bit(before, field);
	account->unread[field] = step;
}

/* ---- a run ---- */

typedef enum Ending
{
	ENDS_WELL,
	CRASHES_BEFORE,
	CRASHES_AFTER,
} Ending;

static void
observe(World *world, Account *account)
{
	static const TasksyncPolicy newest = {.rule = TASKSYNC_NEWEST};
	TasksyncMergeInput in = {.lens = account->lens, .policy = &newest, .base = account->base,
							 .hub = world->hub, .remote = account->remote,
							 .in_flight = account->in_flight};
	TasksyncMergeResult r;

	tasksync_merge(&in, &r);
	for (int i = 0; i < r.nconflicts; i++)
		note_known(world, tasksync_json_text(json_pack("[O?,O?]", r.conflicts[i].hub,
													   r.conflicts[i].remote)));
	account->base = r.base;
	account->in_flight = NULL;
	for (int f = 0; f < NFIELDS; f++)
		account->unread[f] = -1;
	if (r.hub_patch->present != 0)
	{
		world->busy = true;
		set_hub(world, patched(world->hub, r.hub_patch));
	}
}

static void
run(World *world, Account *account, Ending ending)
{
	TasksyncRecord *patch;

	observe(world, account);
	patch = tasksync_plan_out(account->lens, world->hub, account->base, &account->memo, 0);
	if (patch->present == 0)
		return;
	world->busy = true;
	if (ending != CRASHES_BEFORE)
		account->remote = patched(account->remote, patch);
	if (ending == ENDS_WELL)
		tasksync_plan_ack(account->lens, patch, patch, account->base, &account->memo);
	else
		account->in_flight = patch;
}

/* ---- all orders ---- */

static const char *
story(const int *steps, int count)
{
	char	   *text = pstrdup("");

	for (int i = 0; i < count; i++)
	{
		static const char *const places[] = {"hub", "A", "B"};
		static const char *const ends[] = {"sync", "crash before arrival in",
			"crash after arrival in"};
		int			step = steps[i];

		text = step < NEDITS ?
			psprintf("%s, %s at %s", text, words[step % NFIELDS], places[step / NFIELDS]) :
			psprintf("%s, %s %c", text, ends[(step - NEDITS) / NSYNCS],
					 'A' + (step - NEDITS) % NSYNCS);
	}
	return text + 2;
}

static bool
converges(const int *steps, int count, const char **problem)
{
	static const char *const lenses[NSYNCS] = {"todoist", "notion"};
	World		world;
	TasksyncRecord *start = task_from("{\"title\": \"start\", \"description\": \"first\\nlast\","
									  " \"labels\": []}");

	memset(&world, 0, sizeof(world));
	world.hub = start;
	for (int a = 0; a < NSYNCS; a++)
	{
		world.account[a].lens = tasksync_lens_find(lenses[a]);
		world.account[a].remote = world.account[a].base = start;
		for (int f = 0; f < NFIELDS; f++)
			world.account[a].unread[f] = -1;
	}
	for (int i = 0; i < count; i++)
	{
		int			step = steps[i];

		if (step < NEDITS)
			edit(&world, step / NFIELDS, i, step % NFIELDS);
		else
			run(&world, &world.account[(step - NEDITS) % NSYNCS],
				(Ending) ((step - NEDITS) / NSYNCS));
	}
	for (int round = 0;; round++)
	{
		world.busy = false;
		for (int a = 0; a < NSYNCS; a++)
			run(&world, &world.account[a], ENDS_WELL);
		if (!world.busy)
			break;
		if (round >= QUIET_ROUNDS)
			return *problem = "does not come to rest", false;
	}
	for (int a = 0; a < NSYNCS; a++)
		if (tasksync_record_diff(world.hub, world.account[a].remote) != 0)
			return *problem = psprintf("the hub has %s, %c has %s", show(world.hub), 'A' + a,
									   show(world.account[a].remote)), false;
	if (world.went_back)
		return *problem = psprintf("the hub went back to an old title: %s", show(world.hub)), false;
	/* labels only add up here */
	for (int i = 0; i < count; i++)
		if ((world.written & token_bit(i, 2)) != 0 &&
			strstr(show(world.hub), token(i, 2)) == NULL)
			return *problem = psprintf("%s is missing in %s", token(i, 2), show(world.hub)), false;
	if ((world.written & ~world.known) != 0)
		return *problem = psprintf("tokens %x are lost, the hub has %s",
								   world.written & ~world.known, show(world.hub)), false;
	return true;
}

/* the order with this number; false if it has more than one crash */
static bool
order_of(uint64 number, int count, int *steps)
{
	int			crashes = 0;

	for (int i = 0; i < count; i++)
	{
		steps[i] = (int) (number % NSTEPS);
		number /= NSTEPS;
		crashes += steps[i] >= NEDITS + NSYNCS;
	}
	return crashes <= 1;
}

int
main(void)
{
	const char *wanted = getenv("SMALL_SCOPE");
	bool		all = wanted != NULL && strcmp(wanted, "all") == 0;
	uint64		one = wanted != NULL && !all ? strtoull(wanted, NULL, 10) : 0;
	uint64		ran = 0;
	double		start;

	unit_start();
	start = unit_seconds();
	for (int count = 1; count <= MAX_STEPS; count++)
	{
		uint64		orders = 1;
		int			steps[MAX_STEPS];
		const char *problem = NULL;
		bool		good = true;

		for (int i = 0; i < count; i++)
			orders *= NSTEPS;
		for (uint64 number = 0; good && number < orders; number++)
		{
			/* in the suite: all short ones, and of the long ones each so-manieth */
			if ((!all && one == 0 && count > 3 && number % SLICE != 0) ||
				(one != 0 && (number != one || count != MAX_STEPS)))
				continue;
			if (!order_of(number, count, steps))
				continue;
			stubs_reset();
			ran++;
			good = converges(steps, count, &problem);
			if (!good)
				unit_note("SMALL_SCOPE=%llu of %d steps: %s\n#   %s", (unsigned long long) number,
						  count, story(steps, count), problem);
		}
		unit_ok(good, "orders of %d steps", count);
	}
	unit_note("small scope: %llu orders%s, %.0f per second", (unsigned long long) ran,
			  all ? ", all there are" : "", ran / (unit_seconds() - start));
	return unit_done();
}
