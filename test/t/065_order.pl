# The order of tasks among their siblings: two Todoist accounts of one person and the hub between
# them. Nothing is compared by numbers, which every side has its own; and every move that is sent was
# needed.

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# A project with these tasks, made at side a and settled; its hub id and those of the tasks.
sub project_of
{
	my ($name, @titles) = @_;
	my $project = $sides->add(project => name => $name);
	my %task;

	$sides->edit(a => 'item_add', project_id => $sides->remote_id(a => $project), content => $_)
	  foreach @titles;
	$sides->settle;
	$task{$_} = $sides->sql(q{SELECT id FROM tasksync.tasks WHERE title = :'title' AND project_id = :'p'},
		title => $_, p => $project) foreach @titles;
	return ($project, %task);
}

# Titles in their order, as a side shows them; as the hub has them.
sub there
{
	my ($side, $project) = @_;
	my $remote = $sides->remote_id($side, $project);
	my @items = grep { !$_->{is_deleted} && !$_->{checked} && $_->{project_id} eq $remote && !$_->{parent_id} }
	  values %{ $todoist->tasks($sides->token($side)) };
	return join ' ', map { $_->{content} } sort { $a->{child_order} <=> $b->{child_order} } @items;
}

sub here
{
	my ($project) = @_;
	return $sides->sql(q{SELECT string_agg(title, ' ' ORDER BY position) FROM tasksync.tasks
		WHERE project_id = :'p' AND status = 'open' AND parent_id IS NULL}, p => $project);
}

sub is_order
{
	my ($project, $order, $what) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(here($project), $order, "$what: the hub");
	is(there($_ => $project), $order, "$what: side $_") foreach qw(a b);
	return;
}

# The person drags tasks at a side until the order is this; the app tells all numbers, or only those
# of the tasks that are named.
sub drag
{
	my ($side, $tasks, $order, @told) = @_;
	my @titles = split ' ', $order;
	my %number = map { ($titles[$_] => $_ + 1) } 0 .. $#titles;

	$sides->edit($side, 'item_reorder', items => [
		map { { id => $sides->remote_id($side, $tasks->{$_}), child_order => $number{$_} } }
		  @told ? @told : @titles ]);
	return;
}

