# Acceptance scenarios in which something goes wrong between the two sides: a write that fails, a
# process that dies, a list that lies, a lease that is stolen, an edit in the wrong moment. The
# numbers are those of the list of scenarios; each has one subtest.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;

# The worker looks at its queue often, so that what is due is seen without a wake-up, and always
# reads before it changes something, so that runs of this file take the same steps however fast they
# follow each other.
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => <<'EOC');
tasksync.poll_interval = '200ms'
tasksync.read_before_write = 0
restart_after_crash = on
EOC

my $people = 0;

# Somebody with an account that holds these tasks, in step with the hub.
sub person
{
	my ($name, @titles) = @_;
	my %todoist_side = %{ $todoist->add_user(email => "$name\@example.com") };

	$todoist->edit($todoist_side{token}, map { add($_) } @titles) if @titles;
	my $person = $hub->connect($todoist,
		email => "$name\@example.com", token => $todoist_side{token}, link_all => 1);
	return { %todoist_side, %{$person} };
}

sub add { my ($title, %more) = @_; return { type => 'item_add', temp_id => 't' . ++$people, args => { content => $title, %more } } }

# The open task of this title at Todoist; the test ends if there is not exactly one.
sub there
{
	my ($token, $title) = @_;
	my @found = grep { $_->{content} eq $title } values %{ $todoist->tasks($token) };

	die "$title: " . scalar(@found) . " times" if @found != 1;
	return $found[0];
}

sub titles_there
{
	my ($token) = @_;
	return join ',', sort map { $_->{content} } values %{ $todoist->tasks($token) };
}

sub titles_here
{
	my ($user) = @_;
	return $hub->value(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C")
		FROM tasksync.tasks WHERE user_id = :'user'}, user => $user);
}

# What the account sent since a place in the log: the types of its commands.
sub written
{
	my ($token, $since) = @_;
	return join ',', map { @{ $_->{types} // [] } } grep { $_->{seq} > $since } $todoist->requests($token);
}

sub log_end
{
	my $end = 0;
	foreach my $request ($todoist->requests) { $end = $request->{seq} if $request->{seq} > $end }
	return $end;
}

sub health
{
	my ($account) = @_;
	return $hub->value(q{SELECT state FROM tasksync.account_health WHERE account_id = :'account'}, account => $account);
}

# Until a run of this account has failed; its code.
sub failed
{
	my ($account) = @_;
	$hub->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'account'},
		't', account => $account);
	return $hub->value(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'account'}, account => $account);
}

# Try again now instead of when the pause after a failure is over.
sub recover
{
	my ($account) = @_;
	$hub->sql(q{SELECT tasksync.resume_account(:'account')}, account => $account);
	$hub->quiet($account);
	return;
}

# Test points count passes from the start of the worker; a restart makes sure that it starts with
# the setting in force.
sub arm
{
	my ($points) = @_;
	$hub->sql(qq{ALTER SYSTEM SET tasksync.test_points = '$points'});
	unlink $hub->node->data_dir . '/tasksync_test_points.fired';
	$hub->node->restart;
	$hub->worker_pid;
	return;
}

sub disarm
{
	$hub->sql('ALTER SYSTEM RESET tasksync.test_points');
	$hub->sql('SELECT pg_reload_conf()');
	return;
}

sub reaches
{
	my ($point, $from) = @_;
	wait_until("the worker waits at $point", sub { $hub->log_text($from) =~ /test point "\Q$point\E": waiting/ });
	return;
}

