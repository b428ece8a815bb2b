# What was deleted in the hub and is alive again before everybody was told: by an edit at another
# side, or because somebody put it back. And what the provider does with subtasks on its own when
# their parent is deleted or completed, which is no edit of anybody.

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

# Until a run of side a has failed and no other one has begun.
sub when_a_failed
{
	$sides->hub->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'a'},
		't', a => $sides->account('a'));
	$sides->sql(q{SELECT tasksync.pause_account(:'a')});
	return;
}

subtest 'the answer to the deletion is lost, then the row is put back: made anew there' => sub {
	my $task = $sides->add_task(content => 'Revenant');
	my $at_a = $sides->remote_id(a => $task);

	$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('a'), match => { command => 'item_delete' } });
	put_back($task, sub { when_a_failed() });
	ok(!$todoist->tasks($sides->token('a'))->{$at_a}, 'a has deleted it');
	$sides->sql(q{SELECT tasksync.resume_account(:'a')});
	$sides->settle;
	is($sides->task($task, 'title'), 'Revenant', 'the hub does not take its own deletion for that of a person');
	is(scalar $sides->items_named($_ => 'Revenant'), 1, "once at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'the deletion never arrived, and the task was edited there meanwhile: the edit wins' => sub {
	my $task = $sides->add_task(content => 'Old rag');

	$todoist->faults({ kind => 'cut_before', token => $sides->token('a'), match => { command => 'item_delete' } });
	$sides->sql(q{SELECT tasksync.pause_account(:'b'); DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $task);
	when_a_failed();
	$sides->edit_task(a => $task, description => 'still good for the bicycle');
	$sides->sql(q{SELECT tasksync.resume_account(:'a'); SELECT tasksync.wait_for_sync(:'a');
		SELECT tasksync.resume_account(:'b')});
	$sides->settle;
	is($sides->task($task, 'description'), 'still good for the bicycle', 'it is in the hub');
	is(scalar $sides->items_named($_ => 'Old rag'), 1, "at side $_") foreach qw(a b);
	like($sides->conflicts($task), qr/edit_wins settled/, 'and somebody can read about it');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'the deletion never arrived and nobody edited: it is sent again' => sub {
	my $task = $sides->add_task(content => 'Gone for good');

	$todoist->faults({ kind => 'cut_before', token => $sides->token('a'), match => { command => 'item_delete' } });
	$sides->sql(q{DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $task);
	$sides->hub->wait_for(q{SELECT failures > 0 FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $sides->account('a'));
	$sides->settle;
	is(scalar(() = $sides->items_named($_ => 'Gone for good')), 0, "gone at side $_") foreach qw(a b);
	is($sides->sql(q{SELECT count(*) FROM tasksync.intents WHERE hub_id = :'id'}, id => $task), 0, 'nothing is left over');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a project made here whose answer was lost, renamed there before it was read: one of the two waits for a person' => sub {
	my $named = sub { my ($side, $name) = @_; return grep { $_->{name} eq $name && !$_->{is_deleted} } @{ $todoist->state($sides->token($side))->{projects} } };

	$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('a'), match => { command => 'project_add' } });
	$sides->sql(q{INSERT INTO tasksync.projects (user_id, name) VALUES (:'user', 'Attic')});
	when_a_failed();
	# too old to be sent again before the read
	$sides->sql(q{UPDATE tasksync.intents SET first_sent_at = first_sent_at - interval '1 day' WHERE account_id = :'a'});
	my ($there) = $named->(a => 'Attic');
	$sides->edit(a => 'project_update', id => $there->{id}, name => 'Loft');
	$sides->sql(q{SELECT tasksync.resume_account(:'a')});
	$sides->settle;
	is($sides->sql(q{SELECT string_agg(kind || ' ' || error_code, ', ') FROM tasksync.dead_letters}), 'project exists_twice', 'a dead letter says so');
	is(scalar(() = $named->(a => 'Loft')) . scalar(() = $named->(a => 'Attic')), '10', 'a has it once');
	is($sides->sql(q{SELECT string_agg(name, ' ' ORDER BY name) FROM tasksync.projects WHERE name IN ('Attic', 'Loft')}), 'Attic Loft',
		'the hub keeps both: a person may have put something into either');
	$sides->sql(q{DELETE FROM tasksync.projects WHERE name = 'Attic'});
	$sides->settle;
	is($sides->sql(q{SELECT count(*) FROM tasksync.dead_letters}), 0, 'decided');
	$sides->is_equal;
	$sides->is_quiet;
};

# ---- subtasks ----

# A tree of four: hub ids by title.
sub tree
{
	my ($name) = @_;
	my $root = $sides->add_task(content => $name);
	my $branch = $sides->add_task(content => "$name, branch", parent_id => $sides->remote_id(a => $root));
	my @leaves = map { $sides->add_task(content => "$name, leaf $_", parent_id => $sides->remote_id(a => $branch)) } 1, 2;
	$todoist->clear_log;
	return ($root, $branch, @leaves);
}

sub sent_to { my ($side) = @_; return join ' ', map { @{ $_->{types} // [] } } $todoist->requests($sides->token($side)) }

subtest 'a tree completed in the hub is one command at each side' => sub {
	my ($root) = tree('Oak');

	$sides->set_task($root, q{status = 'done'});
	$sides->settle;
	is(sent_to($_), 'item_close', "side $_") foreach qw(a b);
	is($sides->sql(q{SELECT string_agg(DISTINCT status, ' ') FROM tasksync.tasks WHERE title LIKE 'Oak%'}), 'done', 'all of it is done');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a tree deleted in the hub is one command at each side' => sub {
	my ($root) = tree('Elm');

	$sides->sql(q{DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $root);
	$sides->settle;
	is(sent_to($_), 'item_delete', "side $_") foreach qw(a b);
	is($sides->sql(q{SELECT count(*) FROM tasksync.links l LEFT JOIN tasksync.tasks t ON t.id = l.hub_id
		WHERE l.kind = 'task' AND t.id IS NULL}), 0, 'no link is left behind');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'the service does not tell of subtasks: the same, in a request more' => sub {
	$todoist->control(POST => 'config', { completed_subtask_rows => \0, descendant_tombstones => \0 });
	my ($done) = tree('Ash');
	my ($gone) = tree('Fir');

	$sides->set_task($done, q{status = 'done'});
	$sides->sql(q{DELETE FROM tasksync.tasks WHERE id = :'id'}, id => $gone);
	$sides->settle;
	is($sides->sql(q{SELECT count(*) FROM tasksync.dead_letters}), 0, 'nothing was refused for good');
	$sides->is_equal;
	$sides->is_quiet;
	$todoist->control(POST => 'config', { completed_subtask_rows => \1, descendant_tombstones => \1 });
};

subtest 'a subtask taken out of a tree and edited, the tree completed in the same moment' => sub {
	my ($root, $branch, $leaf) = tree('Yew');

	$sides->sql(q{BEGIN; UPDATE tasksync.tasks SET parent_id = NULL, title = 'Yew, seedling' WHERE id = :'leaf';
		UPDATE tasksync.tasks SET status = 'done' WHERE id = :'root'; COMMIT}, leaf => $leaf, root => $root);
	$sides->settle;
	is($sides->task($leaf, 'status'), 'open', 'it lives on');
	ok(!$sides->item($_ => $leaf)->{checked}, "at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a subtask reopened while the completion of its tree is on its way: it stays open' => sub {
	my ($root, $branch, $leaf, $other) = tree('Lime');

	$todoist->faults({ kind => 'slow_ms', ms => 1500, when => 'after', token => $sides->token('a'),
		match => { command => 'item_close' } });
	$sides->set_task($root, q{status = 'done'});
	wait_until('it has arrived', sub { $sides->item(a => $leaf)->{checked} });
	$sides->set_task($leaf, q{status = 'open'});
	$sides->settle;
	is(join(' ', map { $sides->task($_, 'status') } $root, $branch, $leaf, $other), 'open open open done',
		'open, with what is above it');
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
