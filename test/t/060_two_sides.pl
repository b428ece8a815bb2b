# Two Todoist accounts of one person, the hub between them: what becomes of edits that meet.
# The numbers are those of the acceptance scenarios.

use strict;
use warnings FATAL => 'all';
use utf8;

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;

# The rule for conflicts, of both accounts.
sub set_policy
{
	my ($policy) = @_;
	$sides->sql(q{SELECT tasksync.set_policy(a, :'policy') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a},
		policy => $policy);
	return;
}

sub commands_sent
{
	return join ' ', map { @{ $_->{types} // [] } } $todoist->requests;
}

subtest 'scenario 6: a title here and a due date there, at the same time, both hold' => sub {
	my $task = $sides->add_task(content => 'Dentist');

	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, content => 'Dentist, upper left');
		$sides->edit_task(b => $task, due => { date => '2026-12-03' });
	});
	foreach my $side (qw(a b))
	{
		my $item = $sides->item($side, $task);
		is($item->{content}, 'Dentist, upper left', "title at side $side");
		is($item->{due}{date}, '2026-12-03', "due date at side $side");
	}
	is($sides->conflicts($task), 'none', 'nothing to decide');
	$sides->is_equal;
};

subtest 'scenario 8: the same title given on both sides is one change, and nothing is sent' => sub {
	my $task = $sides->add_task(content => 'Call grandma');

	$todoist->clear_log;
	$sides->meanwhile(sub {
		$sides->edit_task($_ => $task, content => 'Call grandma on Sunday') foreach qw(a b);
	});
	is($sides->task($task, 'title'), 'Call grandma on Sunday', 'in the hub');
	is(commands_sent(), '', 'no side is told what it said itself');
	is($sides->conflicts($task), 'none', 'no conflict');
};

subtest 'scenario 12: a label added here, one removed there, one renamed in the hub' => sub {
	my $task = $sides->add_task(content => 'Pack', labels => [qw(y z)]);

	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, labels => [qw(x y z)]);
		$sides->edit_task(b => $task, labels => ['z']);
		$sides->sql(q{UPDATE tasksync.labels SET name = 'zz' WHERE name = 'z'});
	});
	is_deeply([ sort @{ $sides->item($_ => $task)->{labels} } ], [qw(x zz)], "labels at side $_")
	  foreach qw(a b);
	is($sides->task($task, 'labels'), '{x,zz}', 'labels in the hub');
	is($sides->conflicts($task), 'none', 'labels never conflict');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'a label renamed at one side is renamed at the other, tasks follow' => sub {
	my $label = $sides->add(label => name => 'home');
	my $task = $sides->add_task(content => 'Repaint', labels => ['home']);

	like($sides->labels('b'), qr/home/, 'a new label arrives');
	$sides->at(b => $label, 'label_update', name => 'house');
	$sides->settle('b', 'a');
	is_deeply($sides->item($_ => $task)->{labels}, ['house'], "renamed at side $_") foreach qw(a b);
	is($sides->sql(q{SELECT count(*) FROM tasksync.labels WHERE name IN ('home', 'house')}), 1,
		'renamed, not a second one');
	unlike($sides->labels($_), qr/home/, "the old name is gone at side $_") foreach qw(a b);
	$sides->at(a => $label, 'label_delete');
	$sides->settle;
	is_deeply($sides->item($_ => $task)->{labels}, [], "off the task at side $_") foreach qw(a b);
	unlike($sides->labels($_), qr/house/, "deleted at side $_") foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'scenario 14: different paragraphs of the notes are merged' => sub {
	my @lines = map { "Paragraph $_ about something." } 1 .. 5;
	my $task = $sides->add_task(content => 'Report', description => join("\n\n", @lines));
	my @expected = @lines;

	@expected[0, 4] = ('The first one, changed at a.', 'The last one, changed at b.');
	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, description => join("\n\n", $expected[0], @lines[1 .. 4]));
		$sides->edit_task(b => $task, description => join("\n\n", @lines[0 .. 3], $expected[4]));
	});
	is($sides->item($_ => $task)->{description}, join("\n\n", @expected), "merged at side $_") foreach qw(a b);
	is($sides->conflicts($task), 'none', 'nobody lost');
};

