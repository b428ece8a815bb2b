# The rules newest, prefer_hub, prefer_remote and manual; answering conflicts; frozen fields.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;

# The rule for conflicts, of both accounts.
sub set_policy
{
	my ($policy) = @_;
	$sides->sql(q{SELECT tasksync.set_policy(a, :'policy') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a},
		policy => $policy);
	return;
}

# Different titles at the same time: one in the hub, one at side a, which is read first.
sub hub_against_side
{
	my ($policy) = @_;
	my $task = $sides->add_task(content => 'before');

	set_policy($policy);
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, content => 'theirs');
		$sides->set_task($task, q{title = 'ours'});
	});
	return $task;
}

sub all_have
{
	my ($task, $title, $what) = @_;
	is($sides->task($task, 'title'), $title, "$what: hub");
	is($sides->item($_ => $task)->{content}, $title, "$what: side $_") foreach qw(a b);
	return;
}

sub open_conflict
{
	my ($task) = @_;
	return $sides->sql(q{SELECT id FROM tasksync.conflicts WHERE hub_id = :'id' AND status = 'open'}, id => $task);
}

sub resolve
{
	my ($conflict, $choice, $value) = @_;
	return $sides->sql(q{SELECT status FROM tasksync.resolve_conflict(:'conflict', :'choice', :'value')},
		conflict => $conflict, choice => $choice, value => $value)
	  if defined $value;
	return $sides->sql(q{SELECT status FROM tasksync.resolve_conflict(:'conflict', :'choice')},
		conflict => $conflict, choice => $choice);
}

subtest 'prefer_hub' => sub {
	my $task = hub_against_side('{"rule": "prefer_hub"}');
	all_have($task, 'ours', 'the hub wins');
	is($sides->conflicts($task), 'title prefer_hub settled', 'the loser is written down');
	is($sides->sql(q{SELECT base, hub, remote, result FROM tasksync.conflicts WHERE hub_id = :'id'}, id => $task),
		'"before"|"ours"|"theirs"|"ours"', 'with all three values and the result');
	$sides->is_quiet;
};

subtest 'prefer_remote' => sub {
	my $task = hub_against_side('{"rule": "prefer_remote"}');
	all_have($task, 'theirs', 'the provider wins');
	is($sides->conflicts($task), 'title prefer_remote settled', 'the loser is written down');
	$sides->is_quiet;
};

subtest 'newest: the later edit, whichever side it came from' => sub {
	foreach my $later (qw(a b))
	{
		my $earlier = $later eq 'a' ? 'b' : 'a';
		foreach my $first (qw(a b))
		{
			my $task = $sides->add_task(content => "before, $later later, $first read first");
			set_policy('{"rule": "newest"}');
			$sides->meanwhile(sub {
				$sides->edit_task($earlier => $task, content => "earlier, $later later, $first read first");
				# the service keeps whole seconds, so anything less is a tie
				$sides->sql('SELECT pg_sleep(2.1)');
				$sides->edit_task($later => $task, content => "later, $later later, $first read first");
			}, $first, $first eq 'a' ? 'b' : 'a');
			all_have($task, "later, $later later, $first read first", "$later edited last, $first read first");
			is($sides->conflicts($task), 'title newest settled', 'the loser is written down');
		}
	}
	$sides->is_quiet;
};

subtest 'newest: an edit in the hub after one at a side' => sub {
	my $task = $sides->add_task(content => 'before');
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, content => 'earlier');
		$sides->sql('SELECT pg_sleep(2.1)');
		$sides->set_task($task, q{title = 'later'});
	});
	all_have($task, 'later', 'the hub was later');
	is($sides->conflicts($task), 'title newest settled', 'the loser is written down');
};

