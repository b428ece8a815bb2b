/*
 * test_machine.c
 *	  The convergence machine, planner level: generated cases of a task that up
 *	  to four sides (the hub is one) changed, carried through merge, plan and a pretended success
 *	  until nobody has anything to do, with the laws checked on every case.
 *
 *	  I1  a value that the merge takes from the hub's side is in a conflict row
 *	  I2  at rest every side shows the hub, but for memos and frozen fields
 *	  I6  what a provider cannot show is not touched by it
 *	  I7  a base moves by an observation or an acknowledgement only
 *	  I14 the laws of the merge
 *	  I15 the laws of the lens
 *	  (I16, trees: test_machine_tree.c)
 *
 * SEED=n CASE=k repeats a case, FACTOR=n takes as many times more; a case that
 * fails is made smaller before it is shown.
 */
#include "postgres.h"

#include "machine_case.h"
#include "odd_lens.h"
#include "sync/canonical.h"

#define MAX_ROUNDS 10
#define CASES 100000
#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)

typedef struct Side
{
	const MachineSide *is;
	TasksyncRecord *started;	/* the lens's view of the task at the start */
	TasksyncRecord *wanted;		/* and of what its person made of it */
	TasksyncRecord *remote;		/* as the provider holds it */
	TasksyncRecord *base;
	TasksyncMemo memo;
	TasksyncRecord *unseen;		/* acknowledged without an echo, not read yet */
	uint32		frozen;
	uint32		pulled;			/* fields that its observations changed at the hub */
} Side;

typedef struct World
{
	const MachineCase *c;
	TasksyncRecord *hub;
	Side		side[MACHINE_MAX_SIDES];
	Random		order;
	int			round;
	bool		busy;
} World;

static const char *broken;		/* the law that the last failed case broke */

static bool
breaks(const char *law, bool condition)
{
	if (condition)
		broken = law;
	return condition;
}

static bool
same(const TasksyncRecord *a, const TasksyncRecord *b)
{
	return a->present == b->present && tasksync_record_diff(a, b) == 0;
}

/* the fields of `patch` over those of `record`; shares the texts of both */
static TasksyncRecord *
overlaid(const TasksyncRecord *record, const TasksyncRecord *patch)
{
	TasksyncRecord *result = tasksync_record_share(record);

	tasksync_record_take(result, patch, patch->present);
	return result;
}

/* ---- I15: the lens alone ---- */

/* fields in which the hub holds more than the lens shows: what is hidden may come into view */
static uint32
partly_hidden(const TasksyncLens *lens, const TasksyncRecord *hub, const TasksyncRecord *remote)
{
	uint32		hidden = 0;
	int			most = lens_most_labels(lens);

	if (*tasksync_lens_hidden(lens, hub, remote, TASKSYNC_F_TITLE) != '\0')
		hidden |= BIT(TITLE);
	if (*tasksync_lens_hidden(lens, hub, remote, TASKSYNC_F_DESCRIPTION) != '\0')
		hidden |= BIT(DESCRIPTION);
	if (most > 0 && hub->labels.count > most)
		hidden |= BIT(LABELS);
	return hidden;
}

static bool
lens_holds(const Side *side, const TasksyncRecord *hub)
{
	const TasksyncLens *lens = side->is->lens;
	uint32		domain = tasksync_lens_fields(lens, TASKSYNC_TASK);
	TasksyncRecord *shown = tasksync_lens_project(lens, hub);
	TasksyncRecord *remote = side->wanted;
	TasksyncRecord *out = tasksync_record_new(TASKSYNC_TASK);
	TasksyncRecord *again;
	uint32		differ;

	if (breaks("I15: what is shown is only what can be shown", (shown->present & ~domain) != 0) ||
		breaks("I15: pi(pi(H)) = pi(H)", !same(tasksync_lens_project(lens, shown), shown)))
		return false;
	tasksync_lens_put_back(lens, shown, shown, hub, domain, out);
	if (breaks("I15: lambda(pi(H), H) = H", (tasksync_record_diff(out, hub) & out->present) != 0))
		return false;
	out = tasksync_record_new(TASKSYNC_TASK);
	tasksync_lens_put_back(lens, shown, remote, hub, domain, out);
	again = tasksync_lens_project(lens, overlaid(hub, out));
	differ = tasksync_record_diff(again, remote);
	if (differ != 0)
		differ &= ~partly_hidden(lens, hub, remote);
	return !breaks("I15: pi(lambda(R, H)) = R", differ != 0);
}

