# What a sync costs in requests and writes, how soon it comes, what a stolen lease and a poisoned
# account do to the others. Requests are counted by the stand-in, writes by the versions of the rows.
use strict;
use warnings FATAL => 'all';

use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskSync::Hub;
use TaskSync::Many;
use TaskSync::Sandbox;
use TaskSync::Wait;

# of the service
my $MOST_COMMANDS = 100;
my $MOST_BYTES = 1024 * 1024;

# Where two syncs follow each other the second must not find the first one's read too old, however
# slow the machine is; where the guarding read is what is counted, every read is too old.
my $RECENT = "'1 h'";
my $ALWAYS_READ = '0';

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(
	todoist => $todoist,
	settings => "tasksync.read_before_write = $RECENT\ntasksync.poll_interval = '1 h'\n");

sub set
{
	my ($setting, $value) = @_;
	$hub->sql("ALTER SYSTEM SET $setting = $value");
	$hub->sql('SELECT pg_reload_conf()');
	$hub->wait_for("SELECT setting FROM pg_settings WHERE name = '$setting'", $value =~ s/'//gr)
	  if $value =~ /^\d+$/;
	return;
}

# A person who has what everybody has, linked and quiet.
sub someone
{
	my ($person) = TaskSync::Many::people($hub, $todoist, 1);
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $person->{account_id});
	$hub->quiet($person->{account_id});
	return $person;
}