subtest 'scenario 7: what the clocks cannot tell is a tie, the same each time, and one call restores the loser' => sub {
	my $task;
	my $same_second = sub {
		my ($tie) = @_;
		$task = $sides->add_task(content => 'before');
		set_policy(qq({"rule": "newest", "tie": "$tie"}));
		# both edits get the same stamp
		$sides->todoist->clock(freeze => JSON::PP::true);
		$sides->meanwhile(sub {
			$sides->edit_task(a => $task, content => 'from a');
			$sides->edit_task(b => $task, content => 'from b');
		}, 'a', 'b');
		$sides->todoist->clock(freeze => JSON::PP::false);
	};

	$same_second->('hub');
	all_have($task, 'from a', 'a tie goes to the hub, which has heard of the other one');
	is($sides->conflicts($task), 'title tie settled', 'and says so');
	my $conflict = $sides->sql(q{SELECT id FROM tasksync.conflicts WHERE hub_id = :'id'}, id => $task);
	is(resolve($conflict, 'remote'), 'resolved', 'turned round');
	$sides->settle;
	all_have($task, 'from b', 'the loser is back');

	$same_second->('remote');
	all_have($task, 'from b', 'or to the provider, as the policy says');
	is($sides->conflicts($task), 'title tie settled', 'and says so');
	$sides->is_quiet;
};

subtest 'one rule for a field, another for the rest' => sub {
	my $task = $sides->add_task(content => 'before', priority => 1);
	set_policy('{"rule": "prefer_hub", "fields": {"priority": "prefer_remote"}}');
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, content => 'theirs', priority => 4);
		$sides->set_task($task, q{title = 'ours', priority = 1});
	});
	all_have($task, 'ours', 'title');
	is($sides->item($_ => $task)->{priority}, 4, "priority at side $_") foreach qw(a b);
};

foreach my $case ([ 'hub', 'ours' ], [ 'remote', 'theirs' ], [ 'value', 'a third one', '"a third one"' ])
{
	my ($choice, $expected, $value) = @$case;

	subtest "manual: frozen until the answer \"$choice\"" => sub {
		my $task = hub_against_side('{"rule": "manual"}');
		is($sides->conflicts($task), 'title manual open', 'a question');
		is($sides->task($task, 'title'), 'ours', 'the hub keeps its value');
		is($sides->item(a => $task)->{content}, 'theirs', 'the side keeps its own');
		$sides->is_quiet('while it waits');

		# other fields of the same task flow in both directions
		$sides->edit_task(a => $task, priority => 3);
		$sides->settle;
		$sides->set_task($task, q{description = 'from the hub'});
		$sides->settle;
		is($sides->task($task, 'priority'), 2, 'another field comes in');
		is($sides->item(a => $task)->{description}, 'from the hub', 'another field goes out');
		is($sides->item(a => $task)->{content}, 'theirs', 'the frozen one stays, at the side');
		is($sides->task($task, 'title'), 'ours', 'and in the hub');

		is(resolve(open_conflict($task), $choice, $value), 'resolved', 'answered');
		$sides->settle;
		all_have($task, $expected, 'after the answer');
		$sides->edit_task(a => $task, content => 'later');
		$sides->settle;
		all_have($task, 'later', 'the field is free again');
		is(open_conflict($task), '', 'nothing is asked any more');
		set_policy('{}');
		$sides->is_equal;
		$sides->is_quiet;
	};
}

subtest 'manual: edits of the frozen field on either side while it waits' => sub {
	my $task = hub_against_side('{"rule": "manual"}');
	$sides->edit_task(a => $task, content => 'theirs, again');
	$sides->settle;
	is($sides->task($task, 'title'), 'ours', 'not taken');
	$sides->set_task($task, q{title = 'ours, again'});
	$sides->settle;
	is($sides->item(a => $task)->{content}, 'theirs, again', 'not overwritten');
	$sides->is_quiet('while it waits');
	my $newest = $sides->sql(q{SELECT id FROM tasksync.conflicts WHERE hub_id = :'id' AND status = 'open'
		ORDER BY created_at DESC LIMIT 1}, id => $task);
	resolve($newest, 'remote');
	$sides->settle;
	all_have($task, 'theirs, again', 'the answer is about what stands there now');
	is(open_conflict($task), '', 'one answer is enough');
	set_policy('{}');
	$sides->is_quiet;
};

