# How many requests Google is asked: no more than the least that can do. The stand-in counts.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::GooglePerson;
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(google_tasks => $google,
	settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\n");

sub person { my ($name, @edits) = @_; return TaskSync::GooglePerson->connect($hub, $google, $name, @edits) }

sub counted
{
	my ($ann, $call) = @_;
	return scalar grep { $_ eq $call } split / /, $ann->calls;
}

subtest 'a quiet round: one request for each list' => sub {
	my $ann = person('quiet', map { (list_add => { title => "List $_" }) } 1 .. 4);

	$ann->mark;
	$ann->sync for 1 .. 5;
	is($ann->calls, join(' ', ('tasks.list') x 25), 'L requests, five times');
	is($ann->sql(q{SELECT count(*) FROM tasksync.sync_runs WHERE account_id = :'a' AND requests = 5}), 0, 'and no row is written');
};

subtest 'the first read: pages of a hundred, once the lists, once the default one' => sub {
	my $ann = $google->add_user(email => 'first@example.com');

	$google->edit($ann->{token}, { type => 'list_add', temp_id => 'l', args => { title => 'Home' } },
		map { { type => 'task_add', args => { title => "Task $_", $_ > 230 ? (list_id => 'l') : () } } } 1 .. 250);
	$google->clock(advance_s => 3600);
	my $bo = bless { hub => $hub, google => $google, %{$ann}, sub => $ann->{user_id} }, 'TaskSync::GooglePerson';
	$bo->mark;
	my %account = %{ $hub->connect($google, email => 'first@example.com', token => $ann->{token}, link_all => 1) };
	$bo->{$_} = $account{$_} foreach keys %account;
	is($bo->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 250, 'everything is here');
	is(counted($bo, 'tasks.list'), 3 + 1 + 1 + 2, 'three pages and what changed meanwhile, one page; then a round of two');
	is(counted($bo, 'tasklists.get'), 1, 'one question for the default list');
};

subtest 'changes: one request each, or one for many' => sub {
	my $ann = person('many', map { (task_add => { title => "Task $_" }) } 1 .. 60);

	$ann->mark;
	$ann->set('Task 1', q{title = 'Task one'});
	is($ann->calls, 'tasks.list tasks.patch', 'one change: a read and a write');
	$ann->mark;
	$ann->sql(q{UPDATE tasksync.tasks SET due_date = '2026-12-24' WHERE user_id = :'u'});
	$ann->quiet;
	is($ann->calls, 'tasks.list batch batch', 'sixty changes: two batches');
	is(join(' ', map { scalar @{ $_->{parts} } } grep { $_->{path} =~ m{^/batch} } $ann->requests), '50 10', 'of at most fifty parts');
	is(scalar(grep { ($_->{due} // '') =~ /^2026-12-24/ } $ann->all_there), 60, 'all of them are there');
	$ann->mark;
	$ann->sql(q{UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title IN ('Task 2', 'Task 3', 'Task 4')});
	$ann->quiet;
	is($ann->calls, 'tasks.list batch', 'three changes: one batch');
	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'New ' || n FROM generate_series(1, 5) n});
	$ann->quiet;
	is(counted($ann, 'tasks.insert'), 5, 'new siblings one by one, so that none is in the way of another');
};

# before any fault: what is refused at once Google may not count
subtest 'queries of the day are counted as Google counts them, and spread so that they last' => sub {
	my $ann = person('budget', map { (task_add => { title => "Task $_" }) } 1 .. 5);
	my $counted = sub {
		my ($here) = split /\n/, $hub->sql('SELECT queries FROM tasksync.provider_budgets');
		my %there = %{ $google->control(GET => 'quota') };
		note("counted here: $here");
		return $here . ' ' . $there{ (grep { $_ ne 'sandbox' } keys %there)[0] // 'sandbox' }{used};
	};
	my $next = q{SELECT next_due - now() > interval '1 hour' FROM tasksync.schedules WHERE account_id = :'a'};
	my $used;

	# a batch counts as its parts
	$ann->sql(q{UPDATE tasksync.tasks SET due_date = '2026-12-24' WHERE user_id = :'u'});
	$ann->quiet;
	wait_until('the count is written', sub { ($used) = $counted->() =~ /^(\d+) \1$/ });
	ok($used, "the same number here and there ($used)");
	is($hub->sql('SELECT state, budget, remaining = budget - queries FROM tasksync.provider_budgets'), 'open|50000|t', 'most of it is left');
	is($ann->sql($next), 'f', 'polls are as ever');

	$hub->sql("ALTER SYSTEM SET tasksync.google_daily_queries = $used");
	$hub->sql('SELECT pg_reload_conf()');
	# the worker hears of the setting between two runs
	wait_until('with the day used up polls wait for the next one', sub { $ann->sync; return $ann->sql($next) eq 't' });
	is($ann->health, 'active', 'with the day used up polls wait for the next one');
	$ann->set('Task 1', q{title = 'Urgent'});
	is($ann->titles_there =~ /Urgent/, 1, 'changes that people make go out all the same');
	is($hub->sql('SELECT state FROM tasksync.provider_budgets'), 'used up', 'an operator sees why');
	$hub->sql('ALTER SYSTEM RESET tasksync.google_daily_queries');
	$hub->sql('SELECT pg_reload_conf()');
};

subtest 'a part that fails fails alone' => sub {
	my $ann = person('parts', map { (task_add => { title => "Task $_" }) } 1 .. 6);

	$ann->fault({ kind => 'command_error', reason => 'invalid', status => 400, match => { command => 'tasks.patch', content => 'Bad' } },
		{ kind => 'command_error', reason => 'backendError', status => 503, match => { command => 'tasks.patch', content => 'Busy' } });
	$ann->mark;
	$ann->sql(q{UPDATE tasksync.tasks SET title = CASE title WHEN 'Task 1' THEN 'Bad' WHEN 'Task 2' THEN 'Busy' ELSE title || '!' END
		WHERE user_id = :'u'});
	$ann->quiet;
	$ann->sync;
	is($ann->titles_there, 'Busy,Task 1,Task 3!,Task 4!,Task 5!,Task 6!', 'the others are written, the busy one is tried again');
	is($ann->health, 'dead letters', 'the refused one says so');
	$ann->set('Bad', q{title = 'Good'});
	is($ann->titles_there, 'Busy,Good,Task 3!,Task 4!,Task 5!,Task 6!', 'and goes out when it is corrected');
	$ann->fault({ kind => 'partial_batch', drop => 2 });
	$ann->sql(q{UPDATE tasksync.tasks SET description = 'seen' WHERE user_id = :'u'});
	$ann->quiet;
	$ann->sync;
	is(scalar(grep { ($_->{notes} // '') eq 'seen' } $ann->all_there), 6, 'parts that are missing from the answer are looked for');
	is($ann->sql(q{SELECT count(*) FROM tasksync.intents WHERE account_id = :'a'}), 0, 'and none is left open');
};

done_testing;
