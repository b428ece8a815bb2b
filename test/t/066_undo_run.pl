# A whole run taken back: ordinary edits of the hub that reach every side (scenario 44, invariant
# I22). What undo_run() does in the hub itself is in test/sql/undo.sql.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# the newest run of a side that changed something here
sub last_run
{
	my ($side) = @_;
	return $sides->sql(qq{SELECT id FROM tasksync.sync_runs WHERE account_id = :'$side'
		AND items_created + items_updated + items_deleted > 0 ORDER BY started_at DESC LIMIT 1});
}

sub undo
{
	my ($run) = @_;
	return $sides->sql(q{SELECT restored_fields || ' fields, ' || restored_rows || ' rows, ' || deleted || ' deleted, '
		|| brought_back || ' back, ' || skipped || ' skipped' FROM tasksync.undo_run(:'run')}, run => $run);
}

sub is_as_before
{
	my ($before, $what) = @_;
	foreach my $side (qw(a b))
	{
		is_deeply(TaskSync::Sides::canonical($sides->view($side)), $before, "$what: side $side as before the run");
	}
	return;
}

my @tasks;

subtest 'scenario 44: 50 wrong updates by a run' => sub {
	$todoist->edit($sides->token('a'), map { { type => 'item_add', temp_id => "t$_", uuid => "add-$_",
		args => { content => "task $_", priority => 1 + $_ % 4, due => { date => '2026-05-12' } } } } 1 .. 50);
	$sides->settle;
	@tasks = split /\n/, $sides->sql(q{SELECT id FROM tasksync.tasks WHERE user_id = :'user' ORDER BY title});
	is(scalar @tasks, 50, 'fifty tasks');
	my $before = TaskSync::Sides::canonical($sides->view('a'));
	my @titles = map { $sides->task($_, 'title') } @tasks[0, 1];

	$todoist->edit($sides->token('a'), map { { type => 'item_update', uuid => "wrong-$_",
		args => { id => $sides->remote_id(a => $tasks[$_]), content => "WRONG $_", due => { date => '2030-01-01' } } } } 0 .. 49);
	$sides->settle;
	my $run = last_run('a');
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE title LIKE 'WRONG%'}), 50, 'all of them are wrong here');
	is(scalar(grep { /^WRONG/ } @{ $sides->view('b')->{tasks} }), 50, 'and at b');

	# three are edited since, in different places
	$sides->edit_task(b => $tasks[0], content => 'edited at b');
	$sides->edit_task(a => $tasks[1], content => 'edited at a');
	$sides->settle;
	$sides->set_task($tasks[2], "due_date = '2026-06-01'");
	is(undo($run), '97 fields, 50 rows, 0 deleted, 0 back, 3 skipped', 'the counts');
	is($sides->sql(q{SELECT string_agg(concat_ws(' ', p.action, p.field, p.reason), ', ' ORDER BY p.field, p.hub_id)
		FROM tasksync.preview_undo(:'run') p}, run => $run),
		'skip due_date edited since, skip title edited since, skip title edited since', 'which ones were skipped');
	$sides->settle;
	$sides->is_equal('after the undo');
	is(scalar(grep { /^WRONG/ } map { @{ $sides->view($_)->{tasks} } } qw(a b)), 0, 'no wrong title is left anywhere');
	is($sides->task($tasks[0], 'title') . ', ' . $sides->task($tasks[1], 'title') . ', ' . $sides->task($tasks[2], 'due_date'),
		'edited at b, edited at a, 2026-06-01', 'what was edited since is as it was edited');
	# the three put right by hand: everything is as before the run
	$sides->set_task($tasks[$_], "title = '$titles[$_]'") foreach 0, 1;
	$sides->set_task($tasks[2], "due_date = '2026-05-12'");
	$sides->settle;
	is_as_before($before, 'fifty');
	$sides->is_quiet;
};

subtest 'what a run deleted and created, and the undo of the undo' => sub {
	my $parent = $sides->add_task(content => 'Beds');
	my $child = $sides->add_task(content => 'Dig', parent_id => $sides->remote_id(a => $parent));
	my $before = TaskSync::Sides::canonical($sides->view('a'));

	$todoist->edit($sides->token('a'),
		{ type => 'item_delete', uuid => 'd', args => { id => $sides->remote_id(a => $parent) } },
		{ type => 'item_add', uuid => 'n', temp_id => 'n', args => { content => 'Weeds' } });
	$sides->settle;
	my $run = last_run('a');
	my $after = TaskSync::Sides::canonical($sides->view('b'));
	ok(!(grep { /Beds|Dig/ } @{ $after->{tasks} }), 'the deletion has arrived at b');

	is(undo($run), '0 fields, 0 rows, 1 deleted, 2 back, 0 skipped', 'the counts');
	$sides->settle;
	$sides->is_equal('undone');
	is_as_before($before, 'undone');
	my $undo = $sides->sql(q{SELECT run_id FROM tasksync.journal WHERE hub_id = :'id' AND op = 'insert'
		ORDER BY version DESC LIMIT 1}, id => $child);
	is(undo($undo), '0 fields, 0 rows, 2 deleted, 1 back, 0 skipped', 'the undo undone');
	$sides->settle;
	$sides->is_equal('the undo undone');
	is_as_before($after, 'the undo undone');
	$sides->is_quiet;
};

subtest 'the deletions of an undo meet the guard' => sub {
	$todoist->edit($sides->token('a'), map { { type => 'item_add', temp_id => "m$_", uuid => "many-$_",
		args => { content => "many $_" } } } 1 .. 40);
	$sides->settle;
	is(undo(last_run('a')), '0 fields, 0 rows, 40 deleted, 0 back, 0 skipped', 'forty creations are taken back');
	$sides->settle;
	is(scalar(grep { /^many/ } @{ $sides->view($_)->{tasks} }), 40, "they are still at $_") foreach qw(a b);
	is($sides->sql(q{SELECT tasksync.approve_held(array_agg(id)) FROM tasksync.held_changes WHERE status = 'held'}), 80,
		'both sides ask before so much is deleted');
	$sides->settle;
	$sides->is_equal('approved');
	is(scalar(grep { /^many/ } @{ $sides->view('a')->{tasks} }), 0, 'and then it is');
};

done_testing();