subtest 'scenario 14: the same sentence changed twice: a rule, and the whole loser is kept' => sub {
	my $task = $sides->add_task(content => 'Invitation', description => "Dear all,\nwe meet at noon.\nYours");

	$sides->meanwhile(sub {
		$sides->edit_task(a => $task, description => "Dear all,\nwe meet at one o'clock.\nYours");
		$sides->edit_task(b => $task, description => "Dear all,\nwe meet at half past two.\nYours");
	});
	my @texts = map { $sides->item($_ => $task)->{description} } qw(a b);
	is($texts[0], $texts[1], 'both sides show one text');
	unlike($texts[0], qr/<<<<|====|>>>>/, 'without markers');
	like($sides->conflicts($task), qr/^description \w+ settled$/, 'one conflict, settled by a rule');
	is($sides->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE hub_id = :'id'
			AND (hub #>> '{}') || (remote #>> '{}') LIKE '%one o''clock%'
			AND (hub #>> '{}') || (remote #>> '{}') LIKE '%half past two%'
			AND least(length(hub #>> '{}'), length(remote #>> '{}')) > 30}, id => $task),
		1, 'with both texts, whole');
	$sides->is_equal;
};

subtest 'scenario 15: deleted here, notes edited there: it comes back with the edit' => sub {
	my $task = $sides->add_task(content => 'Old plan');
	my $was = $sides->remote_id(a => $task);

	$sides->meanwhile(sub {
		$sides->at(a => $task, 'item_delete');
		$sides->edit_task(b => $task, description => 'not that old');
	}, 'b', 'a');
	is($sides->task($task, 'description'), 'not that old', 'in the hub, under its id');
	foreach my $side (qw(a b))
	{
		my @items = $sides->items_named($side, 'Old plan');
		is(scalar @items, 1, "once at side $side");
		is($items[0]{description}, 'not that old', "with the edit at side $side");
	}
	isnt($sides->remote_id(a => $task), $was, 'as a new object where it was deleted');
	is($sides->conflicts($task), 'deleted edit_wins settled', 'and somebody can read about it');
	$sides->is_equal;
};

subtest 'scenario 15: the same with the deletion arriving first' => sub {
	my $task = $sides->add_task(content => 'Older plan');

	$sides->meanwhile(sub {
		$sides->at(a => $task, 'item_delete');
		$sides->edit_task(b => $task, description => 'keep me');
	}, 'a', 'b');
	foreach my $side (qw(a b))
	{
		my @items = $sides->items_named($side, 'Older plan');
		is(scalar @items, 1, "once at side $side");
		is($items[0] && $items[0]{description}, 'keep me', "with the edit at side $side");
	}
	like($sides->conflicts($sides->sql(q{SELECT id FROM tasksync.tasks WHERE title = 'Older plan'})),
		qr/edit_wins settled/, 'and somebody can read about it');
	$sides->is_equal;
};

subtest 'scenario 15: with delete_wins it stays deleted' => sub {
	foreach my $order ([qw(a b)], [qw(b a)])
	{
		my $task = $sides->add_task(content => "Older than old @$order");

		set_policy('{"delete": "delete_wins"}');
		$sides->meanwhile(sub {
			$sides->at(a => $task, 'item_delete');
			$sides->edit_task(b => $task, description => 'too late');
		}, @$order);
		is(scalar(() = $sides->items_named($_ => "Older than old @$order")), 0, "gone at side $_, read as @$order")
		  foreach qw(a b);
		is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE id = :'id'}, id => $task), 0, 'gone in the hub');
		like($sides->sql(q{SELECT jsonb_agg(j) FROM tasksync.journal j WHERE hub_id = :'id' AND op = 'delete'}, id => $task),
			qr/Older than old/, 'the journal keeps what it was');
		like($sides->sql(q{SELECT string_agg(rule || ' ' || concat(hub, remote), ' ') FROM tasksync.conflicts
				WHERE hub_id = :'id'}, id => $task), qr/^delete_wins .*too late/, 'and a conflict what it cost');
		set_policy('{}');
	}
	$sides->is_equal;
};

subtest 'scenario 16: deleted here, only completed there: deleted, and logged' => sub {
	foreach my $order ([qw(a b)], [qw(b a)])
	{
		my $task = $sides->add_task(content => "Done or gone @$order");

		$sides->meanwhile(sub {
			$sides->at(a => $task, 'item_delete');
			$sides->at(b => $task, 'item_close');
		}, @$order);
		is(scalar(() = $sides->items_named($_ => "Done or gone @$order")), 0, "gone at side $_, read as @$order")
		  foreach qw(a b);
		is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE id = :'id'}, id => $task), 0, 'gone in the hub');
		is($sides->sql(q{SELECT string_agg(op, ' ' ORDER BY version) FROM tasksync.journal
				WHERE hub_id = :'id' AND op = 'delete'}, id => $task), 'delete', 'written in the journal');
		is($sides->sql(q{SELECT count(*) FROM tasksync.graves WHERE hub_id = :'id'}, id => $task), 2,
			'and in a grave for each side');
	}
	$sides->is_equal;
};

