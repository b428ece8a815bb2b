# Acceptance scenarios with Google as one of the sides: Todoist and Google beside each other, and
# tasks that move between Google's lists in every way that its documentation leaves open.
use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use TaskSync::GooglePerson;
use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(todoist => $todoist, google_tasks => $google,
	settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\n");

sub person { my ($name, @edits) = @_; return TaskSync::GooglePerson->connect($hub, $google, $name, @edits) }

# The same person's Todoist account: its inbox and Google's default list are one.
sub with_todoist
{
	my ($ann, $name) = @_;
	my $side = $hub->connect($todoist, email => "$name\@example.com", user_id => $ann->{user_id}, link_all => 1, timezone => 'Europe/Lisbon');

	$ann->{todoist} = $side;
	settle($ann);
	return $ann;
}

# Both accounts, until nothing waits anywhere.
sub settle
{
	my ($ann) = @_;
	foreach my $account ($ann->{account_id}, $ann->{todoist}{account_id})
	{
		$hub->sync($account);
	}
	$hub->quiet($_) foreach ($ann->{account_id}, $ann->{todoist}{account_id}) x 2;
	return;
}

sub item { my ($ann, $title) = @_; my ($item) = grep { $_->{content} eq $title } values %{ $todoist->tasks($ann->{todoist}{token}) }; return $item }

subtest 'scenarios 9 and 10: a time of day survives edits at Google, for Todoist too' => sub {
	my $ann = with_todoist(person('nine'), 'nine');

	$ann->add(title => 'Call', due_date => '2026-05-12', due_time => '14:30', due_timezone => 'Europe/Lisbon');
	settle($ann);
	$ann->edit(task_update => { id => $ann->id('Call'), title => 'Call Bo' });
	settle($ann);
	is($ann->field('Call Bo', q{concat_ws(' ', due_date, due_time, due_timezone)}), '2026-05-12 14:30:00 Europe/Lisbon', 'here');
	is(join(' ', @{ item($ann, 'Call Bo')->{due} }{qw(date timezone)}), '2026-05-12T13:30:00Z Europe/Lisbon', 'at Todoist');
	$ann->edit(task_update => { id => $ann->id('Call Bo'), due => '2026-11-13' });
	settle($ann);
	is($ann->field('Call Bo', q{concat_ws(' ', due_date, due_time, due_timezone)}), '2026-11-13 14:30:00 Europe/Lisbon', 'a later day, in winter: here');
	is(join(' ', @{ item($ann, 'Call Bo')->{due} }{qw(date timezone)}), '2026-11-13T14:30:00Z Europe/Lisbon', 'and at Todoist at the same local time');
};

subtest 'scenario 13: a typo at the start of a text that Google shows only in part' => sub {
	my $ann = with_todoist(person('thirteen'), 'thirteen');
	my $text = 'Teh start. ' . join(' ', map { "word$_" } 1 .. 1200) . ' THE END';

	cmp_ok(length $text, '>', 9000, 'longer than Google takes');
	$todoist->edit($ann->{todoist}{token}, { type => 'item_add', temp_id => 'x', args => { content => 'Long', description => $text } });
	settle($ann);
	my $shown = $ann->there('Long')->{notes};
	cmp_ok(length $shown, '<=', 8192, 'Google shows a part');
	$ann->edit(task_update => { id => $ann->id('Long'), notes => $shown =~ s/^Teh/The/r });
	settle($ann);
	is($ann->field('Long', 'description'), $text =~ s/^Teh/The/r, 'the typo is fixed here and the end is there');
	is(item($ann, 'Long')->{description}, $text =~ s/^Teh/The/r, 'and at Todoist');
};

subtest 'scenario 19: an occurrence completed at Google, whose answer from Todoist is lost' => sub {
	my $ann = with_todoist(person('nineteen'), 'nineteen');

	$todoist->edit($ann->{todoist}{token}, { type => 'item_add', temp_id => 'x',
		args => { content => 'Water', due => { string => 'every day', date => '2027-01-10', is_recurring => JSON::PP::true() } } });
	settle($ann);
	is($ann->there('Water')->{due}, '2027-01-10T00:00:00.000Z', 'Google shows the occurrence');
	$todoist->faults({ token => $ann->{todoist}{token}, kind => 'cut_after_commit', match => { command => 'item_close' } });
	$ann->edit(task_complete => { id => $ann->id('Water') });
	$hub->sync($ann->{account_id});
	$hub->wait_for(q{SELECT failures > 0 FROM tasksync.schedules WHERE account_id = :'t'}, 't', t => $ann->{todoist}{account_id});
	$ann->sql(q{SELECT tasksync.resume_account(:'t')}, t => $ann->{todoist}{account_id});
	settle($ann) for 1 .. 2;
	is(item($ann, 'Water')->{due}{date}, '2027-01-11', 'it is advanced once');
	is($ann->field('Water', q{concat_ws(' ', due_date, status)}), '2027-01-11 open', 'here as well');
	is(join(' ', @{ $ann->there('Water') }{qw(due status)}), '2027-01-11T00:00:00.000Z needsAction', 'and Google shows the next one, open');
};

# With switches of the stand-in set for a while.
sub with
{
	my ($switches, $code) = @_;
	my $before = $google->control(GET => 'config');

	$google->control(POST => config => $switches);
	$code->();
	$google->control(POST => config => { map { ($_ => $before->{$_}) } keys %{$switches} });
	return;
}

sub unlink_list
{
	my ($ann, $name) = @_;
	return $ann->sql(q{SELECT tasksync.unlink_project(l.id) FROM tasksync.project_links l JOIN tasksync.projects p
		ON p.user_id = l.user_id AND p.id = l.project_id WHERE l.account_id = :'a' AND p.name = :'name'}, name => $name);
}

my $moved = 0;

foreach my $bumps (1, 0)
{
	foreach my $tombstone (0, 1)
	{
		my $how = ($bumps ? 'a change' : 'no change') . ', ' . ($tombstone ? 'a tombstone' : 'no tombstone');
		my %switches = (move_bumps_updated => $bumps ? JSON::PP::true() : JSON::PP::false(),
			move_leaves_tombstone => $tombstone ? JSON::PP::true() : JSON::PP::false());

		subtest "scenario 27: moved to another list there ($how)" => sub {
			my $ann = person('moved' . ++$moved, list_add => { title => 'Home' },
				(map { (task_add => { title => "kept $_" }) } 1 .. 3),
				task_add => { title => 'Trip', notes => 'long', temp_id => 'trip' }, task_add => { title => 'Pack', parent_id => 'trip' });
			my %was = map { ($_ => $ann->field($_, 'id')) } qw(Trip Pack);

			with(\%switches, sub {
				$google->clock(advance_s => 3600);
				$ann->edit(task_move => { id => $ann->id('Trip'), list_id => $ann->list_id('Home') });
				$ann->mark;
				$ann->sync;
				is($ann->titles, 'Pack,Trip,kept 1,kept 2,kept 3', 'nothing is deleted');
				is($ann->graves, 0, 'and nothing buried');
				# what neither list told comes with the daily whole read
				$ann->forget;
				$ann->sync for 1 .. 2;
				is($ann->project('Trip'), 'Home', 'it is in the other project');
				is($ann->project('Pack'), 'Home', 'with its subtask');
				is($ann->parent('Pack'), 'Trip', 'still below it');
				is(join(' ', map { $ann->field($_, 'id') } qw(Trip Pack)), "$was{Trip} $was{Pack}", 'they are the same tasks');
				is($ann->field('Trip', 'description'), 'long', 'with all that they had');
				is($ann->writes, '', 'and nothing was sent');
			});
			is(scalar(grep { $_->{title} =~ /^(?:Trip|Pack)$/ } $ann->all_there), 2, 'once there');
		};

		subtest "scenario 27: moved to a list that is not linked ($how)" => sub {
			my $ann = person('away' . $moved, list_add => { title => 'Away' }, map { (task_add => { title => "kept $_" }) } 1 .. 4);

			unlink_list($ann, 'Away');
			$ann->sync;
			with(\%switches, sub {
				$google->clock(advance_s => 3600);
				$ann->edit(task_move => { id => $ann->id('kept 1'), list_id => $ann->list_id('Away') });
				$ann->sync;
				$ann->forget;
				$ann->sync for 1 .. 2;
				is($ann->titles, 'kept 1,kept 2,kept 3,kept 4', 'it stays here');
				is($ann->sql(q{SELECT l.state FROM tasksync.links l JOIN tasksync.tasks t ON t.user_id = l.user_id AND t.id = l.hub_id
					WHERE l.account_id = :'a' AND t.title = 'kept 1'}), 'detached', 'out of what is linked');
				is($ann->graves, 0, 'nothing is buried');
				# and back
				$ann->edit(task_move => { id => $ann->id('kept 1'), list_id => $ann->{default_list_id} });
				$ann->forget;
				$ann->sync;
				is($ann->titles, 'kept 1,kept 2,kept 3,kept 4', 'moved back it is the same task');
			});
		};
	}
}

subtest 'scenario 28: a move between lists that fails half way' => sub {
	my $ann = person('half', list_add => { title => 'Home' }, task_add => { title => 'Trip', temp_id => 'trip' },
		task_add => { title => 'Pack', parent_id => 'trip' }, task_add => { title => 'Stay' });
	my $home = q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home')};

	foreach my $fault ({ kind => 'cut_after_commit' }, { kind => 'status', status => 500 }, { kind => 'cut_before' })
	{
		my $back = q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND is_inbox)};

		foreach my $change ($home, $back)
		{
			$ann->fault({ %{$fault}, match => { command => 'tasks.move' } });
			$ann->sql(qq{UPDATE tasksync.tasks SET $change WHERE user_id = :'u' AND title = 'Trip'});
			$hub->wait_for(q{SELECT failures > 0 FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $ann->{account_id});
			$ann->resume;
			$ann->sync for 1 .. 2;
			is($ann->titles_there, 'Pack,Stay,Trip', "$fault->{kind}: each is there once");
			is($ann->titles, 'Pack,Stay,Trip', "$fault->{kind}: and here");
			is(join(' ', map { $ann->there($_)->{list_id} } qw(Trip Pack)),
				join(' ', ($ann->list_id($change eq $home ? 'Home' : 'My Tasks')) x 2), "$fault->{kind}: in the list where it belongs");
			is($ann->there('Pack')->{parent}, $ann->id('Trip'), "$fault->{kind}: the subtask below it");
		}
	}
};