subtest '1: a title edited on one side reaches the other although the first write there fails' => sub {
	my $ann = person('one-a', 'Draft');
	my %second = %{ $todoist->add_user(email => 'one-b@example.com') };
	my $bob = $hub->connect($todoist, user_id => $ann->{user_id}, token => $second{token}, link_all => 1);

	is(titles_there($second{token}), 'Draft', 'the second account has the task');
	$todoist->faults({ token => $second{token}, kind => 'status', status => 500, match => { command => 'item_update' } });
	my $since = log_end();
	$todoist->edit($ann->{token}, { type => 'item_update', args => { id => there($ann->{token}, 'Draft')->{id}, content => 'Final' } });
	$hub->sync($ann->{account_id});
	is(failed($bob->{account_id}), 'INTERNAL_SERVER_ERROR', 'the write to the second account fails');
	is(titles_there($second{token}), 'Draft', 'and was not carried out');
	$hub->sync($ann->{account_id});
	is(titles_there($ann->{token}), 'Final', 'the first side does not go back meanwhile');

	$hub->quiet($bob->{account_id});
	is(titles_there($second{token}), 'Final', 'the edit arrives with the next try, by itself');
	$hub->sync($ann->{account_id});
	is(titles_there($ann->{token}), 'Final', 'the first side has kept it');
	is(written($ann->{token}, $since), '', 'nothing was ever sent to it');
	is(written($second{token}, $since), 'item_update,item_update', 'one write that failed and one that did not');
	is($hub->value(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'no conflict');
};

subtest '2: five creates sent, the process dies before it records the answer: exactly five' => sub {
	my $ann = person('two');

	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'new ' || n FROM generate_series(1, 5) n},
		u => $ann->{user_id});
	my $from = $hub->log_size;
	arm('answer-arrived:crash:2');
	my $since = log_end();
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	wait_until('the worker dies', sub { $hub->log_text($from) =~ /test point "answer-arrived".*crash/ });
	wait_until('the server is up again', sub { eval { $hub->value('SELECT 1') } && $hub->log_text($from) =~ /recovery.*ready to accept/s });
	is(titles_there($ann->{token}), 'new 1,new 2,new 3,new 4,new 5', 'Todoist has the five, the hub does not know');
	$hub->quiet($ann->{account_id});
	disarm();

	is(titles_there($ann->{token}), 'new 1,new 2,new 3,new 4,new 5', 'exactly five there');
	is(titles_here($ann->{user_id}), 'new 1,new 2,new 3,new 4,new 5', 'exactly five here');
	is($hub->value(q{SELECT count(DISTINCT remote_id) FROM tasksync.task_links WHERE user_id = :'u' AND state = 'live'},
			u => $ann->{user_id}), 5, 'each linked to one of them');
	my %uuids;
	foreach my $request (grep { $_->{seq} > $since } $todoist->requests($ann->{token}))
	{
		$uuids{$_}++ foreach @{ $request->{uuids} // [] };
	}
	is(scalar(keys %uuids), 5, 'the resend carries the keys of the first sending');
};

