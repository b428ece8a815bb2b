# Google Tasks' known pitfalls, one subtest each under the number that docs/providers/google_tasks.md
# gives the pitfall. What concerns only the shape of requests and answers is in
# test/unit/test_google_*.c.
use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use TaskSync::GooglePerson;
use TaskSync::Hub;
use TaskSync::Sandbox;

my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(google_tasks => $google,
	# each trap goes back and forth many times in a moment: the breaker of loops has tests of its own
	settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\ntasksync.loop_window = 0\n");

sub person { my ($name, @edits) = @_; return TaskSync::GooglePerson->connect($hub, $google, $name, @edits) }

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

subtest 'trap 1: an insert whose answer is lost is not sent twice, and takes no older twin' => sub {
	my $ann = person('trap1', task_add => { title => 'Milk' });

	# the twin: same title, done before anybody was connected, and not changed since
	$google->edit($ann->{token}, { type => 'task_add', temp_id => 'b', args => { title => 'Bread' } });
	my $twin = $ann->id('Bread');
	$ann->edit(task_complete => { id => $twin });
	$google->clock(advance_s => 3600);
	$ann->fault({ kind => 'cut_after_commit', match => { command => 'tasks.insert' } });
	$ann->pause;
	$ann->sql(q{DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Bread'});
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'Bread')});
	$ann->forget;
	$ann->mark;
	$ann->sql(q{SELECT tasksync.resume_account(:'a')});
	$hub->wait_for(q{SELECT count(*) FROM tasksync.links WHERE account_id = :'a' AND state = 'live'
		AND hub_id = (SELECT id FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Bread')}, 1,
		a => $ann->{account_id}, u => $ann->{user_id});
	$ann->quiet;
	is(scalar(grep { $_ eq 'tasks.insert' } split / /, $ann->calls), 1, 'it was sent once');
	my @bread = grep { $_->{title} eq 'Bread' } $ann->all_there;
	is(scalar(grep { $_->{status} eq 'needsAction' } @bread), 1, 'it is there once');
	is($ann->field('Bread', q{(SELECT remote_id FROM tasksync.links l WHERE l.account_id = :'a' AND l.hub_id = t.id)}),
		join(',', map { $_->{id} } grep { $_->{status} eq 'needsAction' } @bread), 'and it is the one that we made');
	is($ann->field('Bread', 'count(*)'), 1, 'and here once');
};

subtest 'trap 2: a date at Google leaves the time of day alone' => sub {
	my $ann = person('trap2');

	$ann->add(title => 'Call', due_date => '2026-12-12', due_time => '14:30', due_timezone => 'Europe/Lisbon');
	is($ann->there('Call')->{due}, '2026-12-12T00:00:00.000Z', 'there it is a date');
	$ann->edit(task_update => { id => $ann->id('Call'), title => 'Call Bo' });
	$ann->sync;
	is($ann->field('Call Bo', q{concat_ws(' ', due_date, due_time, due_timezone)}), '2026-12-12 14:30:00 Europe/Lisbon',
		'scenario 9: a title edited there leaves time and zone');
	$ann->edit(task_update => { id => $ann->id('Call Bo'), due => '2026-12-13' });
	$ann->sync;
	is($ann->field('Call Bo', q{concat_ws(' ', due_date, due_time, due_timezone)}), '2026-12-13 14:30:00 Europe/Lisbon',
		'scenario 10: a date moved there keeps them');
	$ann->edit(task_update => { id => $ann->id('Call Bo'), due => '2027-07-13' });
	$ann->sync;
	is($ann->field('Call Bo', q{concat_ws(' ', due_date, due_time, due_timezone)}), '2027-07-13 14:30:00 Europe/Lisbon',
		'scenario 10: also across a change of the clocks');
};

subtest 'traps 3 and 4: no date shifts, in no zone, over a hundred rounds' => sub {
	my $ann = person('trap3', map { (task_add => { title => $_, due => '2026-03-01' }) } qw(West East));

	$ann->sql(q{UPDATE tasksync.tasks SET due_time = '23:30', due_timezone = CASE title WHEN 'West'
		THEN 'Pacific/Pitcairn' ELSE 'Pacific/Tongatapu' END WHERE user_id = :'u'});
	$ann->quiet;
	$ann->mark;
	foreach my $n (1 .. 50)
	{
		# both sides write: a day on here, a day on there
		$ann->set($_, q{due_date = due_date + 1}) foreach qw(West East);
		$ann->edit(map { (task_update => { id => $ann->id($_), due => '2026-03-01' }) } qw(West East));
		$ann->sync;
	}
	is($ann->field($_, q{concat_ws(' ', due_date, due_time)}), '2026-03-01 23:30:00', "$_ is where it was") foreach qw(West East);
	is($ann->there($_)->{due}, '2026-03-01T00:00:00.000Z', "$_ there, too") foreach qw(West East);
	is(scalar(grep { $_->{status} == 400 } $ann->requests), 0, 'and no date was refused');
	is(scalar(grep { $_ eq 'tasks.patch' } split / /, $ann->calls), 100, 'one write for each change');
};

subtest 'traps 5 and 18: completed in the app is hidden, not gone; so is what is cleared' => sub {
	my $ann = person('trap5', map { (task_add => { title => $_ }) } qw(App Api Open));

	$ann->edit(task_complete => { id => $ann->id('App') });
	$ann->set('Api', q{status = 'done'});
	$ann->sync;
	ok($ann->there('App')->{hidden}, 'the app hides it');
	is($ann->field('App', 'status'), 'done', 'here it is done');
	$ann->edit(clear_completed => {});
	ok($ann->there('Api')->{hidden}, 'scenario 18: "clear completed" hides the other');
	my $versions = $ann->versions;
	$ann->mark;
	$ann->sync;
	$ann->forget;
	$ann->sync;
	is($ann->versions, $versions, 'scenario 18: nothing is changed');
	is($ann->writes, '', 'scenario 18: nothing is sent');
	is($ann->titles, 'Api,App,Open', 'scenario 18: nothing is deleted');
};

subtest 'trap 6: more tasks than a page' => sub {
	my $ann = person('trap6', map { (task_add => { title => sprintf 'Task %03d', $_ }) } 1 .. 230);

	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 230, 'all of them are here');
	$google->clock(advance_s => 3600);
	$ann->forget;
	$ann->mark;
	$ann->sync;
	is($ann->calls, 'tasklists.get tasklists.list tasks.list tasks.list tasks.list tasks.list',
		'three pages of a hundred, and what changed meanwhile');
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 230, 'and all of them stay');
};

