# What was deleted in the hub and is alive again before everybody was told: by an edit at another
# side, or because somebody put it back.

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;
use TaskSync::Wait;

my $sides = TaskSync::Sides->start(settings => "tasksync.request_timeout = '3 s'\n");
my $todoist = $sides->todoist;

# Deletes a task of the hub and puts the same row back: what an undo does.
sub put_back
{
	my ($id, $meanwhile) = @_;
	$sides->sql(q{CREATE TABLE public.kept AS SELECT user_id, id, title, project_id FROM tasksync.tasks WHERE id = :'id';
		DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $id);
	$meanwhile->();
	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, id, title, project_id) SELECT * FROM public.kept;
		DROP TABLE public.kept});
	return;
}

subtest 'deleted in the hub, edited at b, and a hears of both: alive everywhere' => sub {
	my $task = $sides->add_task(content => 'Phoenix');
	my $at_a = $sides->remote_id(a => $task);

	# seed 368705 of the ledger: the row came back, and a was told to delete it all the same
	$sides->meanwhile(sub {
		$sides->sql(q{DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $task);
		$sides->edit_task(b => $task, content => 'Phoenix, risen');
	}, 'b', 'a');
	is($sides->task($task, 'title'), 'Phoenix, risen', 'the edit wins in the hub');
	is(scalar $sides->items_named($_ => 'Phoenix, risen'), 1, "once at side $_") foreach qw(a b);
	is($sides->remote_id(a => $task), $at_a, 'a kept its object, which nobody deleted');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a project deleted in the hub and put back before anybody was told' => sub {
	my $project = $sides->add(project => name => 'Ashes');
	my $section = $sides->add(section => name => 'Embers', project_id => $sides->remote_id(a => $project));
	my $task = $sides->add_task(content => 'Glow', section_id => $sides->remote_id(a => $section));
	my %was = map { my $id = $_; ($id => join ' ', map { $sides->remote_id($_ => $id) } qw(a b)) } $project, $section, $task;

	$sides->meanwhile(sub {
		$sides->sql(q{
			BEGIN;
			CREATE TEMP TABLE p ON COMMIT DROP AS SELECT user_id, id, name FROM tasksync.projects WHERE id = :'project';
			CREATE TEMP TABLE s ON COMMIT DROP AS SELECT user_id, id, project_id, name FROM tasksync.sections WHERE id = :'section';
			CREATE TEMP TABLE t ON COMMIT DROP AS SELECT user_id, id, project_id, section_id, title FROM tasksync.tasks WHERE id = :'task';
			DELETE FROM tasksync.projects WHERE id = :'project';
			INSERT INTO tasksync.projects (user_id, id, name) SELECT * FROM p;
			INSERT INTO tasksync.sections (user_id, id, project_id, name) SELECT * FROM s;
			INSERT INTO tasksync.tasks (user_id, id, project_id, section_id, title) SELECT * FROM t;
			COMMIT;}, project => $project, section => $section, task => $task);
	});
	foreach my $id ($project, $section, $task)
	{
		is(join(' ', map { $sides->remote_id($_ => $id) } qw(a b)), $was{$id}, 'the same objects at both sides');
	}
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'put back while the deletion is on its way: made anew there' => sub {
	my $task = $sides->add_task(content => 'Boomerang');
	my $at_a = $sides->remote_id(a => $task);

	$todoist->faults({ kind => 'slow_ms', ms => 1500, when => 'after', token => $sides->token('a'),
		match => { command => 'item_delete' } });
	put_back($task, sub {
		wait_until('the deletion has arrived', sub { !$todoist->tasks($sides->token('a'))->{$at_a} });
	});
	$sides->settle;
	is(scalar $sides->items_named($_ => 'Boomerang'), 1, "once at side $_") foreach qw(a b);
	isnt($sides->remote_id(a => $task), $at_a, 'a has a new object');
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
