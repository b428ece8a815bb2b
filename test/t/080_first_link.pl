# Two populated sides are linked: who is who is found out, nothing is deleted, nothing is there twice.

use strict;
use warnings FATAL => 'all';

use JSON::PP;
use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist);

# 700 tasks in one project: more than Todoist takes
$todoist->control(POST => 'config', { tasks_per_project => 1000 });

# a person with tasks here and tasks there, linked afterwards; -> {user, account_id, token}
sub linked
{
	my ($name, $here, $there) = @_;
	my $person = $todoist->add_user(email => "$name\@example.com", timezone => 'UTC');
	my $user = $hub->value(q{SELECT tasksync.create_user(:'email')}, email => "$name\@example.com");

	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title, description, due_date)
		SELECT :'user', x.title, coalesce(x.notes, ''), x.due
		FROM jsonb_to_recordset(:'rows') x(title text, notes text, due date)},
		user => $user, rows => JSON::PP->new->encode($here));
	foreach my $task (@{$there})
	{
		my %args = (content => $task->{title}, description => $task->{notes} // '');
		$args{due} = { date => $task->{due} } if $task->{due};
		push @{ $person->{commands} }, { type => 'item_add', temp_id => 'x' . ++$person->{n}, args => \%args };
	}
	while (my @some = splice @{ $person->{commands} }, 0, 100)
	{
		$todoist->edit($person->{token}, @some);
	}
	$person->{user} = $user;
	$person->{account_id} = $hub->value(
		q{SELECT account_id FROM tasksync.connect_account('todoist', user_id => :'user', token => :'token')},
		user => $user, token => $person->{token});
	$hub->sql(q{SELECT tasksync.link_all(:'account')}, account => $person->{account_id});
	$hub->quiet($person->{account_id});
	return $person;
}

sub titles_here
{
	my ($person) = @_;
	return $hub->value(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C") FROM tasksync.tasks WHERE user_id = :'user'},
		user => $person->{user});
}

sub open_there
{
	my ($person) = @_;
	return grep { !$_->{is_deleted} && !$_->{checked} } @{ $todoist->state($person->{token})->{items} };
}

sub titles_there { my ($person) = @_; return join(',', sort map { $_->{content} } open_there($person)) }

sub written
{
	my ($person) = @_;
	return join(',', map { @{ $_->{types} // [] } } $todoist->requests($person->{token}));
}

sub held
{
	my ($person, $status) = @_;
	return $hub->value(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'user' AND change = 'match' AND status = :'status'},
		user => $person->{user}, status => $status);
}

sub no_deletes
{
	my ($person, $name) = @_;
	is($hub->value(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'user' AND op = 'delete'}, user => $person->{user}),
		0, "$name: nothing deleted here");
	unlike(written($person), qr/delete/, "$name: nothing deleted there");
	return;
}

subtest 'scenario 35: two populated sides' => sub {
	# 280 with titles of their own, 10 pairs of equal titles that only the notes tell apart on both sides
	my @here = ((map { { title => "same $_" } } 1 .. 280),
		(map { my $n = $_; map { { title => "twice $n", notes => "here $_" } } 1 .. 2 } 1 .. 10),
		(map { { title => "only here $_" } } 1 .. 200));
	my @there = ((map { { title => "same $_" } } 1 .. 280),
		(map { my $n = $_; map { { title => "twice $n", notes => "there $_" } } 1 .. 2 } 1 .. 10),
		(map { { title => "only there $_" } } 1 .. 200));
	my $ann = linked('scenario35', \@here, \@there);

	is(held($ann, 'held'), 20, '20 wait for a person');
	is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'user'}, user => $ann->{user}), 700,
		'500 here and 200 from there');
	is(scalar(open_there($ann)), 700, 'and the same there: 500 and 200 from here');
	is($hub->value(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'user'}, user => $ann->{user}), 0, 'no conflict');
	no_deletes($ann, 'first run');
	$todoist->clear_log;
	$hub->sync($ann->{account_id});
	is(written($ann), '', 'a second run writes nothing');

	# one pair is one task, another is two
	my ($yes, $no) = split /\|/, $hub->value(q{SELECT string_agg(id::text, '|') FROM
		(SELECT h.id FROM tasksync.held_changes h JOIN tasksync.tasks t ON t.user_id = h.user_id AND t.id = h.hub_id
		 WHERE h.user_id = :'user' AND h.status = 'held' ORDER BY t.title, h.id LIMIT 2) x}, user => $ann->{user});
	is($hub->value(q{SELECT tasksync.approve_held(ARRAY[:'id']::uuid[])}, id => $yes), 1, 'one is approved');
	is($hub->value(q{SELECT tasksync.reject_held(ARRAY[:'id']::uuid[])}, id => $no), 1, 'one is turned down');
	$hub->quiet($ann->{account_id});
	is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'user'}, user => $ann->{user}), 701,
		'the one that was turned down is two tasks here');
	is(scalar(open_there($ann)), 701, 'and there');
	is($hub->value(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'user' AND field = 'description'}, user => $ann->{user}),
		1, 'the notes of the one that was approved differ: a row keeps both');
	is($hub->value(q{SELECT count(*) FROM tasksync.links l WHERE user_id = :'user' AND kind = 'task' AND state <> 'live'}, user => $ann->{user}),
		18, 'the others still wait');
	no_deletes($ann, 'after the answers');
};

