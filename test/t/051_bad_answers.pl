# Answers that no service should give. Whatever comes, the run ends with an error that says what was
# wrong, on that account alone; nothing is lost, nothing is deleted, nothing is done twice, and the
# next run goes on where this one stopped.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "tasksync.poll_interval = '200ms'\n");

my %side = %{ $todoist->add_user(email => 'ann@example.com') };
my $token = $side{token};

$todoist->edit($token,
	{ type => 'project_add', temp_id => 'p', args => { name => 'Home', color => 'red' } },
	{ type => 'section_add', temp_id => 's', args => { name => 'Kitchen', project_id => 'p' } },
	map { { type => 'item_add', temp_id => "t$_", args => { content => "kept $_", priority => 3, project_id => 'p', section_id => 's' } } } 1 .. 5);
my $ann = $hub->connect($todoist, email => 'ann@example.com', token => $token, link_all => 1);
my ($user, $account) = @{$ann}{qw(user_id account_id)};
my $bob = $hub->connect($todoist, email => 'bob@example.com', link_all => 1);

my $SECRET = 'nobody else may read this';

sub one { my ($sql, %more) = @_; return $hub->value($sql, u => $user, a => $account, %more) }

sub times_there
{
	my ($title) = @_;
	return scalar grep { $_->{content} eq $title } values %{ $todoist->tasks($token) };
}

sub times_here { my ($title) = @_; return one(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title = :'t'}, t => $title) }

my $kept = q{SELECT string_agg(concat_ws('|', id, title, status, priority, project_id, section_id, version), ',' ORDER BY title)
	FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE 'kept%'};

# One round of damage: an edit on each side waits, the answer to both is spoilt, and then it is not.
my $round = 0;