/* ---- I14: the merge alone ---- */

static void
merge_three(const World *world, const MachineSide *side, const TasksyncRecord *base,
			const TasksyncRecord *hub, const TasksyncRecord *remote, TasksyncMergeResult *result)
{
	TasksyncMergeInput in = {.lens = side->lens, .policy = &world->c->policy, .base = base,
							 .hub = hub, .remote = remote};

	/* no clocks: a completion that is older than what the hub has is a matter of its own */
	tasksync_merge(&in, result);
}

static bool
labels_hold(const TasksyncNames *now, const char *name)
{
	for (int i = 0; i < now->count; i++)
		if (strcmp(now->names[i], name) == 0)
			return true;
	return false;
}

/* (H + (R - B)) - (B - R), where every label is shown as it is */
static bool
set_formula(const TasksyncNames *b, const TasksyncNames *h, const TasksyncNames *r,
			const TasksyncNames *result)
{
	static const char *const all[] = {"x", "y", "z", "a,b", "X", "errands", "errand", "éé"};

	for (int i = 0; i < (int) lengthof(all); i++)
	{
		bool		in_b = labels_hold(b, all[i]);
		bool		in_r = labels_hold(r, all[i]);
		bool		wanted = (labels_hold(h, all[i]) || (in_r && !in_b)) && !(in_b && !in_r);

		if (labels_hold(result, all[i]) != wanted)
			return false;
	}
	return true;
}

/* a merge without a conflict keeps every line that a side added */
static bool
keeps_lines(const char *base, const char *side, const char *result)
{
	const char *line = side;

	while (*line != '\0')
	{
		size_t		length = strcspn(line, "\n");
		const char *text = pnstrdup(line, length);

		if (length > 0 && strstr(base, text) == NULL && strstr(result, text) == NULL)
			return false;
		line += length + (line[length] == '\n');
	}
	return true;
}

static bool
merge_holds(const World *world, const Side *side)
{
	TasksyncRecord *start = world->c->start;
	TasksyncRecord *base = side->started;
	TasksyncRecord *remote = side->wanted;
	TasksyncMergeResult r;
	TasksyncRecord *after;
	uint32		differ;

	merge_three(world, side->is, base, world->hub, base, &r);
	if (breaks("I14: m(B, H, B) = H", r.hub_patch->present != 0 || r.nconflicts != 0))
		return false;
	merge_three(world, side->is, base, start, remote, &r);
	after = overlaid(start, r.hub_patch);
	differ = tasksync_record_diff(tasksync_lens_project(side->is->lens, after), remote) &
		~BIT(COMPLETED_AT);
	if (differ != 0)
		differ &= ~partly_hidden(side->is->lens, start, remote);
	if (breaks("I14: m(B, B, R) = R", differ != 0))
		return false;
	for (int i = 0; i < r.nconflicts; i++)
		if (breaks("I14: m(B, B, R) = R, no conflict", strcmp(r.conflicts[i].rule, "cut") != 0))
			return false;
	merge_three(world, side->is, base, side->is->remote, remote, &r);
	return !breaks("I14: m(B, X, X) = X", (r.hub_patch->present & ~BIT(COMPLETED_AT)) != 0 ||
				   r.nconflicts != 0);
}

/* ---- one observation ---- */

/* what follows from a change and may touch a field that the provider does not show */
static uint32
consequences(const TasksyncRecord *patch)
{
	uint32		allowed = 0;

	if (tasksync_record_has(patch, TASKSYNC_F_DUE_DATE) &&
		patch->value[TASKSYNC_F_DUE_DATE] == NULL)
		allowed |= BIT(DUE_TIME) | BIT(DUE_TIMEZONE);
	if (tasksync_record_has(patch, TASKSYNC_F_DUE_TIME) &&
		patch->value[TASKSYNC_F_DUE_TIME] == NULL)
		allowed |= BIT(DUE_TIMEZONE);
	if (tasksync_record_has(patch, TASKSYNC_F_PROJECT))
		allowed |= BIT(SECTION) | BIT(PARENT);
	if (tasksync_record_has(patch, TASKSYNC_F_STATUS))
		allowed |= BIT(COMPLETED_AT);
	return allowed;
}

