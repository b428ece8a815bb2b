# A second engine outside that mirrors the same two accounts (scenario 41), and a script that
# completes everything (scenario 25).
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# One round of an engine that wants the title at b in capitals and at a in small letters. It knows
# nothing of the hub; what it sees changed since its last round it takes for an edit to be mirrored.
sub mirror
{
	my ($task) = @_;
	my ($at_a, $at_b) = map { $sides->item($_ => $task)->{content} } qw(a b);
	if ($at_b ne uc $at_a) { $sides->edit_task(b => $task, content => uc $at_a) }
	elsif ($at_a ne lc $at_b) { $sides->edit_task(a => $task, content => lc $at_b) }
	return;
}

sub journalled
{
	my ($task) = @_;
	return $sides->sql(q{SELECT count(*) FROM tasksync.journal WHERE hub_id = :'id'}, id => $task);
}

subtest 'scenario 41: a mirror outside undoes what the hub does' => sub {
	my $task = $sides->add_task(content => 'milk');
	my $other = $sides->add_task(content => 'bread');
	foreach my $round (1 .. 3) { mirror($task); $sides->settle }
	is($sides->conflicts($task), 'title loop open', 'a question within three rounds');
	my $changes = journalled($task);
	foreach my $round (1 .. 4) { mirror($task); $sides->settle }
	is(journalled($task), $changes, 'and then it has an end: the hub changes no more');
	is($sides->conflicts($task), 'title loop open', 'it is asked once');
	is($sides->sql(q{SELECT hub::text || ' ' || remote::text FROM tasksync.conflicts WHERE hub_id = :'id'}, id => $task),
		'"milk" "MILK"', 'both values are there to choose from');

	# everything else goes on
	$sides->edit_task(a => $task, description => 'two litres');
	$sides->edit_task(b => $other, content => 'rye bread');
	$sides->settle;
	is($sides->item(b => $task)->{description}, 'two litres', 'other fields of the task');
	is($sides->item(a => $other)->{content}, 'rye bread', 'other tasks');

	$sides->sql(q{SELECT (tasksync.resolve_conflict(id, 'value', '"Oat milk"')).id FROM tasksync.conflicts
		WHERE hub_id = :'id' AND status = 'open'}, id => $task);
	$sides->settle;
	is(join(' ', map { $sides->item($_ => $task)->{content} } qw(a b)), 'Oat milk Oat milk', 'an answer frees the field');
	$sides->edit_task(b => $task, content => 'Soy milk');
	$sides->settle;
	is($sides->item(a => $task)->{content}, 'Soy milk', 'and edits go through again');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a person who cannot decide is no loop' => sub {
	my $task = $sides->add_task(content => 'tea');
	foreach my $title ('coffee', 'tea', 'coffee', 'tea')
	{
		$sides->edit_task(a => $task, content => $title);
		$sides->settle;
	}
	is($sides->conflicts($task), 'none', 'back and forth at one side');
	$sides->edit_task(a => $task, content => 'water');
	$sides->settle;
	$sides->edit_task(b => $task, content => 'juice');
	$sides->settle;
	$sides->edit_task(a => $task, content => 'milk');
	$sides->settle;
	is($sides->conflicts($task), 'none', 'more than two values');
	$sides->is_equal;
};

subtest 'scenario 25: a script completes 300 tasks' => sub {
	# a project of Todoist's holds 300 tasks
	my $project = $sides->remote_id(a => $sides->add(project => name => 'Chores'));
	my $added = $todoist->edit($sides->token('a'), map { { type => 'item_add', temp_id => "s$_", uuid => "script-$_",
		args => { content => "chore $_", project_id => $project } } } 1 .. 300);
	$sides->settle;
	my $tasks = $sides->sql('SELECT count(*) FROM tasksync.tasks');
	$todoist->edit($sides->token('a'), map { { type => 'item_close', uuid => "done-$_",
		args => { id => $added->{temp_id_mapping}{"s$_"} } } } 1 .. 300);
	$sides->settle;
	is($sides->sql('SELECT count(*) FROM tasksync.tasks'), $tasks, 'no task is deleted here');
	is($sides->sql(q{SELECT count(*) FROM tasksync.held_changes}), 0, 'nor is anything asked for');
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE title LIKE 'chore %' AND status = 'done'}), 300, 'all are done here');
	is(scalar(grep { $_->{content} =~ /^chore / && $_->{checked} } values %{ $todoist->tasks($sides->token('b')) }), 300,
		'and at b: completions flow, and as completions');

	# in the middle of it deletions are judged for themselves
	$todoist->edit($sides->token('a'), map { { type => $_ > 40 ? 'item_uncomplete' : 'item_delete', uuid => "mixed-$_",
		args => { id => $added->{temp_id_mapping}{"s$_"} } } } 1 .. 300);
	$sides->settle;
	is($sides->sql(q{SELECT count(*) FROM tasksync.held_changes WHERE status = 'held' AND change = 'delete'}), 40, 'forty deletions wait');
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE title LIKE 'chore %' AND status = 'open'}), 260, 'while 260 tasks are reopened');
	$sides->sql(q{SELECT tasksync.approve_held(array_agg(id)) FROM tasksync.held_changes WHERE status = 'held'});
	$sides->settle;
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