sub spoilt
{
	my ($name, $code, @faults) = @_;
	$round++;
	my ($in, $out) = ("in $round $SECRET", "out $round $SECRET");
	my $before = one($kept);
	my $cursor = one(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'});
	my $log = $hub->log_size;

	subtest "$round: $name" => sub {
		one(q{SELECT tasksync.pause_account(:'a')});
		$todoist->edit($token, { type => 'item_add', temp_id => 'in', args => { content => $in } });
		one(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', :'t')}, t => $out);
		$todoist->faults(map { { token => $token, match => { path => '/sync$' }, %{$_} } } @faults);
		one(q{SELECT tasksync.resume_account(:'a')});
		$hub->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $account);

		like(one(q{SELECT state || ': ' || error_code FROM tasksync.account_health WHERE account_id = :'a'}), qr/^backing off: $code$/,
			'the account says what was wrong');
		like(one(q{SELECT reason FROM tasksync.account_health WHERE account_id = :'a'}), qr/\w+ \w+/, 'and says it in words');
		like(one(q{SELECT outcome || ' ' || error_code FROM tasksync.sync_runs WHERE account_id = :'a' ORDER BY started_at DESC LIMIT 1}),
			qr/^(failed|partial) $code$/, 'the run is recorded as failed');
		is(one($kept), $before, 'no task was touched');
		is(one(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'}), $cursor, 'the cursor stays');
		is(times_here($in), 0, 'nothing of the answer was believed');
		is(times_here($out), 1, 'what waits to be sent is still here');

		one(q{SELECT tasksync.resume_account(:'a')});
		$hub->quiet($account);
		is(times_here($in) . times_there($in), '11', 'the next run brings the edit from there, once');
		is(times_here($out) . times_there($out), '11', 'and takes ours there, once');
		is(one($kept), $before, 'the others are as they were');
		is(one(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}), 'active', 'the account is well');
		unlike($hub->log_text($log) =~ s/^.*statement: .*$//mgr, qr/\Q$SECRET\E/, 'no task text in the log');
		is($hub->value(q{SELECT count(*) FROM tasksync.sync_runs WHERE error_message LIKE '%' || :'s' || '%'}, s => $SECRET), 0,
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
spoilt('an HTML error page', 'HTTP_502', { kind => 'status', status => 502 });

# ---- JSON that is no answer of this service ----
spoilt('a JSON null', 'wrong_shape', { kind => 'garbage', body => 'null' });
spoilt('a list', 'wrong_shape', { kind => 'garbage', body => '[{"items":[]}]' });
spoilt('another service', 'wrong_shape', { kind => 'garbage', body => '{"ok":true}' });
spoilt('a number for a list', 'wrong_shape', { kind => 'garbage', body => '{"sync_token":"x","full_sync":false,"items":7}' });
spoilt('texts for tasks', 'wrong_shape', { kind => 'garbage', body => '{"sync_token":"x","full_sync":false,"items":["a","b"]}' });
spoilt('no sync token', 'no_sync_token', { kind => 'drop_key', key => 'sync_token' });

# ---- 100 MB, while another account goes on ----
{
	my $peak = sub {
		my ($pid) = @_;
		my ($kb) = PostgreSQL::Test::Utils::slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;
		return $kb;
	};
	my $pid = $hub->worker_pid;
	my $before = $peak->($pid);

	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'Bob goes on')}, u => $bob->{user_id});
	spoilt('100 MB of answer', 'answer_too_large', { kind => 'huge_body', mb => 100 });
	$hub->sync($bob->{account_id});
	is(scalar(grep { $_->{content} eq 'Bob goes on' } values %{ $todoist->tasks($bob->{token}) }), 1, 'another account syncs meanwhile');
	is($hub->worker_pid, $pid, 'the worker is the same process');
	cmp_ok($peak->($pid) - $before, '<', 200 * 1024, 'and took no more memory than the allowed answer needs');
}

subtest 'values of no known kind are passed over, field by field' => sub {
	my $before = one($kept);
	my $log = $todoist->log->{next};

	# every task and project comes again, with values that nobody knows
	$todoist->faults(
		{ token => $token, kind => 'reject_token_400' },
		{ token => $token, kind => 'unknown_enum', match => { sync => 'full' } });
	$hub->sync($account);
	is($todoist->control(GET => 'faults')->{fired}[-1]{kind}, 'unknown_enum', 'they did come');
	is(one($kept), $before, 'every task is what it was');
	# a colour is a name, and new ones are invented: it is shown as told
	is(one(q{SELECT color FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home'}), 'octarine', 'a colour that we cannot send is shown');
	is(one(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}), 'active', 'the account is well');
	$hub->sync($account);
	is(scalar(grep { @{ $_->{types} // [] } } @{ $todoist->control(GET => "log?token=$token&since=$log")->{requests} }), 0,
		'and nothing is sent because of it');
	$todoist->faults({ token => $token, kind => 'reject_token_400' });
	$hub->sync($account);
	is(one(q{SELECT color FROM tasksync.projects WHERE user_id = :'u' AND name = 'Home'}), 'red', 'the right one replaces it');
};

subtest 'ids that do not exist move nothing and delete nothing' => sub {
	my $before = one($kept =~ s/, version\b//r);
	my ($item) = grep { $_->{content} eq 'kept 1' } values %{ $todoist->tasks($token) };

	foreach my $field (qw(project_id section_id parent_id))
	{
		$todoist->faults({ token => $token, kind => 'set_field', id_is => $item->{id}, field => $field, value => 'nOwHeRe0123456789' });
		$todoist->edit($token, { type => 'item_update', args => { id => $item->{id}, description => "seen with a bad $field" } });
		one(q{SELECT tasksync.sync_now(:'a')});
		wait_until('the answer was spoilt', sub { !@{ $todoist->control(GET => 'faults')->{pending} } });
		$hub->wait_for(q{SELECT leased_until IS NULL AND requested_at IS NULL FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $account);
		is(one($kept =~ s/, version\b//r), $before, "$field: the task is where it was");
		is(one(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}), 0, "$field: nothing was deleted");
		one(q{SELECT tasksync.resume_account(:'a')});
		$hub->quiet($account);
		is(one(q{SELECT description FROM tasksync.tasks WHERE user_id = :'u' AND title = 'kept 1'}), "seen with a bad $field", "$field: the edit arrives");
		is(one(q{SELECT string_agg(DISTINCT l.state, ',') FROM tasksync.task_links l WHERE l.user_id = :'u'}), 'live', "$field: every task is still linked");
		my $there = $todoist->tasks($token)->{ $item->{id} };
		is(join('|', map { $_ // '' } @{$there}{qw(project_id section_id parent_id)}), join('|', map { $_ // '' } @{$item}{qw(project_id section_id parent_id)}),
			"$field: and nobody moved it at Todoist");
	}

	# and the other way: a change of something that is not there (any more)
	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $account);
	$todoist->faults({ token => $token, kind => 'command_error', error => 'NOT_FOUND', match => { command => 'item_update' } });
	$hub->sql(q{UPDATE tasksync.tasks SET title = 'kept 1 renamed' WHERE user_id = :'u' AND title = 'kept 1'}, u => $user);
	one(q{SELECT tasksync.resume_account(:'a')});
	$hub->quiet($account);
	is(times_here('kept 1 renamed') . times_there('kept 1 renamed'), '11', 'a refusal that turns out to be wrong deletes nothing, and the change arrives');
};

is($hub->value('SELECT count(*) FROM tasksync.graves'), 0, 'nothing was deleted in all of this');
is($hub->value('SELECT count(*) FROM tasksync.held_changes'), 0, 'or nearly');
is($hub->value('SELECT count(*) FROM tasksync.intents'), 0, 'no command is left without an outcome');
is($hub->value('SELECT count(*) FROM tasksync.conflicts'), 0, 'no conflict was made up');

done_testing();