# Requests of this person that do() brings about, until the account is quiet again.
sub requests_of
{
	my ($person, $do) = @_;
	my $before = $todoist->requests($person->{token});
	$do->();
	$hub->quiet($person->{account_id}, '120 s');
	my @requests = $todoist->requests($person->{token});
	return @requests[ $before .. $#requests ];
}

sub commands { return join ' ', map { $_->{commands} // 0 } @_ }

sub sync { my ($person) = @_; return sub { $hub->sync($person->{account_id}) } }

sub edit { my ($person, $sql) = @_; return sub { $hub->sql($sql, u => $person->{user_id}) } }

# ---- a quiet sync: one request, no row written ----
# A row's place and inserting transaction change with every write of it, a no-op update included.
my @tables = qw(tasks projects sections labels links project_links containers intents sync_runs
  observations journal conflicts graves held_changes accounts account_tokens);

sub row_versions
{
	return { map {
		($_ => $hub->sql(
			"SELECT count(*), md5(string_agg(ctid::text || xmin::text, ',' ORDER BY ctid)) FROM tasksync.$_"))
	} @tables };
}

my $ann = someone();
sync($ann)->();
my $before = row_versions();
my $runs = $hub->value('SELECT quiet_runs FROM tasksync.schedules');
my @requests = requests_of($ann, sync($ann));
is(scalar @requests, 1, 'a quiet sync makes one request');
is($requests[0]{kind}, 'delta', 'for what has changed only');
is_deeply(row_versions(), $before, 'and writes no row in any table but the queue');
is($hub->value('SELECT quiet_runs FROM tasksync.schedules'), $runs + 1, 'which counts it');
$before = row_versions();
isnt($before->{sync_runs}, do { edit($ann, q{UPDATE tasksync.tasks SET priority = 3
	WHERE user_id = :'u' AND title = 'tree'})->(); $hub->quiet($ann->{account_id});
	row_versions()->{sync_runs} }, 'a run that does something writes its row (the measure can fail)');

# ---- 250 changes are three requests ----
@requests = requests_of($ann, edit($ann, q{
	INSERT INTO tasksync.tasks (user_id, title, project_id)
	SELECT p.user_id, 'many ' || n, p.id FROM tasksync.projects p, generate_series(1, 250) n
	WHERE p.user_id = :'u' AND p.name = 'Home'}));
is(commands(@requests), '100 100 50', '250 new tasks leave in three requests');
@requests = requests_of($ann, edit($ann,
	q{UPDATE tasksync.tasks SET priority = 4 WHERE user_id = :'u' AND title LIKE 'many %'}));
is(commands(@requests), '100 100 50', '250 edits right after a sync leave in three requests');

# The service has no conditional writes. An edit made there since the last read would be overwritten
# unseen, so a change of something that exists there is sent after a read of what has changed. That
# read is the price of not losing the edit; when a sync has just been made it is saved.
set('tasksync.read_before_write', $ALWAYS_READ);
wait_until('the worker knows', sub {
	commands(requests_of($ann, edit($ann, q{UPDATE tasksync.tasks SET priority = (priority + 1) % 4
		WHERE user_id = :'u' AND title = 'tree'}))) eq '0 1' });
@requests = requests_of($ann, edit($ann,
	q{UPDATE tasksync.tasks SET due_date = '2035-01-01' WHERE user_id = :'u' AND title LIKE 'many %'}));
is(commands(@requests), '0 100 100 50', 'when the last read is too old, one read goes before them');
is($requests[0]{kind}, 'delta', 'and that is of what has changed only');
@requests = requests_of($ann, edit($ann,
	q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'new ' || n FROM generate_series(1, 250) n}));
is(commands(@requests), '100 100 50', 'creates overwrite nothing and take the read with them');
set('tasksync.read_before_write', "'1h'");

# ---- bounds of a request ----
# Of three bytes each in UTF-8 and nine in a form: the worst that a text can be.
@requests = requests_of($ann, edit($ann, q{
	INSERT INTO tasksync.tasks (user_id, title, description)
	SELECT :'u', 'long ' || n, repeat('任', 16383) FROM generate_series(1, 30) n}));
cmp_ok(max(map { $_->{commands} // 0 } @requests), '<=', $MOST_COMMANDS, 'never more commands than allowed');
cmp_ok(max(map { $_->{bytes_in} } @requests), '<', $MOST_BYTES, 'never more bytes than allowed');
is(sum0(map { $_->{commands} // 0 } @requests), 30, 'and each is sent once');
is(scalar(grep { $_->{status} != 200 } @requests), 0, 'none is refused');
note(scalar(@requests) . ' requests, the longest of ' . max(map { $_->{bytes_in} } @requests) . ' bytes');
is(scalar(grep { $_->{content} =~ /^long/ && length($_->{description}) == 16383 }
		values %{ $todoist->tasks($ann->{token}) }), 30, 'all are there, uncut');

# ---- a write that fails costs no full read ----
foreach my $fault (
	{ kind => 'command_error', error => 'INVALID_ARGUMENT', match => { content => 'unlucky' } },
	{ kind => 'status', status => 500, match => { content => 'unlucky' } },
	{ kind => 'cut_after_commit', match => { content => 'unlucky' } })
{
	$todoist->faults({ %$fault, token => $ann->{token} });
	@requests = requests_of($ann, edit($ann,
		"UPDATE tasksync.tasks SET title = 'unlucky $fault->{kind}' WHERE user_id = :'u' AND title = 'tree'"
		  . " OR user_id = :'u' AND title LIKE 'unlucky %'"));
	is(scalar(grep { $_->{kind} eq 'full' } @requests), 0, "no full read after $fault->{kind}");
	cmp_ok(scalar @requests, '<=', 4, '… and few requests at all: ' . commands(@requests));
	$hub->sql(q{SELECT tasksync.retry(:'a')}, a => $ann->{account_id});
	$hub->quiet($ann->{account_id});
}
is($hub->value(q{SELECT title FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE 'unlucky%'},
		u => $ann->{user_id}), 'unlucky cut_after_commit', 'the hub has the last of them');
ok((grep { $_->{content} eq 'unlucky cut_after_commit' } values %{ $todoist->tasks($ann->{token}) }),
	'and so has the service');

# ---- how soon ----
# A poll: nobody says anything, the account becomes due. The queue's own time stands in for five
# minutes of waiting: first that it is what was promised, then that the worker keeps to it.
my $eve = someone();
is($hub->value(q{SELECT tasksync.set_sync_interval(:'a', '5 minutes')}, a => $eve->{account_id}), '',
	'the shortest interval');
sync($eve)->();
is($hub->value(q{SELECT extract(epoch FROM next_due - last_finished_at) BETWEEN 285 AND 315
		FROM tasksync.schedules WHERE account_id = :'a'}, a => $eve->{account_id}),
	't', 'the next poll is due within 5 % of the interval');
$todoist->edit($eve->{token}, TaskSync::Many::item(content => 'found by polling'));
my $due = $hub->value(q{UPDATE tasksync.schedules SET next_due = clock_timestamp() + interval '1.5 s'
	WHERE account_id = :'a' RETURNING extract(epoch FROM next_due)}, a => $eve->{account_id});
$hub->sql('SELECT tasksync.wake()');
$hub->wait_for(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title = 'found by polling'},
	1, u => $eve->{user_id});
# the stand-in's log has whole seconds
my $late = $hub->value(q{SELECT extract(epoch FROM :'polled'::timestamptz) - :'due'::numeric},
	polled => ($todoist->requests($eve->{token}))[-1]{time}, due => $due);
cmp_ok($late, '>=', -1, 'the worker does not poll before that');
cmp_ok($late, '<', 5, sprintf 'and soon after (%.2f s)', $late);

# A commit: the worker hears of it without sync_now(). The latency is that of the wake-up alone:
# from the commit to the claim, both by the server's clock.
my @latencies;
foreach my $n (1 .. 15)
{
	my $committed = $hub->value(qq{UPDATE tasksync.tasks SET priority = ($n % 2) * 3 + 1
		WHERE user_id = :'u' AND title = 'tree' RETURNING extract(epoch FROM clock_timestamp())},
		u => $eve->{user_id});
	$hub->quiet($eve->{account_id});
	push @latencies, 1000 * ($hub->value(q{SELECT extract(epoch FROM max(started_at)) FROM tasksync.sync_runs
		WHERE account_id = :'a'}, a => $eve->{account_id}) - $committed);
}
@latencies = sort { $a <=> $b } @latencies;
note('from commit to run, ms: ' . join ' ', map { sprintf '%.1f', $_ } @latencies);
cmp_ok($latencies[7], '<', 100, sprintf 'a commit starts a run within 100 ms (median %.1f ms)', $latencies[7]);
cmp_ok($latencies[0], '>', -5, 'and never before it');

# A storm of hints is one run. Two when it begins while the storm goes on, were it in pieces.
my $count = 'SELECT runs FROM tasksync.schedules WHERE account_id = ' . "'$eve->{account_id}'";
my $was = $hub->value($count);
@requests = requests_of($eve, sub {
	$hub->sql(q{SELECT count(tasksync.sync_now(:'a')) FROM generate_series(1, 1000)}, a => $eve->{account_id}) });
is($hub->value($count), $was + 1, 'a thousand hints are one run');
is(scalar @requests, 1, 'and one request');
is($hub->value('SELECT count(*) FROM tasksync.hints'), 0, 'none is left');

# ---- scenario 30: the lease is stolen while a request is slow ----
my $SLOW_MS = 1500;
my $bob = someone();
TaskSync::Many::each_account($hub, 'pause_account', $bob);
TaskSync::Many::change($hub, $todoist, $bob);
$todoist->faults({ kind => 'slow_ms', ms => $SLOW_MS, when => 'after', token => $bob->{token},
	match => { sync => 'delta' } });
my $asked = $todoist->requests($bob->{token});
my $in_flight = 'SELECT accounts_in_flight FROM tasksync.worker_status WHERE database = current_database()';
TaskSync::Many::each_account($hub, 'resume_account', $bob);
$hub->wait_for(q{SELECT count(*) > 0 FROM tasksync.intents WHERE account_id = :'a'}, 't', a => $bob->{account_id});
$hub->wait_for($in_flight, 1);
$hub->sql(q{UPDATE tasksync.schedules SET lease_token = lease_token + 1, leased_until = now() + interval '1 hour'
	WHERE account_id = :'a'}, a => $bob->{account_id});
my $sent = q{SELECT md5(string_agg(i::text, ',' ORDER BY id)) FROM tasksync.intents i WHERE account_id = '} . $bob->{account_id} . q{'};
my $links = q{SELECT md5(string_agg(l::text, ',' ORDER BY hub_id)) FROM tasksync.links l WHERE account_id = '} . $bob->{account_id} . q{'};
my ($intents_then, $links_then, $here_then) =
  ($hub->value($sent), $hub->value($links), TaskSync::Many::here($hub, $bob));
$hub->wait_for($in_flight, 0);
is($todoist->requests($bob->{token}), $asked + 1, 'the answer came');
is($hub->value($sent), $intents_then, 'the run whose lease was stolen settles no intent,');
is($hub->value($links), $links_then, 'moves no base');
is(TaskSync::Many::here($hub, $bob), $here_then, 'and changes no task');
is($hub->value(q{SELECT leased_until > now() + interval '50 min' FROM tasksync.schedules WHERE account_id = :'a'},
		a => $bob->{account_id}), 't', 'nor does it touch the lease');
# the thief dies
$hub->sql(q{UPDATE tasksync.schedules SET leased_until = now(), next_due = now() WHERE account_id = :'a'},
	a => $bob->{account_id});
$hub->sql('SELECT tasksync.wake()');
$hub->quiet($bob->{account_id});
is(TaskSync::Many::there($todoist, $bob), TaskSync::Many::here($hub, $bob), 'the next run makes both sides equal,');
is(TaskSync::Many::completions($todoist, $bob), 1, 'completes nothing twice');
my %twice;
$twice{$_}++ foreach TaskSync::Many::here($hub, $bob) =~ /^(.*)$/mg;
is(join("\n", grep { $twice{$_} > 1 } sort keys %twice), '', 'and makes nothing twice');
is(TaskSync::Many::unfinished($hub, $bob), '', 'nothing is left over');

# ---- one poisoned account does not stop another ----
my ($garbled, $raising, $broken, $refused) = map { someone() } 1 .. 4;
# An application's own triggers: one refuses a row, which concerns that row alone; the other one
# breaks every run of a person.
$hub->sql(qq{
	CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
	\$\$BEGIN RAISE EXCEPTION 'not here' USING ERRCODE = TG_ARGV[0]; END\$\$;
	CREATE TRIGGER refuse BEFORE INSERT ON tasksync.tasks FOR EACH ROW
	WHEN (NEW.title = 'poison') EXECUTE FUNCTION public.refuse('check_violation');
	CREATE TRIGGER break BEFORE INSERT ON tasksync.observations FOR EACH ROW
	WHEN (NEW.user_id = '$raising->{user_id}') EXECUTE FUNCTION public.refuse('internal_error')});
$todoist->faults({ kind => 'garbage', token => $garbled->{token}, times => 0 },
	{ kind => 'deep_nesting', token => $broken->{token}, times => 0, depth => 100_000 });
my @bad = ($garbled, $raising, $broken);
$todoist->edit($_->{token}, TaskSync::Many::item(content => 'while it is bad')) foreach @bad, $refused;
$todoist->edit($refused->{token}, TaskSync::Many::item(content => 'poison', temp => 'x'),
	TaskSync::Many::item(content => 'below poison', parent_id => 'x'));
my $worker = $hub->worker_pid;
$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $_->{account_id}) foreach @bad;
foreach my $person (@bad)
{
	$hub->wait_for(q{SELECT failures > 0 FROM tasksync.schedules WHERE account_id = :'a'}, 't',
		a => $person->{account_id});
}
my $started = time;
foreach my $round (1 .. 20)
{
	edit($eve, "UPDATE tasksync.tasks SET description = 'round $round' WHERE user_id = :'u' AND title = 'tree'")->();
	$todoist->edit($eve->{token}, TaskSync::Many::item(content => "there $round"));
	sync($eve)->();
}
my $took = time - $started;
is(TaskSync::Many::here($hub, $eve), TaskSync::Many::there($todoist, $eve),
	sprintf 'three accounts fail, another one goes on (20 rounds in %.1f s)', $took);
is($hub->worker_pid, $worker, 'in the same process');
foreach my $person (@bad)
{
	my ($failures, $waits) = split /\|/, $hub->sql(q{SELECT failures, next_due > last_finished_at + interval '1 s'
		FROM tasksync.schedules WHERE account_id = :'a'}, a => $person->{account_id});
	# at least two seconds between two tries
	cmp_ok($failures, '<=', 2 + $took / 2, "account $person->{number} is tried again with patience");
	is($waits, 't', '… and has a backoff');
	like($hub->value(q{SELECT coalesce(error_code, 'none') FROM tasksync.account_health WHERE account_id = :'a'},
			a => $person->{account_id}), qr/^(not_json|internal_error)$/, '… and says why');
}
sync($refused)->();
like(TaskSync::Many::here($hub, $refused), qr/while it is bad/, 'a row that the hub refuses does not stop the others');
is($hub->value(q{SELECT count(*) FROM tasksync.dead_letters WHERE account_id = :'a' AND error_code = 'hub_refused'},
	a => $refused->{account_id}), 1, 'and is a dead letter');
unlike($hub->log_text =~ s/^.*LOG:  statement:.*$//mgr, qr/while it is bad/, 'the log holds no text of a task');

$hub->sql('DROP TRIGGER refuse ON tasksync.tasks; DROP TRIGGER break ON tasksync.observations');
$todoist->clear_faults;
$hub->sql('UPDATE tasksync.schedules SET next_due = now() WHERE failures > 0');
$hub->sql('SELECT tasksync.wake()');
is($hub->value(q{SELECT tasksync.retry(:'a')}, a => $refused->{account_id}), 1, 'the dead letter is tried again');
foreach my $person (@bad, $refused)
{
	$hub->quiet($person->{account_id});
	is(TaskSync::Many::here($hub, $person), TaskSync::Many::there($todoist, $person),
		"account $person->{number} is itself again once it is let");
	is(TaskSync::Many::unfinished($hub, $person), '', '… and nothing is left over');
}

$hub->stop;
done_testing();