subtest 'scenario 19: a recurring task completed in the hub, the answer lost: advanced once' => sub {
	my $task = $sides->add_task(content => 'Water the plants', due => { string => 'every day' });
	my $first = $sides->item(a => $task)->{due}{date};

	is($sides->item(b => $task)->{due}{string}, 'every day', 'the other side has the series');
	$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('a'), match => { command => 'item_close' } });
	$sides->set_task($task, q{status = 'done'});
	$sides->settle;
	my $next = $sides->sql(q{SELECT (:'first'::date + 1)::text}, first => $first);
	is($sides->task($task, q{concat_ws(' ', status, due_date, recurrence)}), "open $next every day", 'hub: one day on, open');
	foreach my $side (qw(a b))
	{
		my $item = $sides->item($side, $task);
		is($item->{due}{date}, $next, "side $side: one day on");
		ok(!$item->{checked}, "side $side: open");
		is($item->{due}{string}, 'every day', "side $side: still a series");
	}
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'scenario 19: completed at one side, the answer of the other one lost' => sub {
	my $task = $sides->add_task(content => 'Feed the cat', due => { string => 'every day' });
	my $first = $sides->item(a => $task)->{due}{date};

	$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('a'), match => { sync => 'commands' } });
	$sides->at(b => $task, 'item_close');
	$sides->settle('b', 'a');
	my $next = $sides->sql(q{SELECT (:'first'::date + 1)::text}, first => $first);
	is($sides->item($_ => $task)->{due}{date}, $next, "side $_: one day on") foreach qw(a b);
	is($sides->item($_ => $task)->{due}{string}, 'every day', "side $_: still a series") foreach qw(a b);
	is($sides->task($task, q{concat_ws(' ', status, due_date, recurrence)}), "open $next every day", 'hub');
	$todoist->clear_faults;
	$sides->is_quiet;
};

subtest 'made there, the answer lost, edited there before it is asked for again: the edit counts' => sub {
	my $parent = $sides->add_task(content => 'Above');
	my $task;

	$sides->todoist->faults({ kind => 'garbage', token => $sides->token('b'), match => { writes => JSON::PP::true } });
	$sides->meanwhile(sub {
		$task = $sides->sql(q{INSERT INTO tasksync.tasks (user_id, title, parent_id) VALUES (:'user', 'Made', :'parent')
			RETURNING id}, parent => $parent);
		$sides->sql(q{SELECT tasksync.resume_account(:'b')});
		$sides->hub->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules
			WHERE account_id = :'b'}, 't', b => $sides->account('b'));
		$sides->sql(q{SELECT tasksync.pause_account(:'b')});
		my ($made) = $sides->items_named(b => 'Made');
		$sides->edit(b => 'item_move', id => $made->{id}, project_id => $made->{project_id});
		$sides->edit(b => 'item_update', id => $made->{id}, content => 'Made and renamed');
	});
	is($sides->task($task, 'title, parent_id IS NULL'), 'Made and renamed|t', 'in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'the clock of the service is set back by ten minutes: no edit is lost' => sub {
	my $task = $sides->add_task(content => 'Before');

	$sides->todoist->clock(advance_s => -600);
	$sides->edit_task(b => $task, content => 'After', description => 'it was set back');
	$sides->settle;
	$sides->todoist->clock(advance_s => 600);
	is($sides->task($task, 'title, description'), 'After|it was set back', 'in the hub');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'scenario 20: the same occurrence completed on both sides is one completion' => sub {
	my $task = $sides->add_task(content => 'Take the pill', due => { string => 'every day' });
	my $first = $sides->item(a => $task)->{due}{date};

	$sides->meanwhile(sub { $sides->at($_ => $task, 'item_close') foreach qw(a b) });
	my $next = $sides->sql(q{SELECT (:'first'::date + 1)::text}, first => $first);
	is($sides->item($_ => $task)->{due}{date}, $next, "side $_: one day on") foreach qw(a b);
	is($sides->conflicts($task), 'none', 'no conflict');
	$sides->is_equal;
};

subtest 'scenario 26: two moves that make a ring together: one is refused everywhere' => sub {
	my ($x, $y) = map { $sides->add_task(content => "Ring $_") } qw(x y);

	$sides->meanwhile(sub {
		$sides->at(a => $x, 'item_move', parent_id => $sides->remote_id(a => $y));
		$sides->at(b => $y, 'item_move', parent_id => $sides->remote_id(b => $x));
	});
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE id IN (:'x', :'y') AND parent_id IS NOT NULL},
			x => $x, y => $y), 1, 'one below the other in the hub');
	like(join(' ', map { $sides->conflicts($_) } $x, $y), qr/refused_move settled|last settled/, 'logged');
	$sides->is_equal;
	$sides->is_quiet;
};

