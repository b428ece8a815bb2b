# Requests that hang do not hold up anything: not another account, not a command, not a shutdown.

use strict;
use warnings FATAL => 'all';

use Test::More;
use Time::HiRes qw(time);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

# Longer than any wait of this test: an answer that comes is a failure to leave.
my $HANG_MS = 300_000;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(
	todoist => $todoist,
	settings => "tasksync.request_timeout = '5 min'\ntasksync.lease_duration = '2 s'\n");
my $node = $hub->node;

my $ann = $hub->connect($todoist, email => 'ann@example.com', link_all => 1);
my $bob = $hub->connect($todoist, email => 'bob@example.com', link_all => 1);
my $in_flight =
  'SELECT accounts_in_flight FROM tasksync.worker_status WHERE database = current_database()';

# Ann's next request reaches the stand-in and is not answered.
sub hang
{
	$todoist->faults({ kind => 'slow', ms => $HANG_MS, token => $ann->{token} });
	$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->{account_id});
	$hub->wait_for($in_flight, 1);
	return;
}

sub quickly
{
	my ($name, $do) = @_;
	my $started = time;
	$do->();
	my $took = time - $started;
	cmp_ok($took, '<', 8, $name);
	note(sprintf '%.3f s', $took);
	return;
}

hang();
$todoist->edit($bob->{token}, { type => 'item_add', temp_id => 'x', args => { content => 'Bob' } });
$hub->sync($bob->{account_id});
is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE title = 'Bob'}),
	1, 'one account hangs, the other is synchronized');
is($hub->value($in_flight), 1, 'and the first still hangs');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity
	WHERE backend_type = 'tasksync worker' AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL)}),
	0, 'no transaction and no snapshot is open meanwhile');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
	WHERE a.backend_type = 'tasksync worker'}),
	0, 'and no lock is held');

my $pid = $hub->worker_pid;
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
$node->reload;
$todoist->edit($bob->{token}, { type => 'item_add', temp_id => 'x', args => { content => 'Bo' } });
$hub->sync($bob->{account_id});
is($hub->value($in_flight), 1, 'a cancel and a reload change nothing about that');
is($hub->worker_pid, $pid, 'nor about the process');

quickly('another database is dropped', sub {
	$node->safe_psql('postgres', 'CREATE DATABASE other');
	$node->safe_psql('postgres', 'DROP DATABASE other');
});
quickly('SIGTERM ends the worker', sub {
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	wait_until('another worker', sub { $hub->worker_pid != $pid });
});
$todoist->clear_faults;
$hub->quiet($ann->{account_id});
pass('the next worker takes the account over when the lease has run out');

hang();
quickly('the database is renamed', sub {
	$node->safe_psql('postgres', 'ALTER DATABASE hub RENAME TO renamed');
	$node->safe_psql('postgres', 'ALTER DATABASE renamed RENAME TO hub');
});
$todoist->clear_faults;
$hub->quiet($ann->{account_id});

hang();
quickly('a fast shutdown', sub { $node->stop('fast') });
$todoist->clear_faults;
$node->start;
$hub->quiet($ann->{account_id});
pass('and it goes on after the start');

hang();
quickly('DROP EXTENSION', sub { $hub->sql('DROP EXTENSION tasksync') });
quickly('the worker leaves', sub {
	wait_until('no worker', sub {
		$node->safe_psql('postgres',
			"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tasksync worker'") eq '0';
	});
});
$todoist->clear_faults;

$hub->sql('CREATE EXTENSION tasksync');
my $eve = $hub->connect($todoist, email => 'eve@example.com', link_all => 1);
$ann = $eve;
hang();
quickly('DROP DATABASE', sub { $node->safe_psql('postgres', 'DROP DATABASE hub') });

unlike($hub->log_text, qr/PANIC|was terminated by signal|server process .* exited with/,
	'no process crashed in all this');
$hub->stop;
done_testing();
