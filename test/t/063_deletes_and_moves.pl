# Deletions that are held and decided, and moves of everything to everywhere, between two sides.

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# A project at side a with so many tasks: (hub id of the project, hub ids of the tasks by title).
sub project_with_tasks
{
	my ($name, $count) = @_;
	my $project = $sides->edit(a => 'project_add', name => $name);
	$sides->edit(a => 'item_add', content => "$name $_", project_id => $project) foreach 1 .. $count;
	$sides->settle;
	my %tasks = map { split /\|/ } split /\n/, $sides->sql(
		q{SELECT t.title, t.id FROM tasksync.tasks t JOIN tasksync.projects p ON p.id = t.project_id
			WHERE p.name = :'name'}, name => $name);
	return ($sides->hub_id(a => project => $project), %tasks);
}

sub held
{
	return $sides->sql(q{SELECT coalesce(string_agg(n || ' ' || direction || ' ' || kind, ', ' ORDER BY direction, kind), 'none')
		FROM (SELECT count(*) AS n, direction, kind FROM tasksync.held_changes WHERE status = 'held'
			GROUP BY direction, kind) x});
}

# approve_held or reject_held for all that is held, then both sides
sub decide
{
	my ($function) = @_;
	my $count = $sides->sql("SELECT tasksync.$function(array_agg(id)) FROM tasksync.held_changes WHERE status = 'held'");
	$sides->settle;
	return $count;
}

sub count_at
{
	my ($side, $like) = @_;
	return scalar grep { $_->{content} =~ /^\Q$like\E/ } values %{ $todoist->tasks($sides->token($side)) };
}

sub count_in_hub
{
	my ($like) = @_;
	return $sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE title LIKE :'like' || '%'}, like => $like);
}