# What was sent since the log was cleared: commands by type, and how many siblings each order names.
sub sent
{
	my ($side) = @_;
	return join ' ', map { @{ $_->{types} // [] } } $todoist->requests($sides->token($side));
}

subtest 'an order made at one side comes to the other one' => sub {
	my ($project, %task) = project_of(Trip => qw(pack book fly rest));

	is_order($project, 'pack book fly rest', 'as they were made');
	$todoist->clear_log;
	drag(a => \%task, 'fly pack book rest');
	$sides->settle;
	is_order($project, 'fly pack book rest', 'reordered at a');
	is(sent('a'), '', 'nothing is sent to where it was done');
	is(sent('b'), 'item_reorder', 'one command goes to the other side');
	$sides->is_quiet;

	drag(b => \%task, 'rest fly book pack');
	$sides->settle('b', 'a');
	is_order($project, 'rest fly book pack', 'reordered at b');
	$sides->is_quiet;
	is($sides->conflicts($_), 'none', 'no order is a conflict') foreach values %task;
};

subtest 'one task moved in the hub is one change of the hub and one command for each side' => sub {
	my ($project, %task) = project_of(Shop => qw(apples bread cheese dates eggs));

	$todoist->clear_log;
	$sides->set_task($task{eggs}, "position = (SELECT (a.position + b.position) / 2 FROM tasksync.tasks a,
		tasksync.tasks b WHERE a.id = '$task{apples}' AND b.id = '$task{bread}')");
	$sides->settle;
	is_order($project, 'apples eggs bread cheese dates', 'eggs after apples');
	is(sent($_), 'item_reorder', "one command for side $_") foreach qw(a b);
	is($sides->task($task{bread}, 'version'), 1, 'the others were not touched');
	$sides->is_quiet;

	# numbers of three scales by now; the move is told in those of its side
	drag(b => \%task, 'apples eggs dates bread cheese');
	$sides->settle('b', 'a');
	is_order($project, 'apples eggs dates bread cheese', 'then dates, at b');
	$sides->is_quiet;
};

subtest 'numbers that do not change the order are no news' => sub {
	my ($project, %task) = project_of(Reading => qw(one two three));

	$todoist->clear_log;
	$sides->set_task($task{one}, 'position = position - 100');
	$sides->set_task($task{three}, 'position = position * 1000 + 0.125');
	$sides->settle;
	is_order($project, 'one two three', 'as before');
	is(sent($_), '', "nothing was sent to $_") foreach qw(a b);
	$sides->is_quiet;

	my $position = $sides->task($task{two}, 'position');
	$sides->edit(a => 'item_reorder', items => [
		map { { id => $sides->remote_id(a => $task{ $_->[0] }), child_order => $_->[1] } }
		  [ one => 40 ], [ two => 50 ], [ three => 60 ] ]);
	$todoist->clear_log;
	$sides->settle;
	is_order($project, 'one two three', 'numbered anew at a');
	is($sides->task($task{two}, 'position'), $position, 'the hub keeps its numbers');
	is(sent($_), '', "nothing was sent to $_") foreach qw(a b);
	$sides->is_quiet;
};

subtest 'equal numbers ask for no order' => sub {
	my ($project, %task) = project_of(Ideas => qw(red green blue));

	$todoist->clear_log;
	$sides->sql(q{UPDATE tasksync.tasks SET position = 7 WHERE project_id = :'p'}, p => $project);
	$sides->settle;
	is(there($_ => $project), 'red green blue', "side $_ keeps its order") foreach qw(a b);
	is(sent($_), '', "nothing was sent to $_") foreach qw(a b);
	$sides->is_quiet;
	$sides->set_task($task{blue}, 'position = 6');
	$sides->settle;
	like(there($_ => $project), qr/^blue /, "blue is the first at $_") foreach qw(a b);
	$sides->is_quiet;
};

subtest 'reordered on both sides of the hub at once: the hub stands' => sub {
	my ($project, %task) = project_of(Garden => qw(dig sow water weed));

	$sides->meanwhile(sub {
		$sides->set_task($task{weed}, 'position = -1');
		drag(a => \%task, 'water dig sow weed');
	});
	is_order($project, 'weed dig sow water', 'the order of the hub');
	$sides->is_quiet;

	# two sides: the one that arrives later, as a whole or for what it moved
	$sides->meanwhile(sub {
		drag(a => \%task, 'dig weed sow water');
		drag(b => \%task, 'weed dig water sow');
	});
	is(there(a => $project), there(b => $project), 'both sides in one order');
	is(here($project), there(a => $project), 'which is the hub\'s');
	$sides->is_quiet;
};

subtest 'new tasks come last, or where the hub puts them' => sub {
	my ($project, %task) = project_of(Paint => qw(wall door));

	$todoist->clear_log;
	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (:'user', :'p', 'roof'),
		(:'user', :'p', 'fence')}, p => $project);
	$sides->settle;
	is_order($project, 'wall door roof fence', 'without a position');
	is(sent($_), 'item_add item_add', "no order had to be sent to $_ afterwards") foreach qw(a b);

	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title, position)
		SELECT :'user', :'p', 'floor', position + 0.5 FROM tasksync.tasks WHERE id = :'wall'},
		p => $project, wall => $task{wall});
	$sides->settle;
	is_order($project, 'wall floor door roof fence', 'in between');
	$sides->is_quiet;

	# the numbers of hub and sides are not the same any more
	$sides->sql(q{UPDATE tasksync.tasks SET position = position * 10 WHERE project_id = :'p'}, p => $project);
	$sides->settle;
	$sides->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title, position)
		SELECT :'user', :'p', 'lamp', position + 2 FROM tasksync.tasks WHERE id = :'wall'},
		p => $project, wall => $task{wall});
	$sides->settle;
	is_order($project, 'wall lamp floor door roof fence', 'in between, in other numbers');
	$sides->edit(b => 'item_add', project_id => $sides->remote_id(b => $project), content => 'attic',
		child_order => 1);
	$sides->settle('b', 'a');
	like(here($project), qr/^(wall attic|attic wall) lamp/, 'a new task of a side is where that has it');
	is(there(a => $project), here($project), 'and the other side has it there, too');
	$sides->is_quiet;
};