subtest 'trap 7: what is edited between two pages is in none of them, and lives' => sub {
	my $ann = person('trap7', map { (task_add => { title => sprintf 'Task %03d', $_ }) } 1 .. 150);

	$google->clock(advance_s => 3600);
	$ann->forget;
	$ann->fault({ kind => 'ui_edit', when => 'before', match => { command => 'tasks.list', query => 'pageToken' },
		commands => [ { type => 'task_update', args => { id => $ann->id('Task 001'), notes => 'just now' } } ] });
	$ann->mark;
	$ann->sync;
	is($ann->calls, 'tasklists.get tasklists.list tasks.list tasks.list tasks.list', 'scenario 5: nobody is asked for by id');
	is($ann->field('Task 001', 'description'), 'just now', 'scenario 5: it is found by what changed since the first page');
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 150, 'nothing is deleted');
};

subtest 'trap 8: positions are renumbered in silence, and mean nothing here' => sub {
	my $ann = person('trap8', map { (task_add => { title => $_ }) } qw(One Two Three));
	my $versions = $ann->versions;

	$ann->edit(task_reorder => { ids => [ map { $ann->id($_) } qw(Three One Two) ] });
	$ann->mark;
	$ann->sync;
	$ann->forget;
	$ann->sync;
	is($ann->versions, $versions, 'nothing is changed');
	is($ann->writes, '', 'nothing is sent');
};

subtest 'trap 9: notes edited in a list whose stamp stays' => sub {
	my $ann = person('trap9', task_add => { title => 'Milk' });
	my $stamp = sub { my ($list) = @{ $google->state($ann->{token})->{lists} }; return "$list->{etag} $list->{updated}" };
	my $before = $stamp->();

	$ann->edit(task_update => { id => $ann->id('Milk'), notes => 'two litres' });
	is($stamp->(), $before, 'the list says nothing');
	$ann->sync;
	is($ann->field('Milk', 'description'), 'two litres', 'it comes all the same');
};