subtest 'scenario 24: a project with 40 tasks deleted here, 2 edited there: held, then 38 go and 2 are rescued' => sub {
	my ($project, %tasks) = project_with_tasks('Forty', 40);
	my @edited = @tasks{ 'Forty 7', 'Forty 23' };

	is(scalar keys %tasks, 40, 'forty tasks');
	$sides->meanwhile(sub {
		$sides->at(a => $project, 'project_delete');
		$sides->edit_task(b => $_, description => 'still needed') foreach @edited;
	});
	is(held(), '1 in project, 40 in task', 'everything is held');
	is(count_in_hub('Forty'), 40, 'nothing is gone in the hub');
	is(count_at(b => 'Forty'), 40, 'nor at the other side');
	like($sides->sql('SELECT state FROM tasksync.account_health ORDER BY state'), qr/held/, 'account_health says so');
	is(decide('approve_held'), 41, 'approved');
	is($sides->sql(q{SELECT string_agg(title, ', ' ORDER BY title) FROM tasksync.tasks WHERE title LIKE 'Forty%'}),
		'Forty 23, Forty 7', 'two are rescued in the hub');
	is(count_at($_ => 'Forty'), 2, "two at side $_") foreach qw(a b);
	is($sides->sql(q{SELECT bool_and(p.is_inbox) FROM tasksync.tasks t JOIN tasksync.projects p ON p.id = t.project_id
			WHERE t.title LIKE 'Forty%'}), 't', 'in the inbox');
	is($sides->sql(q{SELECT count(*) FROM tasksync.projects WHERE name = 'Forty'}), 0, 'the project is gone');
	is($sides->conflicts($edited[0]), 'deleted edit_wins settled', 'the rescue is written down');
	is(held(), 'none', 'nothing is held any more');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'the same, turned down: the project and its tasks are made there again' => sub {
	my ($project, %tasks) = project_with_tasks('Twelve', 12);

	$sides->at(b => $project, 'project_delete');
	$sides->settle('b', 'a');
	is(held(), '1 in project, 12 in task', 'held');
	is(decide('reject_held'), 13, 'turned down');
	is(count_at($_ => 'Twelve'), 12, "all at side $_") foreach qw(a b);
	is(count_in_hub('Twelve'), 12, 'all in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'many tasks deleted here: held, while other changes flow' => sub {
	my ($project, %tasks) = project_with_tasks('Eight', 8);

	$sides->at(a => $tasks{"Eight $_"}, 'item_delete') foreach 1 .. 7;
	$sides->edit_task(a => $tasks{'Eight 8'}, content => 'Eight 8, edited');
	$sides->settle;
	is(held(), '7 in task', 'held');
	is($sides->item(b => $tasks{'Eight 8'})->{content}, 'Eight 8, edited', 'another change of the same read arrives');
	is(count_at(b => 'Eight'), 8, 'none is deleted at the other side');
	$sides->is_quiet('while they wait');
	my @ids = split /\n/, $sides->sql(q{SELECT id FROM tasksync.held_changes WHERE status = 'held' ORDER BY hub_id});
	is($sides->sql(q{SELECT tasksync.approve_held(:'ids')}, ids => "{$ids[0],$ids[1]}"), 2, 'two approved');
	is($sides->sql(q{SELECT tasksync.approve_held(:'ids')}, ids => "{$ids[0],$ids[1]}"), 0, 'once each');
	$sides->settle;
	is(count_at(b => 'Eight'), 6, 'exactly those two go');
	is(decide('reject_held'), 5, 'the others are turned down');
	is(count_at($_ => 'Eight'), 6, "six at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'held, and edited in the hub before the approval: the edit wins' => sub {
	my ($project, %tasks) = project_with_tasks('Nine', 9);

	$sides->at(a => $tasks{"Nine $_"}, 'item_delete') foreach 1 .. 7;
	$sides->settle;
	is(held(), '7 in task', 'held');
	$sides->edit_task(b => $tasks{'Nine 3'}, content => 'Nine 3, needed');
	$sides->settle;
	is(decide('approve_held'), 7, 'approved');
	is(count_at($_ => 'Nine'), 3, "three at side $_") foreach qw(a b);
	is($sides->task($tasks{'Nine 3'}, 'title'), 'Nine 3, needed', 'the edited one is among them');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'many tasks deleted in the hub: held on the way out' => sub {
	my ($project, %tasks) = project_with_tasks('Ten', 10);

	$sides->sql(q{DELETE FROM tasksync.tasks WHERE title LIKE 'Ten %'});
	$sides->settle;
	is(held(), '20 out task', 'held for both sides');
	is(count_at($_ => 'Ten'), 10, "all still at side $_") foreach qw(a b);
	$sides->is_quiet('while they wait');
	is(decide('approve_held'), 20, 'approved');
	is(count_at($_ => 'Ten'), 0, "gone at side $_") foreach qw(a b);
	is(count_in_hub('Ten'), 0, 'and they do not come back');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'many tasks deleted in the hub, turned down: read back from both sides' => sub {
	my ($project, %tasks) = project_with_tasks('Eleven', 11);

	$sides->edit_task(a => $tasks{'Eleven 4'}, description => 'with notes', labels => ['kept'],
		due => { date => '2026-12-24T18:00:00Z', timezone => 'Europe/Berlin' });
	$sides->settle;
	$sides->sql(q{DELETE FROM tasksync.tasks WHERE title LIKE 'Eleven %'});
	$sides->settle;
	is(held(), '22 out task', 'held for both sides');
	is(decide('reject_held'), 22, 'turned down');
	is(count_in_hub('Eleven'), 11, 'back in the hub, once');
	is(count_at($_ => 'Eleven'), 11, "once at side $_") foreach qw(a b);
	is($sides->sql(q{SELECT description, labels, due_time, due_timezone FROM tasksync.tasks WHERE title = 'Eleven 4'}),
		'with notes|{kept}|19:00:00|Europe/Berlin', 'as they were');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'hold_deletes off: nothing is held' => sub {
	my ($project, %tasks) = project_with_tasks('Off', 8);

	$sides->sql(q{SELECT tasksync.set_policy(a, '{"hold_deletes": "off"}') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a});
	$sides->at(a => $project, 'project_delete');
	$sides->settle;
	is(held(), 'none', 'nothing is held');
	is(count_at($_ => 'Off'), 0, "gone at side $_") foreach qw(a b);
	is(count_in_hub('Off'), 0, 'gone in the hub');
	$sides->sql(q{SELECT tasksync.set_policy(a, '{}') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a});
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a project deleted here while the other side adds a task to it: the new task is rescued' => sub {
	my ($project, %tasks) = project_with_tasks('Lonely', 1);

	$sides->meanwhile(sub {
		$sides->at(a => $project, 'project_delete');
		$sides->edit(b => 'item_add', content => 'Lonely new', project_id => $sides->remote_id(b => $project));
	});
	decide('approve_held') if held() ne 'none';
	is(count_at($_ => 'Lonely new'), 1, "the new one is at side $_") foreach qw(a b);
	is(count_in_hub('Lonely'), 1, 'alone');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a project deleted in the hub while a side adds to it, edits in it and adds below a task' => sub {
	my ($project, %tasks) = project_with_tasks('Cellar', 2);
	my $elsewhere = $sides->add_task(content => 'Wine');

	$sides->meanwhile(sub {
		my $p = $sides->remote_id(b => $project);
		my $s = $sides->edit(b => 'section_add', name => 'Shelf', project_id => $p);
		$sides->edit(b => 'item_add', content => 'Cellar new', project_id => $p, section_id => $s);
		$sides->edit(b => 'item_add', content => 'Cellar child', parent_id => $sides->remote_id(b => $tasks{'Cellar 1'}));
		$sides->edit_task(b => $tasks{'Cellar 2'}, description => 'still there');
		$sides->edit(b => 'item_add', content => 'Wine cheap', parent_id => $sides->remote_id(b => $elsewhere));
		$sides->sql(q{DELETE FROM tasksync.projects WHERE id = :'p'; DELETE FROM tasksync.tasks WHERE id = :'t'},
			p => $project, t => $elsewhere);
	});
	decide('approve_held') if held() ne 'none';
	foreach my $side (qw(a b))
	{
		is(join(', ', sort map { $_->{content} } grep { $_->{content} =~ /^(Cellar|Wine)/ }
				values %{ $todoist->tasks($sides->token($side)) }),
			'Cellar 2, Cellar child, Cellar new, Wine cheap', "nothing that side b wrote is lost at side $side");
	}
	is($sides->sql(q{SELECT count(*) FROM tasksync.projects WHERE name = 'Cellar'}), 0, 'the project is gone');
	$sides->is_equal;
	$sides->is_quiet;
};

# ---- moves ----

subtest 'projects, sections: made, renamed, moved and deleted at each side and in the hub' => sub {
	my $p = $sides->add(project => name => 'Work');
	my $q = $sides->add(project => name => 'Office', parent_id => $sides->remote_id(a => $p));
	$sides->is_equal('made at a');
	$sides->at(b => $p, 'project_update', name => 'Job', color => 'blue');
	my $s = $sides->edit(b => 'section_add', name => 'Desk', project_id => $sides->remote_id(b => $q));
	$sides->settle('b', 'a');
	$s = $sides->hub_id(b => section => $s);
	$sides->is_equal('renamed and made at b');
	is($sides->sql(q{SELECT color FROM tasksync.projects WHERE id = :'p'}, p => $p), 'blue', 'with the colour');
	$sides->sql(q{UPDATE tasksync.projects SET name = 'Bureau', parent_id = NULL WHERE id = :'q';
		UPDATE tasksync.sections SET name = 'Table' WHERE id = :'s';
		INSERT INTO tasksync.projects (user_id, name, parent_id) VALUES (:'user', 'Below', :'p')}, q => $q, s => $s, p => $p);
	$sides->settle;
	$sides->is_equal('renamed, moved and made in the hub');
	$sides->at(b => $s, 'section_move', project_id => $sides->remote_id(b => $p));
	$sides->settle('b', 'a');
	$sides->is_equal('a section in another project');
	$sides->at(b => $s, 'section_delete');
	$sides->at(a => $q, 'project_delete');
	$sides->settle;
	$sides->sql(q{DELETE FROM tasksync.projects WHERE name = 'Below'});
	$sides->settle;
	$sides->is_equal('deleted');
	$sides->is_quiet;
};

subtest 'tasks between projects, sections and parents, in both directions' => sub {
	my $p = $sides->add(project => name => 'From');
	my $q = $sides->add(project => name => 'To');
	my ($s, $t) = map { $sides->add(section => name => $_->[0], project_id => $sides->remote_id(a => $_->[1])) }
	  ([ 'Start', $p ], [ 'End', $q ]);
	my $task = $sides->add_task(content => 'Traveller', section_id => $sides->remote_id(a => $s),
		project_id => $sides->remote_id(a => $p));
	my $child = $sides->add_task(content => 'Luggage', parent_id => $sides->remote_id(a => $task));
	my $host = $sides->add_task(content => 'Host', project_id => $sides->remote_id(a => $q));
	my %was = map { ($_ => $sides->remote_id($_ => $task)) } qw(a b);

	$sides->is_equal('before');
	$sides->at(b => $task, 'item_move', section_id => $sides->remote_id(b => $t));
	$sides->settle('b', 'a');
	$sides->is_equal('into a section of another project, at b, with its subtask');
	is($sides->task($task, '(SELECT name FROM tasksync.sections s WHERE s.id = section_id)'), 'End', 'hub');
	$sides->set_task($task, "parent_id = '$host'");
	$sides->settle;
	$sides->is_equal('below another task, in the hub');
	is($sides->item(a => $task)->{parent_id}, $sides->remote_id(a => $host), 'side a');
	$sides->at(a => $task, 'item_move', project_id => $sides->remote_id(a => $p));
	$sides->settle;
	$sides->is_equal('back to the first project, at a');
	$sides->set_task($task, "section_id = '$s'");
	$sides->settle;
	$sides->is_equal('into its section, in the hub');
	$sides->set_task($task, "project_id = '$q', section_id = NULL");
	$sides->settle;
	$sides->is_equal('to the other project, in the hub');
	$sides->at(b => $child, 'item_move', project_id => $sides->remote_id(b => $q));
	$sides->settle('b', 'a');
	$sides->is_equal('the subtask on its own feet, at b');
	is($sides->remote_id($_ => $task), $was{$_}, "never made anew at side $_") foreach qw(a b);
	$sides->is_quiet;
};

subtest 'a subtask is in the section of its parent, whatever the hub is told' => sub {
	my $project = $sides->add(project => name => 'Shelf');
	my ($top, $bottom) = map { $sides->add(section => name => $_, project_id => $sides->remote_id(a => $project)) } 'Top', 'Bottom';
	my $box = $sides->add_task(content => 'Crate', section_id => $sides->remote_id(a => $top));
	my $places = sub {
		return $sides->sql(q{SELECT string_agg(t.title || ' ' || coalesce(s.name, '-'), ', ' ORDER BY t.title)
			FROM tasksync.tasks t LEFT JOIN tasksync.sections s ON s.id = t.section_id WHERE t.project_id = :'id'}, id => $project);
	};

	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, parent_id, title) VALUES (:'user', :'project', :'box', 'Lid');
		INSERT INTO tasksync.tasks (user_id, parent_id, title) SELECT user_id, id, 'Handle' FROM tasksync.tasks WHERE title = 'Lid'},
		project => $project, box => $box);
	$sides->settle;
	is($places->(), 'Crate Top, Handle Top, Lid Top', 'made without a section');
	$sides->is_equal;
	$sides->set_task($box, "section_id = '$bottom'");
	$sides->settle;
	is($places->(), 'Crate Bottom, Handle Bottom, Lid Bottom', 'the parent is moved');
	$sides->is_equal;
	$sides->sql(q{UPDATE tasksync.tasks SET section_id = :'top' WHERE title = 'Lid'}, top => $top);
	$sides->settle;
	is($places->(), 'Crate Bottom, Handle Bottom, Lid Bottom', 'a subtask does not leave its parent for a section');
	$sides->is_equal;
	$sides->meanwhile(sub {
		$sides->set_task($box, "section_id = '$top'");
		$sides->edit(b => 'item_add', content => 'Label', parent_id => $sides->remote_id(b => $box));
	});
	is($places->(), 'Crate Top, Handle Top, Label Top, Lid Top', 'one that is made there while the parent is moved here');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'moved to two places at once: one of them everywhere' => sub {
	my ($p, $q) = map { $sides->add(project => name => $_) } 'Left', 'Right';
	my $task = $sides->add_task(content => 'Torn');

	$sides->meanwhile(sub {
		$sides->at(a => $task, 'item_move', project_id => $sides->remote_id(a => $p));
		$sides->at(b => $task, 'item_move', project_id => $sides->remote_id(b => $q));
	});
	like($sides->conflicts($task), qr/project_id/, 'written down');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a section deleted at one side takes its tasks along, but not one that left it in time' => sub {
	my $p = $sides->add(project => name => 'House');
	my $s = $sides->add(section => name => 'Attic', project_id => $sides->remote_id(a => $p));
	my @tasks = map { $sides->add_task(content => "Box $_", section_id => $sides->remote_id(a => $s),
			project_id => $sides->remote_id(a => $p)) } 1 .. 3;
	$sides->add_task(content => "Chair $_", project_id => $sides->remote_id(a => $p)) foreach 1 .. 3;

	$sides->at(a => $tasks[0], 'item_move', project_id => $sides->remote_id(a => $p));
	$sides->at(a => $s, 'section_delete');
	$sides->settle;
	is(count_at($_ => 'Box'), 1, "one box is left at side $_") foreach qw(a b);
	is($sides->task($tasks[0], 'section_id IS NULL'), 't', 'outside of the section');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a section deleted in the hub' => sub {
	my $p = $sides->add(project => name => 'Garden');
	my $s = $sides->add(section => name => 'Shed', project_id => $sides->remote_id(a => $p));
	my $task = $sides->add_task(content => 'Rake', section_id => $sides->remote_id(a => $s),
		project_id => $sides->remote_id(a => $p));

	$sides->sql(q{DELETE FROM tasksync.sections WHERE id = :'s'}, s => $s);
	$sides->settle;
	is($sides->task($task, 'title'), 'Rake', 'its task stays in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a parent deleted: its subtasks go, edited ones stay' => sub {
	my ($wood) = project_with_tasks('Wood', 5);
	my $parent = $sides->add_task(content => 'Trunk', project_id => $sides->remote_id(a => $wood));
	my ($twig, $leaf) = map { $sides->add_task(content => $_, parent_id => $sides->remote_id(a => $parent)) } 'Twig', 'Leaf';

	$sides->meanwhile(sub {
		$sides->at(a => $parent, 'item_delete');
		$sides->edit_task(b => $leaf, content => 'Leaf, green');
	});
	is(count_at($_ => 'Leaf, green'), 1, "the edited one is at side $_") foreach qw(a b);
	is(count_at($_ => 'Twig'), 0, "the other one is gone at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a project deleted at one side which has a task of it somewhere else: the task stays' => sub {
	my ($project) = project_with_tasks('Guesthouse', 1);
	my $task = $sides->add_task(content => 'Visitor');
	my $at_b = $sides->remote_id(b => $task);

	$sides->meanwhile(sub {
		$sides->at(b => $project, 'project_delete');
		$sides->at(a => $task, 'item_move', project_id => $sides->remote_id(a => $project));
	}, 'a', 'b');
	is(count_in_hub('Guesthouse'), 0, 'what was in the project is gone');
	is($sides->task($task, q{title}), 'Visitor', 'the visitor is not');
	is($sides->remote_id(b => $task), $at_b, 'b keeps its object');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a task made below one that is deleted there at the same time: both are there' => sub {
	my $parent = $sides->add_task(content => 'Nest');

	$sides->meanwhile(sub {
		$sides->at(b => $parent, 'item_delete');
		$sides->edit(a => 'item_add', content => 'Egg', parent_id => $sides->remote_id(a => $parent));
	}, 'a', 'b');
	is(count_at($_ => 'Nest') . count_at($_ => 'Egg'), '11', "at side $_") foreach qw(a b);
	is($sides->sql('SELECT count(*) FROM tasksync.dead_letters'), 0, 'nothing was refused for good');
	$sides->is_equal;
	$sides->is_quiet;
};

# ---- completion ----

subtest 'a task deleted there, and another one moved below it elsewhere: both live' => sub {
	my ($gone, $moved, $below) = map { $sides->add_task(content => $_) } 'Gone', 'Moved below it', 'Below that';

	$sides->meanwhile(sub {
		$sides->at(b => $gone, 'item_delete');
		$sides->at(a => $below, 'item_move', parent_id => $sides->remote_id(a => $moved));
		$sides->at(a => $moved, 'item_move', parent_id => $sides->remote_id(a => $gone));
	});
	is($sides->task($below, q{(SELECT u.title || '/' || v.title FROM tasksync.tasks u JOIN tasksync.tasks v
			ON v.id = u.parent_id WHERE u.id = tasks.parent_id)}), 'Moved below it/Gone', 'as they were moved');
	like($sides->conflicts($gone), qr/deleted edit_wins/, 'and somebody can read why it came back');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'put below a completed task at one side: completed at all' => sub {
	my ($parent, $child) = map { $sides->add_task(content => $_) } 'Bag', 'Sock';

	$sides->at(a => $parent, 'item_close');
	$sides->at(a => $child, 'item_move', parent_id => $sides->remote_id(a => $parent));
	$sides->settle;
	is($sides->task($child, 'status'), 'done', 'in the hub');
	ok($sides->item($_ => $child)->{checked}, "at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'completing a parent completes what is below it; reopening goes the other way' => sub {
	my $parent = $sides->add_task(content => 'Parent');
	my $child = $sides->add_task(content => 'Child', parent_id => $sides->remote_id(a => $parent));
	my $grandchild = $sides->add_task(content => 'Grandchild', parent_id => $sides->remote_id(a => $child));
	my $statuses = sub {
		my $hub = join ' ', map { $sides->task($_, 'status') } $parent, $child, $grandchild;
		foreach my $side (qw(a b))
		{
			is(join(' ', map { $sides->item($side => $_)->{checked} ? 'done' : 'open' } $parent, $child, $grandchild), $hub, "side $side");
		}
		return $hub;
	};

	$sides->at(a => $parent, 'item_close');
	$sides->settle;
	is($statuses->(), 'done done done', 'completed at a');
	$sides->at(b => $child, 'item_uncomplete');
	$sides->settle('b', 'a');
	is($statuses->(), 'open open done', 'reopened at b');
	$sides->set_task($parent, q{status = 'done'});
	$sides->settle;
	is($statuses->(), 'done done done', 'completed in the hub');
	$sides->set_task($grandchild, q{status = 'open'});
	$sides->settle;
	is($statuses->(), 'open open open', 'reopened in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'completed there while a subtask is made here: both are completed on all sides' => sub {
	my $parent = $sides->add_task(content => 'Parent');

	$sides->meanwhile(sub {
		$sides->at(a => $parent, 'item_close');
		$sides->sql(q{INSERT INTO tasksync.tasks (user_id, title, parent_id) VALUES (:'user', 'Late', :'parent')},
			parent => $parent);
	});
	is($sides->sql(q{SELECT status FROM tasksync.tasks WHERE user_id = :'user' AND title = 'Late'}), 'done', 'in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'completed here, edited there: both hold; completed on both sides is one completion' => sub {
	my ($one, $two) = map { $sides->add_task(content => $_) } 'One', 'Two';

	$sides->meanwhile(sub {
		$sides->at(a => $one, 'item_close');
		$sides->edit_task(b => $one, content => 'One, edited', due => { date => '2026-12-31' });
		$sides->at($_ => $two, 'item_close') foreach qw(a b);
	});
	is($sides->task($one, 'status, title, due_date'), 'done|One, edited|2026-12-31', 'hub');
	foreach my $side (qw(a b))
	{
		is($sides->item($side => $one)->{content}, 'One, edited', "side $side: edited");
		ok($sides->item($side => $one)->{checked}, "side $side: completed");
	}
	is($sides->conflicts($two), 'none', 'nothing to decide');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'made and completed before anybody looked' => sub {
	$sides->edit(a => 'item_add', content => 'Quick');
	my ($item) = $sides->items_named(a => 'Quick');
	$sides->edit(a => 'item_close', id => $item->{id});
	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, title, status) VALUES (:'user', 'Quicker', 'done')});
	$sides->settle;
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