subtest '3: a list without tasks while 200 are linked deletes nothing and says so' => sub {
	my %side = %{ $todoist->add_user(email => 'three@example.com') };
	$todoist->seed(token => $side{token}, tasks => 200);
	my $ann = { %side, %{ $hub->connect($todoist, email => 'three@example.com', token => $side{token}, link_all => 1) } };
	my $count = q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'};
	my $versions = $hub->value(q{SELECT sum(version) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id});
	my $since = log_end();

	cmp_ok($hub->value($count, u => $ann->{user_id}), '>=', 200, 'all are here');
	$todoist->faults(
		{ token => $ann->{token}, kind => 'reject_token_400' },
		{ token => $ann->{token}, kind => 'empty_list', resource => 'items', match => { sync => 'full' } });
	$hub->sync($ann->{account_id});
	is(health($ann->{account_id}), 'suspicious enumeration', 'the account says what is wrong');
	is($hub->value(q{SELECT sum(version) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id}), $versions,
		'no task was deleted or changed');
	is($hub->value(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'nothing is buried');
	is($hub->value(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'nothing waits to be');
	cmp_ok(scalar(grep { $_->{seq} > $since } $todoist->requests($ann->{token})), '<=', 5, 'it took few questions to find out');

	# without even a project: not an answer at all
	$todoist->faults({ token => $ann->{token}, kind => 'empty_list', match => { sync => 'full' } });
	$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->{account_id});
	is(failed($ann->{account_id}), 'empty_snapshot', 'an answer without a project ends the run');
	is($hub->value(q{SELECT sum(version) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id}), $versions,
		'and again nothing changed');

	recover($ann->{account_id});
	is(health($ann->{account_id}), 'active', 'a whole list makes it well again');
	is($hub->value(q{SELECT sum(version) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id}), $versions, 'all as before');
	is(written($ann->{token}, $since), '', 'and nothing was sent');
};

subtest '4: a page that fails or is cut: no absence inferred, the cursor stays' => sub {
	my %side = %{ $todoist->add_user(email => 'four@example.com') };
	$todoist->control(POST => 'config', { tasks_per_project => undef });
	$todoist->edit($side{token}, map { add("task $_") } 1 .. 450);
	my $ann = { %side, %{ $hub->connect($todoist, email => 'four@example.com', token => $side{token}, link_all => 1) } };
	my $open = q{SELECT count(*) FILTER (WHERE status = 'open') || '/' || count(*) FROM tasksync.tasks WHERE user_id = :'u'};
	my $cursor = q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'};
	my $before = $hub->value($cursor, a => $ann->{account_id});

	is($hub->value($open, u => $ann->{user_id}), '450/450', 'all open');

	# a change that is cut off on the way
	$todoist->edit($ann->{token}, { type => 'item_update', args => { id => there($ann->{token}, 'task 7')->{id}, content => 'task seven' } });
	$todoist->faults({ token => $ann->{token}, kind => 'truncate_json', match => { path => '/sync$' } });
	$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->{account_id});
	is(failed($ann->{account_id}), 'not_json', 'half an answer ends the run');
	is($hub->value($cursor, a => $ann->{account_id}), $before, 'the cursor is the old one');
	recover($ann->{account_id});
	is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title = 'task seven'}, u => $ann->{user_id}), 1,
		'the next run reads the change');

	# all completed, then a complete list, which shows none of them: the completed ones come in pages
	$todoist->edit($ann->{token}, map { { type => 'item_close', args => { id => $_ } } } keys %{ $todoist->tasks($ann->{token}) });
	foreach my $fault ({ kind => 'status', status => 500 }, { kind => 'truncate_json' })
	{
		my $since = log_end();
		$todoist->faults(
			{ token => $ann->{token}, kind => 'reject_token_400' },
			{ token => $ann->{token}, match => { path => 'completed', nth => 2 }, %{$fault} });
		$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->{account_id});
		failed($ann->{account_id});
		my @pages = grep { $_->{seq} > $since && $_->{path} =~ /completed/ } $todoist->requests($ann->{token});
		is(scalar(@pages), 2, "$fault->{kind}: the second page is not followed by a third");
		like($hub->value($open, u => $ann->{user_id}), qr{^\d+/450$}, 'every task is still here');
		is($hub->value(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'no deletion is even considered');
		recover($ann->{account_id}) if $fault->{kind} eq 'truncate_json';
		$hub->sql(q{UPDATE tasksync.schedules SET failures = 0, next_due = now() + interval '1 hour' WHERE account_id = :'a'}, a => $ann->{account_id})
			if $fault->{kind} ne 'truncate_json';
	}
	is($hub->value($open, u => $ann->{user_id}), '0/450', 'with all pages all are done, none is deleted');
	is($hub->value(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'and nothing is buried');
	$todoist->control(POST => 'config', { tasks_per_project => 300 });
};