subtest 'traps 10 and 12: etags that lie and stamps that change their precision' => sub {
	my $ann = person('trap10', map { (task_add => { title => $_ }) } qw(One Two));
	my $versions = $ann->versions;

	with({ etag_skew => JSON::PP::true(), updated => 'seconds' }, sub {
		$ann->mark;
		$ann->forget;
		$ann->sync;
		is($ann->versions, $versions, 'nothing is changed');
		is($ann->writes, '', 'nothing is sent');
		$ann->edit(task_update => { id => $ann->id('One'), notes => 'now' }, task_update => { id => $ann->id('Two'), notes => 'too' });
		$ann->sync;
	});
	is($ann->field('One', 'description') . $ann->field('Two', 'description'), 'nowtoo', 'both edits come');
	$ann->edit(task_update => { id => $ann->id('One'), notes => 'later' });
	$ann->sync;
	is($ann->field('One', 'description'), 'later', 'and the next one');
};

subtest 'trap 11: the echo of our own writes changes nothing and causes nothing' => sub {
	my $ann = person('trap11', task_add => { title => 'Theirs' });

	$ann->add(title => 'Ours', description => 'note', due_date => '2030-01-02');
	$ann->set('Theirs', q{title = 'Theirs, renamed'});
	my $versions = $ann->versions;
	my $journal = $ann->sql(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u'});

	$ann->mark;
	$ann->sync for 1 .. 3;
	is($ann->versions, $versions, 'no task is written');
	is($ann->sql(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u'}), $journal, 'nothing is journalled');
	is($ann->calls, 'tasks.list tasks.list tasks.list', 'one request for the only list each');
};

subtest 'trap 13: what is cleared here is cleared there' => sub {
	my $ann = person('trap13', task_add => { title => 'Milk', notes => 'two', due => '2026-12-24' });

	$ann->mark;
	$ann->set('Milk', q{description = '', due_date = NULL});
	is(join('/', map { $ann->there('Milk')->{$_} // '' } qw(notes due)), '/', 'notes and date are gone');
	is($ann->calls, 'tasks.list tasks.patch', 'by one PATCH');
	$ann->set('Milk', q{title = 'Oat milk'});
	$ann->edit(task_update => { id => $ann->id('Oat milk'), notes => 'one', due => '2026-12-25' });
	$ann->sync;
	$ann->set('Oat milk', q{title = 'Soy milk'});
	is(join('/', map { $ann->there('Soy milk')->{$_} // '' } qw(notes due)), 'one/2026-12-25T00:00:00.000Z',
		'and what is not named stays');
};

subtest 'trap 14: completing and reopening, alone and with subtasks' => sub {
	my $ann = person('trap14', task_add => { title => 'Trip', temp_id => 'trip' },
		task_add => { title => 'Pack', parent_id => 'trip' });

	$ann->set('Trip', q{status = 'done'});
	is($ann->there('Trip')->{status}, 'completed', 'completed there');
	ok(defined $ann->there('Trip')->{completed}, 'with a time');
	is($ann->there('Pack')->{status}, $ann->field('Pack', 'status') eq 'done' ? 'completed' : 'needsAction', 'the subtask as here');
	with({ reopen_needs_null => JSON::PP::true() }, sub { $ann->set('Trip', q{status = 'open', completed_at = NULL}) });
	is($ann->there('Trip')->{status}, 'needsAction', 'open again');
	ok(!defined $ann->there('Trip')->{completed}, 'without a time');
	$ann->edit(task_complete => { id => $ann->id('Trip') });
	$ann->sync;
	is($ann->field($_, 'status'), 'done', "completed in the app: $_ is done") foreach qw(Trip Pack);
	$ann->edit(task_reopen => { id => $ann->id('Pack') });
	$ann->sync;
	is($ann->field('Pack', 'status'), 'open', 'a subtask opened there is open here');
};

subtest 'trap 15: the next one of a repeating task is another task; what it refuses is not tried again' => sub {
	my $ann = person('trap15', list_add => { title => 'Home' },
		task_add => { title => 'Water', due => '2026-12-01', temp_id => 'w' }, task_repeat => { id => 'w', every_days => 7 });
	my $first = $ann->id('Water');

	$ann->mark;
	$ann->set('Water', q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home')});
	is(scalar(grep { $_ eq 'tasks.move' } split / /, $ann->calls), 1, 'a move is tried once');
	$ann->sync;
	is(scalar(grep { $_ eq 'tasks.move' } split / /, $ann->calls), 1, 'and never again');
	is($ann->health, 'dead letters', 'the account says so');
	$ann->set('Water', q{status = 'done'});
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 1, 'completed');
	$ann->edit(task_next_instance => { id => $first, due => '2026-12-08' });
	$ann->sync;
	is($ann->sql(q{SELECT string_agg(status || ' ' || due_date, ',' ORDER BY due_date) FROM tasksync.tasks WHERE user_id = :'u'}),
		'done 2026-12-01,open 2026-12-08', 'the next one is another task');
};

subtest 'trap 16: an assigned task is read and edited, and never deleted' => sub {
	my $ann = person('trap16', task_assign => { title => 'Review' }, task_add => { title => 'Mine' });
	my $id = $ann->id('Review');

	is($ann->field('Review', 'status'), 'open', 'it is here');
	$ann->set('Review', q{due_date = '2026-12-12'});
	is($ann->there('Review')->{due}, '2026-12-12T00:00:00.000Z', 'its date can be set');
	$ann->mark;
	$ann->sql(q{DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Review'});
	$ann->quiet;
	$ann->sync;
	is($ann->writes, '', 'deleting it here sends nothing');
	my ($original) = grep { $_->{id} eq $id } @{ $google->state($ann->{token})->{originals} };
	ok(!$original->{deleted}, 'the original lives');
	is($ann->field('Review', 'count(*)'), 0, 'and it does not come back');
	like($ann->sql(q{SELECT error_message FROM tasksync.links WHERE account_id = :'a' AND error_code = 'assigned_task'}),
		qr/remove the assignment there/, 'the link says why');
};

subtest 'trap 17: subtasks of a deleted task, without tombstones of their own' => sub {
	my $ann = person('trap17', (map { (task_add => { title => "kept $_" }) } 1 .. 9),
		task_add => { title => 'Trip', temp_id => 'trip' }, task_add => { title => 'Pack', parent_id => 'trip' });

	$ann->edit(task_delete => { id => $ann->id('Trip') });
	$ann->sync;
	$ann->sync;
	is($ann->titles, join(',', map { "kept $_" } 1 .. 9), 'they go with it');
	$ann->forget;
	$ann->sync;
	is($ann->titles_there, join(',', map { "kept $_" } 1 .. 9), 'and nothing comes back there');
};

subtest 'trap 18: a deletion whose tombstone has expired is still one' => sub {
	my $ann = person('trap18', map { (task_add => { title => "kept $_" }) } 1 .. 9, 'Gone');

	$ann->pause;
	$ann->edit(task_delete => { id => $ann->id('kept Gone') });
	$google->clock(advance_s => 100 * 86400);
	$ann->forget;
	$ann->mark;
	$ann->resume;
	$ann->sync;
	is($ann->titles, join(',', map { "kept $_" } 1 .. 9), 'it is deleted here');
	is($ann->writes, '', 'and not made again there');
	like($ann->calls, qr/tasks\.get/, 'after it was asked for by its id');
};

subtest 'trap 19: subtasks are moved with their parent named' => sub {
	my $ann = person('trap19', task_add => { title => 'A', temp_id => 'a' }, task_add => { title => 'B' },
		task_add => { title => 'Sub', parent_id => 'a' });

	$ann->set('Sub', q{title = 'Sub 2', due_date = '2026-12-12'});
	is($ann->there('Sub 2')->{parent}, $ann->id('A'), 'an edit leaves it below its parent');
	$ann->set('Sub 2', q{parent_id = (SELECT id FROM tasksync.tasks WHERE user_id = :'u' AND title = 'B')});
	is($ann->there('Sub 2')->{parent}, $ann->id('B'), 'a move takes it to another');
	$ann->set('Sub 2', q{parent_id = NULL});
	ok(!defined $ann->there('Sub 2')->{parent}, 'or to the top');
	$ann->edit(task_move => { id => $ann->id('Sub 2'), parent_id => $ann->id('A') });
	$ann->sync;
	is($ann->parent('Sub 2'), 'A', 'and so it is from there');
};

subtest 'trap 20: a 403 means what its reason says' => sub {
	my $ann = person('trap20', task_add => { title => 'Milk' });
	my $round = sub {
		my ($status, $reason) = @_;
		$ann->fault({ kind => 'status', status => $status, reason => $reason });
		return $ann->round_that_fails;
	};
	my $due = sub { return $ann->sql(q{SELECT round(extract(epoch FROM next_due - now()) / 60) FROM tasksync.schedules WHERE account_id = :'a'}) };

	is($round->(403, 'rateLimitExceeded'), 'rateLimitExceeded', 'too fast');
	is($ann->health, 'backing off', 'is a pause');
	cmp_ok($due->(), '<=', 1, 'of half a minute');
	is($round->(403, 'dailyLimitExceeded'), 'dailyLimitExceeded', "the day's quota");
	cmp_ok($due->(), '>', 5, 'is a long one');
	is($round->(403, 'accessNotConfigured'), 'accessNotConfigured', 'the API is off');
	is($ann->state, 'paused', 'pauses the account');
	like($ann->reason, qr/not enabled in the Google Cloud project/, 'and says who can help');
	$ann->resume;
	$ann->fault({ kind => 'status', status => 403, reason => 'somethingNew', match => { command => 'tasks.list' } });
	$ann->sync;
	is($ann->health, 'container trouble', 'an unknown reason is the trouble of the list');
	$ann->sync;
	is($ann->health, 'active', 'until it can be read again');
	$ann->forget;
	is($round->(403, 'somethingNew'), 'somethingNew', 'of the list of lists');
	is($ann->state, 'paused', 'it is that of the account, and not tried again');
	is($round->(403, 'insufficientPermissions'), 'insufficientPermissions', 'a permission that was not given');
	is($ann->state, 'reauth_required', 'is for the person');
	is($ann->titles, 'Milk', 'and nothing is lost');
};

subtest 'traps 21 and 22: a token that ends for whatever reason drops nothing' => sub {
	my $ann = person('trap21', task_add => { title => 'Milk' });

	$ann->add(title => 'Bread');
	$ann->fault({ kind => 'status', status => 401, reason => 'authError', times => 0, match => { path => '/tasks/v1' } });
	is($ann->round_that_fails, 'authError', 'the token is refused');
	is($ann->state, 'reauth_required', 'the person has to connect again');
	$google->clear_faults;
	$ann->sql(q{UPDATE tasksync.tasks SET title = 'Rye bread' WHERE user_id = :'u' AND title = 'Bread'});
	$ann->edit(task_update => { id => $ann->id('Milk'), notes => 'meanwhile' });
	$hub->reconnect_by_consent($google, $ann->{account_id}, $ann->{token});
	$ann->quiet;
	is($ann->titles_there, 'Milk,Rye bread', 'then it goes on where it was');
	is($ann->field('Milk', 'description'), 'meanwhile', 'on both sides');
};

subtest 'trap 23: titles that are empty or too long' => sub {
	my $ann = person('trap23', task_add => { title => '', notes => 'only notes' });
	my $long = ("\x{1F600}" x 600) . ' end';    # 1204 UTF-16 units

	utf8::encode($long);
	is($ann->field('(no title)', 'description'), 'only notes', 'an empty one is here');
	$ann->mark;
	$ann->sync;
	is($ann->writes, '', 'and stays empty there');
	$ann->add(title => $long);
	my ($cut) = grep { length $_->{title} > 100 } $ann->all_there;
	is(length($cut->{title}), 512, 'a long one is cut between two characters, in UTF-16 units');
	$ann->edit(task_update => { id => $cut->{id}, notes => 'edited' });
	$ann->sync;
	is($ann->sql(q{SELECT title = :'t' FROM tasksync.tasks WHERE user_id = :'u' AND description = 'edited'}, t => $long), 't',
		'the rest of it stays here');
};

subtest 'trap 24: titles that Google normalises are written once' => sub {
	my $ann = person('trap24');

	with({ title_whitespace => 'spaces' }, sub {
		$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title, description) VALUES (:'u', 'Two  words', E'a\nb')});
		$ann->quiet;
		$ann->mark;
		$ann->sync for 1 .. 50;
	});
	is($ann->writes, '', 'scenario 29: then nothing is sent in fifty rounds');
	is($ann->field('Two  words', 'description'), "a\nb", 'scenario 29: and the title here is what it was');
	$ann->edit(task_add => { title => 'a &lt;b&gt; c', notes => "one\n\n* two" });
	$ann->sync;
	is($ann->field('a &lt;b&gt; c', 'description'), "one\n\n* two", 'entities are text, notes keep their lines');
};

subtest 'trap 25: empty tokens, missing items, tokens that repeat' => sub {
	my $ann = person('trap25', map { (task_add => { title => "kept $_" }) } 1 .. 9);

	with({ last_page_token => 'empty', empty_items => 'omit' }, sub {
		$ann->mark;
		$ann->forget;
		$ann->sync;
		is($ann->calls, 'tasklists.get tasklists.list tasks.list', 'an empty token ends the pages');
		$google->clock(advance_s => 3600);
		$ann->sync;
		is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 9, 'no items are no change');
	});
	is($ann->sql(q{SELECT string_agg(title || is_inbox, ',') FROM tasksync.containers WHERE account_id = :'a'}), 'My Taskstrue',
		'@default is the inbox');

	my $bo = person('trap25b', map { (task_add => { title => "kept $_" }) } 1 .. 210);
	$bo->forget;
	$bo->fault({ kind => 'repeat_page_token', match => { command => 'tasks.list' }, times => 3 });
	is($bo->round_that_fails, 'endless_pages', 'a token that repeats is an error');
	is($bo->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 210, 'and nothing is deleted');
};

subtest 'trap 26: two engines and a person at once' => sub {
	my $ann = person('trap26', task_add => { title => 'Milk', notes => 'one', due => '2026-12-01' });

	$ann->pause;
	$ann->edit(task_update => { id => $ann->id('Milk'), due => '2026-12-02' }, task_complete => { id => $ann->id('Milk') });
	$ann->sql(q{UPDATE tasksync.tasks SET title = 'Oat milk', description = 'two' WHERE user_id = :'u'});
	$ann->resume;
	is($ann->field('Oat milk', q{concat_ws(' ', description, due_date, status)}), 'two 2026-12-02 done', 'all fields survive here');
	is(join(' ', @{ $ann->there('Oat milk') }{qw(notes due status)}), 'two 2026-12-02T00:00:00.000Z completed', 'and there');
	is($ann->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u' AND status = 'open'}), 0, 'without a question');
};

subtest 'trap 27: a task from a mail is moved, never made anew' => sub {
	my $ann = person('trap27', list_add => { title => 'Home' }, task_from_email => { title => 'Invoice', subject => 'Your invoice' },
		task_add => { title => 'Trip', temp_id => 'trip' }, task_add => { title => 'Pack', parent_id => 'trip' });
	my %id = map { ($_ => $ann->id($_)) } qw(Invoice Trip Pack);

	$ann->mark;
	$ann->set('Invoice', q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home')});
	is($ann->there('Invoice')->{list_id}, $ann->list_id('Home'), 'it is in the other list');
	is($ann->id('Invoice'), $id{Invoice}, 'under its id');
	is($ann->there('Invoice')->{links}[0]{description}, 'Your invoice', 'with its link');
	is($ann->writes, 'tasks.move', 'by one move');
	$ann->set('Trip', q{project_id = (SELECT id FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home')});
	is(join(' ', map { $ann->there($_)->{list_id} eq $ann->list_id('Home') ? 'moved' : 'left' } qw(Trip Pack)), 'moved moved', 'a task with its subtask');
	is($ann->there('Pack')->{parent}, $id{Trip}, 'which stays below it');
	is(join(' ', map { $ann->id($_) } qw(Trip Pack)), "$id{Trip} $id{Pack}", 'with their ids');
};

done_testing;