subtest 'manual: the same value on both sides needs no answer' => sub {
	my $task = hub_against_side('{"rule": "manual"}');
	$sides->edit_task(a => $task, content => 'ours');
	$sides->settle;
	all_have($task, 'ours', 'the side gave in');
	is(open_conflict($task), '', 'the question has answered itself');
	$sides->edit_task(a => $task, content => 'later');
	$sides->settle;
	all_have($task, 'later', 'the field is free again');
	set_policy('{}');
};

subtest 'manual: the same value typed in the hub is an answer too' => sub {
	my $task = hub_against_side('{"rule": "manual"}');
	$sides->set_task($task, q{title = 'theirs'});
	$sides->settle;
	all_have($task, 'theirs', 'the hub gave in');
	is(open_conflict($task), '', 'the question is answered');
	set_policy('{}');
	$sides->is_quiet;
};

subtest 'manual: three values, one answer' => sub {
	my $task = $sides->add_task(content => 'before');
	set_policy('{"rule": "manual"}');
	$sides->meanwhile(sub {
		$sides->edit_task($_ => $task, content => "from $_") foreach qw(a b);
		$sides->set_task($task, q{title = 'ours'});
	});
	is($sides->sql(q{SELECT string_agg(remote #>> '{}', ', ' ORDER BY remote) FROM tasksync.conflicts
			WHERE hub_id = :'id' AND status = 'open'}, id => $task), 'from a, from b', 'each side asks');
	my $b = $sides->sql(q{SELECT id FROM tasksync.conflicts WHERE hub_id = :'id' AND account_id = :'b'}, id => $task);
	is(resolve($b, 'remote'), 'resolved', 'answered');
	$sides->settle;
	all_have($task, 'from b', 'the answer holds for all');
	is(open_conflict($task), '', 'nobody asks any more');
	is($sides->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE hub_id = :'id' AND remote = '"from a"'}, id => $task), 1,
		'what the other side had is written down');
	set_policy('{}');
	$sides->is_quiet;
};

subtest 'manual: a frozen date is not overwritten by its time' => sub {
	my $task = $sides->add_task(content => 'Trip', due => { date => '2026-12-01' });
	set_policy('{"rule": "manual"}');
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, due => { date => '2026-12-02' });
		$sides->set_task($task, q{due_date = '2026-12-03'});
	});
	$sides->set_task($task, q{due_time = '10:00'});
	$sides->settle;
	is($sides->item(a => $task)->{due}{date}, '2026-12-02', 'the side keeps its date');
	resolve(open_conflict($task), 'hub');
	$sides->settle;
	is($sides->item($_ => $task)->{due}{date}, '2026-12-03T10:00:00', "after the answer, side $_") foreach qw(a b);
	set_policy('{}');
	$sides->is_quiet;
};

subtest 'manual: notes are asked about as a whole, a date with its time' => sub {
	my $task = $sides->add_task(content => 'Plan', description => 'one', due => { date => '2026-12-01' });
	set_policy('{"rule": "manual"}');
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, description => 'two', due => { date => '2026-12-02T10:00:00' });
		$sides->set_task($task, q{description = 'three', due_date = '2026-12-03'});
	});
	like($sides->conflicts($task), qr/description manual open, due_date manual open/, 'both are asked about');
	is($sides->task($task, 'description, due_date'), 'three|2026-12-03', 'the hub keeps its own');
	foreach (1 .. 4)
	{
		my $conflict = $sides->sql(q{SELECT id FROM tasksync.conflicts WHERE hub_id = :'id' AND status = 'open'
			ORDER BY field LIMIT 1}, id => $task);
		last if $conflict eq '';
		resolve($conflict, 'remote');
	}
	$sides->settle;
	is($sides->task($task, 'description, due_date, due_time'), 'two|2026-12-02|10:00:00', 'the side was right');
	set_policy('{}');
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