subtest 'scenario 36: tasks of one name are never collapsed' => sub {
	my $ann = linked('scenario36', [ map { { title => 'Buy milk' } } 1 .. 3 ], [ map { { title => 'Buy milk' } } 1 .. 2 ]);

	is(titles_here($ann), 'Buy milk,Buy milk,Buy milk', 'three here');
	is(titles_there($ann), 'Buy milk,Buy milk,Buy milk', 'three there: one was made');
	is(held($ann, 'held'), 0, 'alike to the letter: nothing to ask');
	no_deletes($ann, 'three and two');
};

subtest 'a difference between two that are one is a conflict with both values, an empty side is filled' => sub {
	my $ann = linked('differences',
		[ { title => 'Report', due => '2030-05-01' }, { title => 'Plan', notes => 'from here' } ],
		[ { title => 'Report', due => '2030-06-01' }, { title => 'Plan', due => '2030-07-01' } ]);

	is(titles_here($ann), 'Plan,Report', 'two here');
	is(titles_there($ann), 'Plan,Report', 'two there');
	is($hub->value(q{SELECT description || ' ' || due_date FROM tasksync.tasks WHERE user_id = :'user' AND title = 'Plan'}, user => $ann->{user}),
		'from here 2030-07-01', 'the one has the notes of here and the date of there');
	my ($plan) = grep { $_->{content} eq 'Plan' } open_there($ann);
	is("$plan->{description} $plan->{due}{date}", 'from here 2030-07-01', 'on both sides');
	is($hub->value(q{SELECT base || '|' || hub || '|' || remote FROM
		(SELECT coalesce(base::text, 'null') AS base, hub::text, remote::text FROM tasksync.conflicts
		 WHERE user_id = :'user' AND field = 'due_date') x}, user => $ann->{user}),
		'null|"2030-05-01"|"2030-06-01"', 'two dates: a row holds both');
	no_deletes($ann, 'differences');
};

subtest 'a task made here before the first reading is not made there twice' => sub {
	my $ann = linked('early', [ { title => 'Early bird' } ], [ { title => 'Early bird' }, { title => 'Other' } ]);

	is(titles_there($ann), 'Early bird,Other', 'once there');
	is(titles_here($ann), 'Early bird,Other', 'once here');
	unlike(written($ann), qr/item_add/, 'nothing was created');
};

done_testing();
