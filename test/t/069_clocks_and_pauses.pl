# A service whose clock is wrong by ten minutes, and an account that slept for ninety days
# (scenario 40).
use strict;
use warnings FATAL => 'all';

use POSIX qw(strftime);
use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# the service's clock is this far from ours
sub clock { my ($seconds) = @_; $todoist->clock(now => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + $seconds))); return }

# An edit of the title at b, so many seconds before b is read, by a clock that is wrong by $offset;
# and one here, with a stamp so many seconds old. Who wins under the rule newest?
sub newest
{
	my (%edit) = @_;
	clock(0);
	my $task = $sides->add_task(content => 'before');
	$sides->meanwhile(sub {
		# as a's own edit, which may carry a stamp; nobody else can write one
		$sides->sql(q{SELECT tasksync.origin_set(:'a', NULL) \; UPDATE tasksync.tasks SET title = 'here',
			edited = edited || jsonb_build_object('title', now() - :'ago'::interval) WHERE id = :'id'},
			id => $task, ago => "$edit{here} s");
		clock($edit{offset} - $edit{there});
		$sides->edit_task(b => $task, content => 'there');
		clock($edit{offset});
	}, 'b', 'a');
	my $title = $sides->task($task, 'title');
	clock(0);
	$sides->settle;
	return $title;
}

subtest 'the service is ten minutes fast' => sub {
	is(newest(offset => 600, there => 60, here => 10), 'here', 'an older edit there does not win by its stamp');
	is(newest(offset => 600, there => 10, here => 60), 'there', 'a newer one does');
};

subtest 'the service is ten minutes slow' => sub {
	is(newest(offset => -600, there => 10, here => 60), 'there', 'a newer edit there does not lose by its stamp');
	is(newest(offset => -600, there => 60, here => 10), 'here', 'an older one does');
};

subtest 'its clock is right, a stamp of the future is cut' => sub {
	is(newest(offset => 0, there => 60, here => 10), 'here', 'older there');
	is(newest(offset => 0, there => 10, here => 60), 'there', 'newer there');
};

subtest 'scenario 40: paused for ninety days' => sub {
	my %task = map { ($_ => $sides->add_task(content => $_)) }
	  qw(edited-there edited-here deleted-there deleted-here both untouched), map { "more-$_" } 1 .. 20;
	my %at_a = map { ($_ => $sides->remote_id(a => $task{$_})) } keys %task;

	$sides->sql(q{SELECT tasksync.pause_account(:'a')});
	my $zombie = $sides->edit(a => 'item_add', content => 'zombie');
	$todoist->edit($sides->token('a'),
		{ type => 'item_update', uuid => 'e1', args => { id => $at_a{'edited-there'}, description => 'written while asleep' } },
		{ type => 'item_update', uuid => 'e2', args => { id => $at_a{both}, description => 'there' } },
		{ type => 'item_delete', uuid => 'e3', args => { id => $at_a{'deleted-there'} } },
		{ type => 'item_add', uuid => 'e4', temp_id => 'n', args => { content => 'new-there' } });
	$sides->set_task($task{'edited-here'}, q{description = 'here'});
	$sides->set_task($task{both}, q{title = 'both, renamed here'});
	$sides->sql(q{DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $task{'deleted-here'});
	$sides->sql(q{SELECT tasksync.wait_for_sync(:'b', '30 s')});
	$sides->sql(q{UPDATE tasksync.schedules SET last_read_at = last_read_at - interval '90 days',
			last_success_at = last_success_at - interval '90 days' WHERE account_id = :'a';
		UPDATE tasksync.links SET observed_at = observed_at - interval '90 days' WHERE account_id = :'a';
		UPDATE tasksync.graves SET buried_at = buried_at - interval '90 days' WHERE account_id = :'a'});
	$todoist->clear_log;
	# an id that was buried before the pause, and is alive there again
	$sides->sql(q{INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof, buried_at)
		VALUES (:'user', :'a', :'id', 'task', gen_random_uuid(), 'remote_tombstone', now() - interval '91 days')}, id => $zombie);
	$sides->sql(q{SELECT tasksync.resume_account(:'a'); SELECT tasksync.wait_for_sync(:'a', '30 s')});
	$sides->settle;

	is(scalar(grep { $_->{kind} eq 'full' } $todoist->requests($sides->token('a'))), 1, 'it is read whole, whatever the old cursor would tell');
	is($sides->task($task{'edited-there'}, 'description'), 'written while asleep', 'what was written there comes in');
	is($sides->item(a => $task{'edited-here'})->{description}, 'here', 'what was written here goes out');
	is($sides->task($task{both}, q{title || ': ' || description}), 'both, renamed here: there', 'bases were kept: both are merged');
	is($sides->conflicts($task{both}), 'none', 'without a conflict');
	is($sides->task($task{'deleted-there'}, 'count(*)'), 0, 'a deletion there is proven and taken in');
	is($sides->sql(q{SELECT proof FROM tasksync.graves WHERE account_id = :'a' AND remote_id = :'id'}, id => $at_a{'deleted-there'}),
		'point_read', 'by asking for it, not by its absence');
	ok(!$todoist->tasks($sides->token('a'))->{ $at_a{'deleted-here'} }, 'a deletion here is carried out');
	is(scalar $sides->items_named(b => 'deleted-here'), 0, 'nothing stale comes back');
	is(scalar $sides->items_named(b => 'new-there'), 1, 'what is new there is new');
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE title = 'zombie'}), 0, 'an id that is in a grave is not adopted');
	is(scalar $sides->items_named(b => 'zombie'), 0, 'and goes nowhere else');
	$sides->edit(a => 'item_delete', id => $zombie);
	$sides->settle;
	$sides->is_equal('after ninety days');
	$sides->is_quiet;
};

done_testing();