static bool
has_conflict(const TasksyncMergeResult *r, uint32 fields)
{
	for (int i = 0; i < r->nconflicts; i++)
		if ((TASKSYNC_FIELD_BIT(r->conflicts[i].field) & fields) != 0)
			return true;
	return false;
}

/* I1: whoever loses against the other side's value is written down */
static bool
losers_are_written_down(const Side *side, const TasksyncRecord *hub, const TasksyncMergeResult *r)
{
	static const uint32 units[] = {BIT(TITLE), BIT(PRIORITY), TASKSYNC_DUE_FIELDS,
		TASKSYNC_PLACE_FIELDS};
	uint32		there = tasksync_record_diff(side->base, r->base);
	TasksyncRecord *shown;
	TasksyncRecord *now;
	uint32		here;
	uint32		apart;

	if (there == 0)
		return true;
	shown = tasksync_lens_project(side->is->lens, hub);
	here = tasksync_record_diff(side->base, shown);
	if (here == 0)
		return true;
	now = tasksync_lens_project(side->is->lens, overlaid(hub, r->hub_patch));
	apart = tasksync_record_diff(shown, r->base);

	for (int i = 0; i < (int) lengthof(units); i++)
	{
		bool		both = (here & units[i]) != 0 && (there & units[i]) != 0;
		uint32		lost = tasksync_record_diff(now, shown) | tasksync_record_diff(now, r->base);

		/* a bundle of which each side changed another part is one value all the same */
		if (both && (apart & there & units[i]) != 0 && (lost & units[i]) != 0 &&
			!has_conflict(r, units[i]))
			return false;
	}
	return true;
}

static bool
base_moves_rightly(const Side *side, const TasksyncMergeResult *r)
{
	TasksyncRecord *seen = tasksync_record_share(side->remote);
	uint32		known = tasksync_lens_fields(side->is->lens, TASKSYNC_TASK);

	tasksync_canonicalize(seen);
	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
	{
		bool		observed = (seen->present & known & TASKSYNC_FIELD_BIT(f)) != 0;

		if (!tasksync_record_has(r->base, (TasksyncField) f))
			continue;
		if (!tasksync_field_equal(r->base, observed ? seen : side->base, (TasksyncField) f))
			return false;
	}
	return true;
}

static bool
observe(World *world, Side *side)
{
	const MachineSide *is = side->is;
	TasksyncMergeInput in = {.lens = is->lens, .policy = &world->c->policy,
							 .remote = side->remote, .hub_edits = world->c->hub_edits,
							 .remote_edits = is->edits, .frozen = side->frozen};
	TasksyncMergeResult r;
	uint32		coerced;
	TasksyncRecord *hub = world->hub;

	if (side->unseen != NULL)
		tasksync_plan_ack(is->lens, side->unseen, side->remote, side->base, &side->memo);
	side->unseen = NULL;
	/* what the provider made of a value is no edit of the hub's (observe.c) */
	coerced = tasksync_plan_coerced(is->lens, hub, side->base, &side->memo);
	if (coerced != 0)
	{
		hub = tasksync_record_share(hub);
		tasksync_record_take(hub, side->memo.echo, coerced);
	}
	in.base = side->base;
	in.hub = hub;
	tasksync_merge(&in, &r);
	if (breaks("I6: a field that the provider cannot show is not touched",
			   (r.hub_patch->present & ~tasksync_lens_fields(is->lens, TASKSYNC_TASK) &
				~consequences(r.hub_patch)) != 0) ||
		breaks("I7: an observation makes the base what was seen", !base_moves_rightly(side, &r)) ||
		breaks("I1: what was lost is in a conflict row",
			   !side->is->unlinked && coerced == 0 && side->frozen == 0 &&
			   !losers_are_written_down(side, hub, &r)))
		return false;
	if (world->round == 0 && is->lens == NULL && !is->unlinked && side->frozen == 0 &&
		breaks("I14: labels are a three-way set",
			   !set_formula(&side->base->labels, &hub->labels, &side->remote->labels,
							&overlaid(hub, r.hub_patch)->labels)))
		return false;
	if (world->round == 0 && !is->unlinked &&
		tasksync_record_has(r.hub_patch, TASKSYNC_F_DESCRIPTION) &&
		!has_conflict(&r, BIT(DESCRIPTION)) &&
		breaks("I14: a clean merge keeps the lines of both",
			   !keeps_lines(side->base->value[TASKSYNC_F_DESCRIPTION],
							r.base->value[TASKSYNC_F_DESCRIPTION],
							r.hub_patch->value[TASKSYNC_F_DESCRIPTION])))
		return false;
	side->frozen &= ~r.answered;
	for (int i = 0; i < r.nconflicts; i++)
		if (r.conflicts[i].open)
			side->frozen |= TASKSYNC_FIELD_BIT(r.conflicts[i].field);
	side->pulled |= r.hub_patch->present;
	side->base = r.base;
	world->busy |= r.hub_patch->present != 0;
	world->hub = overlaid(world->hub, r.hub_patch);
	return true;
}

