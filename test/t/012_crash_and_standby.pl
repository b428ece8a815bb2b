# kill -9, immediate shutdown, no free worker slot, standby and promotion.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TaskSync::Hub;
use TaskSync::Wait;

my $hub = TaskSync::Hub->start(
	init => { allows_streaming => 1 },
	settings => "restart_after_crash = on\n");
my $node = $hub->node;

# As the superuser from outside, with patience: after a crash the server is away for a moment.
sub ask
{
	my ($server, $sql, $database) = @_;
	my ($code, $out) = $server->psql($database // 'postgres', $sql);
	return $code == 0 ? $out : '';
}

sub pid_of
{
	my ($server, $type) = @_;
	return ask($server,
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'tasksync $type' ORDER BY pid LIMIT 1");
}

sub comes
{
	my ($server, $type, $not) = @_;
	return wait_until("a $type" . (defined $not ? " other than $not" : ''),
		sub { my $pid = pid_of($server, $type); $pid =~ /^\d+$/ && $pid != ($not // 0) && $pid });
}

# --- kill -9: the server restarts all its processes, and the worker is there again ---
foreach my $type (qw(worker launcher))
{
	my $victim = comes($node, $type);
	my $other = comes($node, $type eq 'worker' ? 'launcher' : 'worker');
	kill 'KILL', $victim;
	comes($node, $type, $victim);
	comes($node, 'worker', $type eq 'worker' ? $victim : $other);
	comes($node, 'launcher', $type eq 'worker' ? $other : $victim);
	pass("kill -9 of the $type: both are back");
}

# --- a launcher that ends by itself is started again, and finds the worker where it was ---
my $worker = comes($node, 'worker');
my $launcher = comes($node, 'launcher');
ask($node, "SELECT pg_terminate_backend($launcher)");
$launcher = comes($node, 'launcher', $launcher);
is(pid_of($node, 'worker'), $worker, 'a new launcher leaves the worker alone');
ask($node, "SELECT pg_terminate_backend($worker)");
comes($node, 'worker', $worker);
pass('and starts another when it goes');

# --- immediate shutdown ---
$node->stop('immediate');
$node->start;
comes($node, 'worker');
pass('after an immediate shutdown it is there again');

# --- standby ---
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is(pid_of($standby, 'launcher'), '', 'no launcher on a standby');
is( ask($standby, 'SELECT state FROM tasksync.worker_status', 'hub'),
	'standby', 'worker_status says why');
$node->stop('fast');
$standby->promote;
comes($standby, 'worker');
pass('promotion starts the worker');
$standby->stop('fast');

# --- no free slot ---
# The server's own replication launcher takes the first, ours the second.
$node->append_conf('postgresql.conf', "max_worker_processes = 1\n");
$node->start;
is(ask($node, 'SELECT state FROM tasksync.worker_status', 'hub'),
	'no_launcher', 'without a slot even for the launcher the status says so');
$node->append_conf('postgresql.conf', "max_worker_processes = 2\n");
$node->stop;
my $log = $hub->log_size;
$node->start;
comes($node, 'launcher');
wait_until('the status says it',
	sub { ask($node, 'SELECT state FROM tasksync.worker_status', 'hub') eq 'no_worker' });
like(ask($node, 'SELECT hint FROM tasksync.worker_status', 'hub'),
	qr/max_worker_processes/, 'a server without a free slot: the hint names the setting');

# everything that makes the launcher try again, and it must not say it again
foreach my $round (1 .. 20)
{
	ask($node, "ALTER DATABASE hub SET work_mem = '${round}MB'", 'hub');
}
my @warnings = $hub->log_text($log) =~ /WARNING:  no background worker is free/g;
is(scalar @warnings, 1, 'and the log says it once');
$node->append_conf('postgresql.conf', "max_worker_processes = 8\n");
$node->restart;
comes($node, 'worker');
pass('with more slots it runs');

# --- without preload the functions work and the status says what is missing ---
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->restart;
is(ask($node, 'SELECT state FROM tasksync.worker_status', 'hub'),
	'not_preloaded', 'a server that does not preload says so');
my ($code, $out, $error) = $hub->try_sql('SELECT tasksync.wake()');
like($error, qr/TS002/, 'wake() there is error TS002');
like($error, qr/HINT:.*shared_preload_libraries/, 'with the setting to change');
ask($node, 'CREATE DATABASE plain');
is($node->safe_psql('plain', 'CREATE EXTENSION tasksync; SELECT tasksync.api_version()'),
	1, 'CREATE EXTENSION works there');

$hub->stop;
done_testing();