subtest '17: a task completed at Todoist and absent from the full list is completed, not deleted' => sub {
	my $ann = person('seventeen', 'Tick me', 'Leave me');
	my %second = %{ $todoist->add_user(email => 'seventeen-b@example.com') };
	my $bob = $hub->connect($todoist, user_id => $ann->{user_id}, token => $second{token}, link_all => 1);
	my $twin = there($second{token}, 'Tick me')->{id};

	$todoist->edit($ann->{token}, { type => 'item_close', args => { id => there($ann->{token}, 'Tick me')->{id} } });
	$todoist->faults({ token => $ann->{token}, kind => 'reject_token_400' });
	my $since = log_end();
	$hub->sync($ann->{account_id});
	my @kinds = map { $_->{kind} } grep { $_->{seq} > $since } $todoist->requests($ann->{token});
	ok((grep { $_ eq 'full' } @kinds), 'a complete list was read');
	is($hub->value(q{SELECT status FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Tick me'}, u => $ann->{user_id}), 'done',
		'completed at the hub');
	is($hub->value(q{SELECT status FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Leave me'}, u => $ann->{user_id}), 'open', 'the other is open');
	$hub->quiet($bob->{account_id});
	my ($copy) = grep { $_->{id} eq $twin } @{ $todoist->state($second{token})->{items} };
	ok($copy->{checked} && !$copy->{is_deleted}, 'completed in the other account, not deleted');
	is($hub->value(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'nothing is buried');
};

subtest '30: the lease is stolen during a slow request: no duplicate, no lost acknowledgement' => sub {
	my $ann = person('thirty', 'Old title');

	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'slow ' || n FROM generate_series(1, 3) n;
		UPDATE tasksync.tasks SET title = 'New title' WHERE user_id = :'u' AND title = 'Old title'}, u => $ann->{user_id});
	# carried out at once, told late
	$todoist->faults({ token => $ann->{token}, kind => 'slow_ms', ms => 1500, when => 'after', match => { command => 'item_add' } });
	my $since = log_end();
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	wait_until('the creates have arrived', sub { titles_there($ann->{token}) =~ /slow 1/ });

	# as a successor does: a new token, then a run of its own
	my $stolen = $hub->value(q{UPDATE tasksync.schedules SET lease_token = lease_token + 1, leased_until = NULL, next_due = now()
		WHERE account_id = :'a' RETURNING lease_token}, a => $ann->{account_id});
	$hub->sync($ann->{account_id});
	cmp_ok($hub->value(q{SELECT lease_token FROM tasksync.schedules WHERE account_id = :'a'}, a => $ann->{account_id}), '>', $stolen,
		'a second run took over');
	is(titles_there($ann->{token}), 'New title,slow 1,slow 2,slow 3', 'everything is there once');

	# the late answer of the first run
	wait_until('the slow request is answered', sub {
		grep { $_->{seq} > $since && ($_->{ms} // 0) >= 1400 } $todoist->requests($ann->{token}) });
	$hub->wait_for(q{SELECT accounts_in_flight = 0 FROM tasksync.worker_status WHERE database = current_database()});
	$hub->sync($ann->{account_id});
	is(titles_there($ann->{token}), 'New title,slow 1,slow 2,slow 3', 'its answer changed nothing there');
	is(titles_here($ann->{user_id}), 'New title,slow 1,slow 2,slow 3', 'and nothing here');
	is($hub->value(q{SELECT count(*) FILTER (WHERE state = 'live' AND NOT dirty) || '/' || count(*) FROM tasksync.task_links WHERE user_id = :'u'},
			u => $ann->{user_id}), '4/4', 'every task is linked and in step');
	is($hub->value(q{SELECT count(*) FROM tasksync.intents WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'no command is left without an outcome');
	is($hub->value(q{SELECT failures FROM tasksync.schedules WHERE account_id = :'a'}, a => $ann->{account_id}), 0,
		'the run that was overtaken left no failure behind');
};

subtest '32: without a notification a change is found by the poll, within its bound' => sub {
	my $ann = person('thirty-two', 'Quiet');
	my $due = $hub->value(q{SELECT extract(epoch FROM next_due - last_finished_at) FROM tasksync.schedules WHERE account_id = :'a'},
		a => $ann->{account_id});

	# the promise: the interval of the account, give or take a twentieth
	cmp_ok($due, '>=', 285, 'the next poll is not before 5 minutes less a twentieth');
	cmp_ok($due, '<=', 315.1, 'nor after 5 minutes and a twentieth');
	$todoist->edit($ann->{token}, add('Nobody said anything'));
	is(titles_here($ann->{user_id}), 'Quiet', 'nobody tells the hub');
	# those minutes pass: no hint, no sync_now, only the clock
	$hub->sql(q{UPDATE tasksync.schedules SET next_due = next_due - interval '315.1 seconds' WHERE account_id = :'a'}, a => $ann->{account_id});
	$hub->wait_for(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C") FROM tasksync.tasks WHERE user_id = :'u'},
		'Nobody said anything,Quiet', u => $ann->{user_id});
	is($hub->value(q{SELECT count(*) FROM tasksync.hints WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'found by the poll');
};

subtest '33: an edit at Todoist between our read and our write: another field is kept, the same one is caught by the read' => sub {
	my $ann = person('thirty-three', 'Title');
	my $id = there($ann->{token}, 'Title')->{id};

	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$hub->sql(q{UPDATE tasksync.tasks SET title = 'Title from the hub' WHERE user_id = :'u'}, u => $ann->{user_id});
	# after a start the account is read before anything is planned
	my $from = $hub->log_size;
	arm('intents-committed:wait:1');
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	reaches('intents-committed:wait:1', $from);
	$todoist->edit($ann->{token}, { type => 'item_update', args => { id => $id, description => 'Note from Todoist' } });
	disarm();
	$hub->quiet($ann->{account_id});
	my $item = $todoist->tasks($ann->{token})->{$id};
	is("$item->{content}|$item->{description}", 'Title from the hub|Note from Todoist', 'both edits are there');
	is($hub->value(q{SELECT title || '|' || description FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id}),
		'Title from the hub|Note from Todoist', 'and here');
	is($hub->value(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u'}, u => $ann->{user_id}), 0, 'no conflict');

	# both change the title before the run: it reads first, so Todoist's edit is not overwritten unseen
	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$todoist->edit($ann->{token}, { type => 'item_update', args => { id => $id, content => 'Their title' } });
	$hub->sql(q{UPDATE tasksync.tasks SET title = 'Our title' WHERE user_id = :'u'}, u => $ann->{user_id});
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	$hub->quiet($ann->{account_id});
	my $title = titles_here($ann->{user_id});
	is(titles_there($ann->{token}), $title, 'both sides agree on one of the titles');
	is($hub->value(q{SELECT (remote #>> '{}') || '|' || (hub #>> '{}') FROM tasksync.conflicts WHERE user_id = :'u' AND field = 'title'},
			u => $ann->{user_id}), 'Their title|Our title', 'and the conflict keeps both');
	is($hub->value(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u' AND before ->> 'title' = 'Title from the hub'}, u => $ann->{user_id}), 1,
		'the value from before is in the journal');
};

subtest '37: there and back between two polls writes nothing; there, synced, and back is two writes' => sub {
	my $ann = person('thirty-seven', 'A');
	my $id = there($ann->{token}, 'A')->{id};
	my $retitle = q{UPDATE tasksync.tasks SET title = :'t' WHERE user_id = :'u'};
	my $since = log_end();

	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$hub->sql($retitle, t => $_, u => $ann->{user_id}) foreach qw(B A);
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	$hub->quiet($ann->{account_id});
	is(written($ann->{token}, $since), '', 'A, B, A at the hub sends nothing');

	my $version = $hub->value(q{SELECT version FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id});
	$todoist->edit($ann->{token}, map { { type => 'item_update', args => { id => $id, content => $_ } } } qw(B A));
	$hub->sync($ann->{account_id});
	is($hub->value(q{SELECT version FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{user_id}), $version,
		'A, B, A at Todoist writes nothing here');

	foreach my $title (qw(B A B A))
	{
		$hub->sql($retitle, t => $title, u => $ann->{user_id});
		$hub->quiet($ann->{account_id});
		is(titles_there($ann->{token}), $title, "$title arrives");
	}
	is(written($ann->{token}, $since), join(',', ('item_update') x 4), 'each as a write of its own');
};

subtest '39: one task that Todoist refuses waits with a reason, the others sync, an edit sends it again' => sub {
	my $ann = person('thirty-nine', 'Already there');

	$todoist->faults(
		{ token => $ann->{token}, kind => 'command_error', error => 'INVALID_ARGUMENT', times => 0, match => { content => 'Poison' } });
	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title, description)
		SELECT :'u', CASE n WHEN 57 THEN 'Poison' ELSE 'good ' || n END, 'notes ' || n FROM generate_series(1, 250) n},
		u => $ann->{user_id});
	$hub->quiet($ann->{account_id});
	is(scalar(values %{ $todoist->tasks($ann->{token}) }), 250, 'all the others are there');
	is($hub->sql(q{SELECT kind, error_code FROM tasksync.dead_letters WHERE account_id = :'a'}, a => $ann->{account_id}),
		'task|INVALID_ARGUMENT_VALUE', 'the one waits, with the code');
	like($hub->value(q{SELECT error_message FROM tasksync.dead_letters WHERE account_id = :'a'}, a => $ann->{account_id}),
		qr/Todoist refuses the value of "content"/, 'and with a reason for people');
	is(health($ann->{account_id}), 'dead letters', 'the account says so');

	my $since = log_end();
	$hub->sync($ann->{account_id});
	is(written($ann->{token}, $since), '', 'it is not sent again by itself');

	$hub->sql(q{UPDATE tasksync.tasks SET title = 'Cured' WHERE user_id = :'u' AND title = 'Poison'}, u => $ann->{user_id});
	$hub->quiet($ann->{account_id});
	is(there($ann->{token}, 'Cured')->{description}, 'notes 57', 'corrected, it leaves without being asked to');
	is(health($ann->{account_id}), 'active', 'and the account is well');
};

is($hub->value(q{SELECT count(*) FROM tasksync.intents}), 0, 'no command is left anywhere');

done_testing();