/* ---- one push: the patch in single writes, in any order, some of which fail ---- */

static bool
write_one(World *world, Side *side, const TasksyncRecord *patch, uint32 fields)
{
	TasksyncRecord *sent;
	TasksyncRecord *echo;
	TasksyncRecord *before;
	uint32		moved;

	if ((patch->present & fields) == 0)
		return true;
	sent = tasksync_record_share(patch);
	before = tasksync_record_share(side->base);
	tasksync_record_drop(sent, ~fields);
	world->busy = true;
	if (world->round < 3 && random_chance(&world->order, 15))
		return true;
	echo = machine_coerced(side->is, sent);
	side->remote = overlaid(side->remote, echo);
	tasksync_plan_ack(side->is->lens, sent, side->is->echoes ? echo : NULL, side->base,
					  &side->memo);
	if (!side->is->echoes)
		side->unseen = side->unseen != NULL ? overlaid(side->unseen, sent) : sent;
	moved = tasksync_record_diff(before, side->base) | (before->present ^ side->base->present);
	return !breaks("I7: an acknowledgement moves the base of what was sent",
				   (moved & ~fields) != 0) &&
		!breaks("I7: to what the answer says, or what was sent",
				tasksync_record_diff(side->base, side->is->echoes ? echo : sent) & fields);
}

static bool
push(World *world, Side *side)
{
	uint32		units[] = {BIT(TITLE), BIT(DESCRIPTION), BIT(STATUS) | BIT(COMPLETED_AT),
		BIT(PRIORITY), TASKSYNC_DUE_FIELDS, BIT(LABELS), TASKSYNC_PLACE_FIELDS, BIT(POSITION)};
	TasksyncRecord *before = tasksync_record_share(side->base);
	TasksyncRecord *patch = tasksync_plan_out(side->is->lens, world->hub, side->base, &side->memo,
											  side->frozen);

	if (breaks("I7: planning moves no base", !same(before, side->base)) ||
		breaks("frozen fields are not sent", (patch->present & side->frozen) != 0) ||
		breaks("only what can be shown is sent",
			   (patch->present & ~tasksync_lens_fields(side->is->lens, TASKSYNC_TASK)) != 0))
		return false;
	if (patch->present == 0)
		return true;
	for (int left = lengthof(units); left > 0; left--)
	{
		int			i = random_below(&world->order, left);

		if (!write_one(world, side, patch, units[i]))
			return false;
		units[i] = units[left - 1];
	}
	return true;
}

/* ---- a case ---- */

static bool
one_round(World *world)
{
	int			count = world->c->nsides;
	int			first = random_below(&world->order, count);
	bool		together = random_chance(&world->order, 50);

	for (int i = 0; i < count; i++)
	{
		Side	   *side = &world->side[(first + i) % count];

		if (!observe(world, side) || (!together && !push(world, side)))
			return false;
	}
	for (int i = 0; together && i < count; i++)
		if (!push(world, &world->side[(first + i) % count]))
			return false;
	return true;
}

