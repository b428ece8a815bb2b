# Answers that Google should not give. Whatever comes, the run ends with an error that says what was
# wrong, on that account alone; nothing is lost, nothing is deleted, nothing is done twice, and the
# next run goes on where this one stopped.
use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use TaskSync::GooglePerson;
use TaskSync::Hub;
use TaskSync::Sandbox;

my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(google_tasks => $google,
	settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\ntasksync.max_response_size = '2MB'\n");
my $ann = TaskSync::GooglePerson->connect($hub, $google, 'ann', list_add => { title => 'Home' },
	map { (task_add => { title => "kept $_", notes => 'notes', due => '2026-12-24' }) } 1 .. 5);
my $bob = TaskSync::GooglePerson->connect($hub, $google, 'bob');

my $SECRET = 'nobody else may read this';
my $kept = q{SELECT string_agg(concat_ws('|', id, title, description, status, due_date, project_id, version), ',' ORDER BY title)
	FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE 'kept%'};

sub times_here { my ($title) = @_; return $ann->field($title, 'count(*)') }
sub times_there { my ($title) = @_; return scalar grep { $_->{title} eq $title } $ann->all_there }

my $round = 0;

# One round of damage: an edit on each side waits, an answer is spoilt, and then it is not.
sub spoilt
{
	my ($name, $code, @faults) = @_;
	$round++;
	my ($in, $out) = ("in $round $SECRET", "out $round $SECRET");
	my $before = $ann->sql($kept);
	my $cursor = $ann->sql(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'});
	my $log = $hub->log_size;

	subtest "$round: $name" => sub {
		$ann->pause;
		$ann->edit(task_add => { title => $in });
		$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', :'t')}, t => $out);
		$ann->fault(map { { match => { command => 'tasks.list' }, %{$_} } } @faults);
		like($ann->round_that_fails, qr/^$code$/, 'the account says what was wrong');
		is($ann->health, 'backing off', 'and waits');
		like($ann->reason, qr/\w+ \w+/, 'and says it in words');
		is($ann->sql($kept), $before, 'no task was touched');
		is($ann->sql(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'}), $cursor, 'the cursor stays');
		is(times_here($in), 0, 'nothing of the answer was believed');
		is(times_here($out), 1, 'what waits to be sent is still here');

		$google->clear_faults;
		$ann->resume;
		$ann->sync;
		is(times_here($in) . times_there($in), '11', 'the next run brings the edit from there, once');
		is(times_here($out) . times_there($out), '11', 'and takes ours there, once');
		is($ann->sql($kept), $before, 'the others are as they were');
		is($ann->health, 'active', 'the account is well');
		unlike($hub->log_text($log) =~ s/^.*statement: .*$//mgr, qr/\Q$SECRET\E/, 'no task text in the log');
		is($ann->sql(q{SELECT count(*) FROM tasksync.sync_runs WHERE error_message LIKE '%' || :'s' || '%'}, s => $SECRET), 0,
			'nor in the error');
	};
	return;
}

# ---- bytes that are no answer ----
spoilt('an answer that ends early', 'not_json', { kind => 'truncate_json' });
spoilt('a connection cut in the middle of the answer', 'no_answer', { kind => 'cut_mid_body' });
spoilt('a page of HTML with status 200', 'not_json', { kind => 'garbage', content_type => 'text/html' });
spoilt('an empty answer', 'not_json', { kind => 'garbage', body => '' });
spoilt('invalid UTF-8 in a title', 'not_json', { kind => 'invalid_utf8' });
spoilt('a null character in a title', 'not_json', { kind => 'nul_text' });
spoilt('brackets nested a hundred thousand deep', 'not_json', { kind => 'deep_nesting' });
spoilt('an HTML error page', 'HTTP_502', { kind => 'status', status => 502, html => JSON::PP::true() });
spoilt('trouble in JSON', 'backendError', { kind => 'status', status => 503, reason => 'backendError' });

# ---- JSON that is no answer of this service ----
spoilt('a JSON null', 'wrong_shape', { kind => 'garbage', body => 'null' });
spoilt('a list', 'wrong_shape', { kind => 'garbage', body => '[{"items":[]}]' });
spoilt('an empty object', 'wrong_shape', { kind => 'garbage', body => '{}' });
spoilt('another service', 'wrong_shape', { kind => 'garbage', body => '{"kind":"calendar#events","items":[]}' });
spoilt('a number for a list', 'wrong_shape', { kind => 'garbage', body => '{"kind":"tasks#tasks","items":7}' });
spoilt('texts for tasks', 'wrong_shape', { kind => 'garbage', body => '{"kind":"tasks#tasks","items":["a","b"]}' });
spoilt('tasks without ids', 'wrong_shape', { kind => 'drop_key', key => 'kind' });
spoilt('more than is taken', 'answer_too_large', { kind => 'huge_body', mb => 20 });

subtest 'another account goes on all the while' => sub {
	$bob->edit(task_add => { title => 'Bob' });
	$bob->sync;
	is($bob->titles, 'Bob', 'it does');
};

subtest 'an empty list where tasks were, once: nothing is deleted' => sub {
	my $before = $ann->sql($kept);

	$ann->forget;
	$ann->fault({ kind => 'empty_list', match => { command => 'tasks.list' }, times => 2 });
	$ann->sync;
	is($ann->health, 'suspicious enumeration', 'scenario 3: the account says so');
	is($ann->sql($kept), $before, 'scenario 3: and every task is what it was');
	is($ann->graves, 0, 'scenario 3: nothing is buried');
	$ann->sync;
	is($ann->health, 'active', 'then it is well again');
};

subtest 'a second page that fails: nothing is inferred' => sub {
	my $cat = TaskSync::GooglePerson->connect($hub, $google, 'cat', map { (task_add => { title => sprintf 'Task %03d', $_ }) } 1 .. 150);

	$google->clock(advance_s => 3600);
	$cat->forget;
	$cat->fault({ kind => 'truncate_json', match => { command => 'tasks.list', query => 'pageToken' } });
	is($cat->round_that_fails, 'not_json', 'scenario 4: the run ends');
	is($cat->sql(q{SELECT count(*) || ' ' || count(*) FILTER (WHERE missing_since IS NOT NULL) FROM tasksync.links
		WHERE account_id = :'a' AND kind = 'task'}), '150 0', 'scenario 4: nothing is missing');
	$cat->resume;
	$cat->sync;
	is($cat->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 150, 'and all are there');
};

subtest 'values of no known kind are passed over, field by field' => sub {
	my $before = $ann->sql($kept);

	$ann->forget;
	$ann->fault({ kind => 'unknown_enum', match => { command => 'tasks.list' } });
	$ann->mark;
	$ann->sync;
	is($ann->sql($kept), $before, 'every task is what it was');
	is($ann->writes, '', 'nothing is sent');
	foreach my $spoilt ([ due => 'soon' ], [ due => 7 ], [ title => 7 ], [ notes => [] ], [ parent => {} ],
		[ updated => 'today' ], [ status => undef ], [ completed => 'x' ], [ links => 7 ], [ parent => 'nOwHeRe0123456789' ])
	{
		my ($field, $value) = @{$spoilt};
		$ann->forget;
		$ann->fault({ kind => 'set_field', field => $field, value => $value, id_is => $ann->id('kept 1'), match => { command => 'tasks.list' } });
		$ann->sync;
		is($ann->sql($kept), $before, "$field: the task is what it was");
	}
	is($ann->writes, '', 'nothing is sent');
	is($ann->health, 'active', 'the account is well');
};

subtest 'answers to writes that are no answers' => sub {
	foreach my $fault ({ kind => 'truncate_json' }, { kind => 'garbage', body => '[]' }, { kind => 'cut_after_commit' }, { kind => 'cut_mid_body' },
		{ kind => 'status', status => 500, applied => JSON::PP::true() })
	{
		my $name = join q{ }, grep { defined } @{$fault}{qw(kind body status)};

		$ann->fault({ %{$fault}, match => { command => 'tasks.insert' } });
		$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', :'t')}, t => "write $name");
		$hub->wait_for(q{SELECT failures > 0 OR NOT EXISTS (SELECT FROM tasksync.links WHERE account_id = :'a' AND dirty)
			FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $ann->{account_id});
		$ann->resume;
		$ann->sync;
		is(times_here("write $name") . times_there("write $name"), '11', "$name: once here, once there");
	}
};

is($hub->value('SELECT count(*) FROM tasksync.graves'), 0, 'nothing was deleted in all of this');
is($hub->value('SELECT count(*) FROM tasksync.held_changes'), 0, 'or nearly');
is($hub->value('SELECT count(*) FROM tasksync.intents'), 0, 'no command is left without an outcome');
is($hub->value('SELECT count(*) FROM tasksync.conflicts'), 0, 'no conflict was made up');

done_testing();