subtest 'a task that moves to another project has its place there' => sub {
	my ($from, %task) = project_of(Inbox2 => qw(sort));
	my ($to) = project_of(Archive => qw(first second third));

	$sides->sql(q{UPDATE tasksync.tasks SET project_id = :'p', position = (SELECT position + 0.5 FROM tasksync.tasks
		WHERE project_id = :'p' AND title = 'first') WHERE id = :'id'}, p => $to, id => $task{sort});
	$sides->settle;
	is_order($to, 'first sort second third', 'after the first');
	$sides->is_quiet;
};

subtest 'an order that the provider refuses is given up, and nothing else waits for it' => sub {
	my ($project, %task) = project_of(Music => qw(bass drums horns));

	$todoist->faults({ kind => 'command_error', error => 'INVALID_ARGUMENT', match => { command => 'item_reorder' },
		token => $sides->token('a'), times => 0 });
	$todoist->clear_log;
	$sides->sql(q{UPDATE tasksync.tasks SET position = CASE title WHEN 'horns' THEN 0.5 ELSE position END,
		title = CASE title WHEN 'bass' THEN 'bass guitar' ELSE title END WHERE project_id = :'p'}, p => $project);
	$sides->settle;
	is(there(b => $project), 'horns bass guitar drums', 'the other side has it');
	is(there(a => $project), 'bass guitar drums horns', 'this one has the rest');
	is(join(' ', map { $_->{commands} } grep { $_->{commands} } $todoist->requests($sides->token('a'))), '2',
		'it was asked once, along with the other change');
	is($sides->sql(q{SELECT count(*) FROM tasksync.links WHERE error_code IS NOT NULL OR dirty}), 0,
		'nothing is left to do, and nothing is refused');
	$todoist->clear_faults;
	$sides->is_quiet;
	$sides->set_task($task{drums}, 'position = 0.25');
	$sides->settle;
	is_order($project, 'drums horns bass guitar', 'the next change makes both equal again');
};

subtest 'subtasks have an order of their own, and so have sections' => sub {
	my ($project, %task) = project_of(House => qw(kitchen bath));
	my $section = $sides->add(section => name => 'Later', project_id => $sides->remote_id(a => $project));

	foreach my $name (qw(sink oven lamps))
	{
		$sides->edit(a => 'item_add', parent_id => $sides->remote_id(a => $task{kitchen}), content => $name);
		$sides->edit(a => 'item_add', section_id => $sides->remote_id(a => $section), content => "later $name");
	}
	$sides->settle;
	$sides->sql(q{UPDATE tasksync.tasks SET position = -5 WHERE title IN ('lamps', 'later lamps')});
	$sides->settle;
	foreach my $side (qw(a b))
	{
		my @items = sort { $a->{child_order} <=> $b->{child_order} } values %{ $todoist->tasks($sides->token($side)) };
		is(join(' ', map { $_->{content} } grep { $_->{content} =~ /^(sink|oven|lamps)$/ } @items),
			'lamps sink oven', "subtasks at $side");
		is(join(' ', map { $_->{content} } grep { $_->{content} =~ /^later/ } @items),
			'later lamps later sink later oven', "in the section at $side");
	}
	$sides->is_quiet;
};

$sides->is_equal('in the end');
done_testing();
