/*
 * clocks.c
 *	  The provider's clock and ours: when an edit there happened in our time.
 *
 * Order never comes from a clock; only "newest" asks which of two edits was
 * later.  A clock that is wrong by minutes would let one side win always, so
 * stamps are shifted by what the Date headers of the same run tell.  Nothing is
 * kept from run to run: whatever brings a stamp brings a Date along.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "sync/clocks.h"

/*
 * The header was written somewhere between sending and receiving, and cuts its
 * second down; so the answer that took the shortest time tells most.  A
 * difference within the doubt is none.
 */
void
tasksync_clock_sample(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	TimestampTz there;
	int64 round_trip = response->elapsed_ms * INT64CONST(1000);
	int64 offset;
	int64 doubt = (USECS_PER_SEC + round_trip) / 2;

	if (run->clock_doubt != 0 && run->clock_doubt <= doubt)
		return;
	if (!tasksync_parse_http_date(response->date, &there))
		return;
	offset = there + USECS_PER_SEC / 2 - (run->requested_at + round_trip / 2);
	run->clock_doubt = doubt;
	run->clock_offset = Abs(offset) > doubt ? offset : 0;
}

/* tasksync_clock_ours: a stamp of the future is clamped, whatever made it. */
TimestampTz
tasksync_clock_ours(const TasksyncRun *run, TimestampTz stamp)
{
	return stamp == 0 ? 0 : Min(stamp - run->clock_offset, run->requested_at);
}

/*
 * A stamp belongs to the whole object: if one thing alone changed, the stamp is
 * its time, as precise as the provider keeps it; otherwise anything since the
 * last read.  A second is cut down to; what is coarser may be rounded either
 * way.  A stamp that had to be shifted is as doubtful as the shift.
 */
void
tasksync_remote_edits(const TasksyncRun *run, const TasksyncObservation *observation,
					  uint32 changed, TasksyncEdits *edits)
{
	TimestampTz stamp = tasksync_clock_ours(run, observation->edited_at);
	int64 precision =
		Max(run->provider->caps.edit_precision_ms, 1000) * (USECS_PER_SEC / INT64CONST(1000));
	int64 doubt = run->clock_offset != 0 ? run->clock_doubt : 0;
	TimestampTz hi = stamp == 0 ? run->requested_at
								: Min(stamp + precision + doubt, run->requested_at);
	TimestampTz lo = stamp != 0 && (changed & (changed - 1)) == 0
						 ? stamp - (precision > USECS_PER_SEC ? precision / 2 : 0) - doubt
						 : Min(run->previous_read_at, hi);

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
	{
		edits->lo[f] = lo;
		edits->hi[f] = hi;
	}
}

json_t *
tasksync_edited_json(const TasksyncRecord *patch, const TasksyncEdits *edits)
{
	json_t *edited = json_object();

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
		if (tasksync_record_has(patch, f))
			json_object_set_new(edited, tasksync_field_name(f),
								json_string(tasksync_format_instant(edits->hi[f])));
	return edited;
}