static bool
rests(World *world)
{
	for (world->round = 0;; world->round++)
	{
		world->busy = false;
		if (!one_round(world))
			return false;
		if (!world->busy)
			return true;
		if (breaks("quiet within 10 rounds", world->round + 1 >= MAX_ROUNDS))
			return false;
	}
}

static bool
sides_show_the_hub(World *world)
{
	for (int i = 0; i < world->c->nsides; i++)
	{
		Side	   *side = &world->side[i];
		uint32		excused = BIT(COMPLETED_AT) | side->frozen;
		uint32		differ;

		if ((excused & TASKSYNC_DUE_FIELDS) != 0)
			excused |= TASKSYNC_DUE_FIELDS;
		if ((excused & TASKSYNC_PLACE_FIELDS) != 0)
			excused |= TASKSYNC_PLACE_FIELDS;
		differ = tasksync_record_diff(tasksync_lens_project(side->is->lens, world->hub),
									  side->remote) & ~excused;
		if (differ != 0)
			differ &= ~tasksync_plan_coerced(side->is->lens, world->hub, side->base, &side->memo);
		if (breaks("I2: every side shows the hub", differ != 0))
			return false;
	}
	return true;
}

/* I6 over the whole history: what no side can show is bit for bit what it was */
static bool
hidden_fields_survive(World *world)
{
	uint32		shown = 0;
	uint32		touched;
	TasksyncRecord *patch = tasksync_record_new(TASKSYNC_TASK);

	for (int i = 0; i < world->c->nsides; i++)
		shown |= tasksync_lens_fields(world->side[i].is->lens, TASKSYNC_TASK);
	touched = tasksync_record_diff(world->hub, world->c->hub);
	for (int i = 0; i < world->c->nsides; i++)
		patch->present |= world->side[i].pulled;
	return !breaks("I6: what nobody can show survives",
				   (touched & ~shown & ~consequences(patch)) != 0);
}

static bool
check(const MachineCase *c)
{
	World		world;

	memset(&world, 0, sizeof(world));
	broken = NULL;
	world.c = c;
	world.hub = c->hub;
	world.order.state = c->order;
	for (int i = 0; i < c->nsides; i++)
	{
		Side	   *side = &world.side[i];

		side->is = &c->side[i];
		side->started = tasksync_lens_project(side->is->lens, c->start);
		side->wanted = tasksync_lens_project(side->is->lens, side->is->remote);
		side->remote = machine_coerced(side->is, side->wanted);
		side->base = side->is->unlinked ? tasksync_record_new(TASKSYNC_TASK) :
			machine_coerced(side->is, side->started);
		if (!lens_holds(side, c->hub) || !merge_holds(&world, side))
			return false;
	}
	return rests(&world) && sides_show_the_hub(&world) && hidden_fields_survive(&world);
}

static const char *shrinking;

static bool
breaks_the_same(const MachineCase *c)
{
	return !check(c) && strcmp(broken, shrinking) == 0;
}

static bool
laws_hold(Random *random)
{
	MachineCase c;

	machine_draw(random, &c);
	if (check(&c))
		return true;
	shrinking = broken;
	machine_shrink(&c, breaks_the_same);
	return unit_reason("%s\n#   %s", shrinking, machine_text(&c));
}

/* the same seed, the same case and the same end */
static bool
replays(Random *random)
{
	Random		again = *random;
	MachineCase one;
	MachineCase two;

	machine_draw(random, &one);
	machine_draw(&again, &two);
	return strcmp(machine_text(&one), machine_text(&two)) == 0 && one.order == two.order;
}

static void
speed(void)
{
	double		start = unit_seconds();
	Random		random = {7};
	int			good = 0;

	for (int i = 0; i < CASES; i++)
	{
		MachineCase c;

		stubs_reset();
		machine_draw(&random, &c);
		good += check(&c);
	}
	unit_ok(good == CASES, "%d cases of one seed hold, too", CASES);
	unit_note("machine: %.0f cases per second and core", CASES / (unit_seconds() - start));
}

int
main(void)
{
	unit_start();
	unit_property("a seed draws one case", 1000, replays);
	unit_property("the laws hold until everybody is at rest", CASES, laws_hold);
	speed();
	return unit_done();
}