subtest 'subtasks that do not travel with their parent' => sub {
	foreach my $children (qw(move promote orphan))
	{
		my $ann = person("children-$children", list_add => { title => 'Home' },
			task_add => { title => 'Trip', temp_id => 'trip' }, task_add => { title => 'Pack', parent_id => 'trip' });

		with({ move_takes_children => $children }, sub {
			$ann->set('Trip', q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home')});
			$ann->sync for 1 .. 2;
		});
		is($ann->titles_there, 'Pack,Trip', "$children: both are there, once");
		is($ann->titles, 'Pack,Trip', "$children: and here");
		is($ann->graves, 0, "$children: nothing is buried");
		is($ann->there('Trip')->{list_id}, $ann->list_id('Home'), "$children: the task is in the other list");
		next if $children ne 'move';
		is($ann->there('Pack')->{list_id}, $ann->list_id('Home'), "$children: and its subtask");
		is($ann->there('Pack')->{parent}, $ann->id('Trip'), "$children: one below the other");
		is($ann->parent('Pack'), 'Trip', "$children: here as well");
	}
};

subtest 'a list that is deleted deletes nothing here' => sub {
	my $ann = person('dellist', list_add => { title => 'Home', temp_id => 'h' }, map { (task_add => { title => "kept $_", list_id => 'h' }) } 1 .. 3);

	foreach my $unknown (404, 400)
	{
		with({ unknown_list => $unknown }, sub {
			my $id = $ann->list_id('Home');
			$ann->edit(list_delete => { id => $id }) if $unknown == 404;
			$ann->mark;
			$ann->sync;
			is($ann->health, 'container trouble', "$unknown: the account has a state for it");
			like($ann->reason, qr/was deleted at Google Tasks and nothing was deleted here/, "$unknown: a sentence with the next step");
			$ann->sync;
			is($ann->titles, 'kept 1,kept 2,kept 3', "$unknown: all tasks stay");
			is($ann->graves, 0, "$unknown: nothing is buried");
			$ann->forget;
		});
	}
	unlink_list($ann, 'Home');
	$ann->sync;
	is($ann->health, 'active', 'unlinked it is well again');
	is($ann->titles, 'kept 1,kept 2,kept 3', 'with all tasks');
};

subtest 'a project deleted here deletes the list there, after its tasks' => sub {
	my $ann = person('delproject', list_add => { title => 'Home', temp_id => 'h' }, task_add => { title => 'Sweep', list_id => 'h' });

	$ann->mark;
	$ann->sql(q{DELETE FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home'});
	$ann->quiet;
	$ann->sync;
	is($ann->list_id('Home'), undef, 'the list is gone');
	is($ann->writes, 'tasks.delete tasklists.delete', 'in this order');
	is($ann->health, 'active', 'and all is well');
};

done_testing;