subtest 'scenario 43: emoji, families, decomposed letters, CRLF: equal, and quiet' => sub {
	my @titles = (
		"Family \x{1F468}\x{200D}\x{1F469}\x{200D}\x{1F467}\x{200D}\x{1F466}", "Cafe\x{301} au lait",
		"Caf\x{e9} noir", "\x{1F1F5}\x{1F1F9} Lisboa", "\x{5E9}\x{5DC}\x{5D5}\x{5DD} left",
		"Thumbs \x{1F44D}\x{1F3FD}");
	my @tasks = map { $sides->edit(a => 'item_add', content => $_, description => "one\r\ntwo  \r\n\r\nthr\x{65}\x{301}e") }
	  @titles;

	$sides->settle;
	$sides->is_quiet('arrived');
	@tasks = map { $sides->hub_id(a => task => $_) } @tasks;
	my ($cafe) = grep { $sides->task($_, 'title') =~ /au lait/ } @tasks;
	$sides->edit_task(b => $cafe, content => "Cafe\x{301} au lait \x{2615}");
	$sides->edit_task(b => $tasks[0], description => "one\r\ntwo\r\nfour");
	$sides->settle;
	is($sides->item(a => $tasks[0])->{description}, "one\ntwo\nfour", 'an edit of the notes arrives');
	is($sides->item(a => $cafe)->{content}, "Caf\x{e9} au lait \x{2615}", 'an edit of the title arrives, composed');
	$sides->is_quiet('edited');
	is($sides->conflicts($_), 'none', 'no conflict') foreach @tasks;
};

subtest 'scenarios 9 to 11: date, time and zone survive 100 rounds, and summer time' => sub {
	my %due = (date => '2026-10-01T13:30:00Z', timezone => 'Europe/Lisbon');
	my $fixed = $sides->add_task(content => 'Meeting 0', due => {%due});
	my $floating = $sides->add_task(content => 'Wake up 0', due => { date => '2026-10-01T07:00:00' });
	my $day = $sides->add_task(content => 'Holiday 0', due => { date => '2026-10-01' });
	my $is = q{concat_ws(' ', due_date, due_time, due_timezone)};

	is($sides->task($fixed, $is), '2026-10-01 14:30:00 Europe/Lisbon', 'as it was meant');
	foreach my $n (1 .. 100)
	{
		my $side = $n % 2 ? 'b' : 'a';
		$sides->edit($side, 'item_update', id => $sides->{ids}{$side}{$_} //= $sides->remote_id($side => $_),
			content => "Round $n") foreach ($fixed, $floating, $day);
		$sides->settle($side, $n % 2 ? 'a' : 'b');
	}
	is($sides->task($fixed, "title, $is"), 'Round 100|2026-10-01 14:30:00 Europe/Lisbon', 'hub, a time in a zone');
	is($sides->task($floating, $is), '2026-10-01 07:00:00', 'hub, a time without a zone');
	is($sides->task($day, $is), '2026-10-01', 'hub, a day');
	foreach my $side (qw(a b))
	{
		is($sides->item($side => $fixed)->{due}{date}, $due{date}, "side $side, a time in a zone");
		is($sides->item($side => $fixed)->{due}{timezone}, $due{timezone}, "side $side, the zone");
		is($sides->item($side => $floating)->{due}{date}, '2026-10-01T07:00:00', "side $side, floating");
		is($sides->item($side => $day)->{due}{date}, '2026-10-01', "side $side, a day");
	}
	# over the end of summer time: the local time stays, the instant moves
	$sides->set_task($fixed, q{due_date = '2026-11-01'});
	$sides->settle;
	is($sides->item($_ => $fixed)->{due}{date}, '2026-11-01T14:30:00Z', "side $_: 14:30 in Lisbon in winter")
	  foreach qw(a b);
	$sides->is_equal;
	$sides->is_quiet;
};

done_testing();
