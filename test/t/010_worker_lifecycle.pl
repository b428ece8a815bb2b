# The worker comes with the extension and the switch, and goes with them.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TaskSync::Hub;
use TaskSync::Wait;
use Time::HiRes qw(time);

my $hub = TaskSync::Hub->start(extension => 0, settings => "max_prepared_transactions = 5\n");
my $node = $hub->node;

my $state = 'SELECT state FROM tasksync.worker_status WHERE database = current_database()';

sub admin { return $node->safe_psql('postgres', $_[0]) }

sub pid_in
{
	my ($database) = @_;
	return admin("SELECT pid FROM pg_stat_activity WHERE backend_type = 'tasksync worker'"
		  . " AND datname = '$database'");
}

sub comes
{
	my ($database, $name) = @_;
	my $started = time;
	my $pid = wait_until("a worker in $database", sub { pid_in($database) });
	my $took = time - $started;
	cmp_ok($took, '<', 5, $name);
	note(sprintf '%.3f s', $took);
	return $pid;
}

sub goes
{
	my ($database, $name) = @_;
	my $started = time;
	wait_until("no worker in $database", sub { pid_in($database) eq '' });
	my $took = time - $started;
	cmp_ok($took, '<', 5, $name);
	note(sprintf '%.3f s', $took);
	return;
}

# What the launcher has decided by now: it has gone through its list after a change elsewhere.
my $probe = 0;

sub launcher_has_looked
{
	my $name = 'probe' . ++$probe;
	admin("CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION tasksync');
	wait_until("the launcher to see $name", sub { pid_in($name) });
	admin("DROP DATABASE $name");
	return;
}

is( admin("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tasksync launcher'"),
	1, 'the launcher runs');
is(admin(q{SELECT datname IS NULL FROM pg_stat_activity WHERE backend_type = 'tasksync launcher'}),
	't', 'in no database');

# --- CREATE EXTENSION ---
admin('CREATE DATABASE hub');
launcher_has_looked();
is(pid_in('hub'), '', 'no worker without the extension');
$node->safe_psql('hub', 'BEGIN; CREATE EXTENSION tasksync; ROLLBACK');
launcher_has_looked();
is(pid_in('hub'), '', 'none after a CREATE EXTENSION that was rolled back');
$node->safe_psql('hub', 'CREATE EXTENSION tasksync');
my $pid = comes('hub', 'CREATE EXTENSION brings a worker');
is( admin("SELECT application_name FROM pg_stat_activity WHERE pid = $pid"),
	'tasksync worker', 'with a name');
wait_until('the worker has looked around',
	sub { $hub->value($state) eq 'unclaimed' });
like($hub->value('SELECT hint FROM tasksync.worker_status'),
	qr/create_user/, 'a fresh installation says what comes next');

# --- the row of worker_status ---
is($hub->value('SELECT count(*) FROM tasksync.worker_status'), 1, 'one row');
is($hub->value('SELECT database || pid FROM tasksync.worker_status'), "hub$pid", 'about this one');

# --- home: the first user makes it one ---
$hub->sql(q{SELECT tasksync.create_user('ann@example.com')});
$hub->sql('SELECT tasksync.wake()');
$hub->wait_for($state, 'ready');
pass('ready after the first user');
my $log = $hub->log_size;

# --- a transaction that wakes: at commit, not before, not after a rollback ---
my $looked =
  'SELECT last_loop FROM tasksync.worker_status WHERE database = current_database()';

sub wakes
{
	my ($sql, $name) = @_;
	my $before = $hub->value($looked);
	$hub->sql($sql);
	wait_until($name, sub { $hub->value($looked) ne $before });
	pass($name);
	return;
}

# That nothing happens can only be watched for a while: ten times what a wake takes.
sub does_not_wake
{
	my ($sql, $name) = @_;
	my $before = $hub->value($looked);
	$hub->sql($sql);
	my $woken = eval { wait_until($name, sub { $hub->value($looked) ne $before }, 0.3) };
	ok(!$woken, $name);
	return;
}
does_not_wake('SELECT 1', 'no loop without a reason');
wakes('SELECT tasksync.wake()', 'a commit wakes');
does_not_wake('BEGIN; SELECT tasksync.wake(); ROLLBACK', 'a rollback does not');
wakes('BEGIN; SAVEPOINT a; SELECT tasksync.wake(); RELEASE a; COMMIT', 'a subtransaction does');
does_not_wake(q{BEGIN; SELECT tasksync.wake(); PREPARE TRANSACTION 'p'},
	'a prepared transaction not yet');
wakes(q{COMMIT PREPARED 'p'}, 'its commit does');

# --- signals ---
$pid = pid_in('hub');
$node->reload;
wakes('SELECT tasksync.wake()', 'it works after a reload');
admin("SELECT pg_cancel_backend($pid)");
wakes('SELECT tasksync.wake()', 'it works after a cancel');
is(pid_in('hub'), $pid, 'all of this with the same process');
admin("SELECT pg_terminate_backend($pid)");
wait_until('another process', sub { my $now = pid_in('hub'); $now ne '' && $now != $pid });
pass('a terminated worker is started again');
$hub->wait_for($state, 'ready');
is($hub->value('SELECT restarts FROM tasksync.worker_status'), 1, 'and the restart is counted');

# --- the switch ---
admin('ALTER DATABASE hub SET tasksync.enabled = off');
goes('hub', 'off for the database ends it');
is($hub->value($state), 'disabled', 'and the status says so');
admin('ALTER DATABASE hub SET tasksync.enabled = on');
comes('hub', 'on brings it back');
$node->append_conf('postgresql.conf', "tasksync.enabled = off\n");
$node->reload;
goes('hub', 'off in postgresql.conf ends it');
like($hub->value('SELECT hint FROM tasksync.worker_status'),
	qr/postgresql\.conf/, 'and the hint says where');
$node->append_conf('postgresql.conf', "tasksync.enabled = on\n");
$node->reload;
comes('hub', 'on brings it back');
admin('ALTER DATABASE hub SET work_mem = \'5MB\'');
admin('VACUUM FULL pg_db_role_setting');
admin('ALTER DATABASE hub RESET tasksync.enabled');
goes('hub', 'without a setting there is none, wherever the catalog keeps its pages');
admin('ALTER DATABASE hub SET tasksync.enabled = on');
comes('hub', 'and back');

# settings so long that they are stored out of line, where the launcher cannot read them
admin(q{DO $$BEGIN EXECUTE format('ALTER DATABASE hub SET search_path = %s',
	(SELECT string_agg('s' || md5(g::text), ', ') FROM generate_series(1, 1000) g)); END$$});
admin('ALTER DATABASE hub SET tasksync.enabled = off');
goes('hub', 'off among long settings ends it');
admin('ALTER DATABASE hub SET tasksync.enabled = on');
comes('hub', 'on among long settings brings it back');
admin('ALTER DATABASE hub RESET search_path');

# --- restoring ---
admin('ALTER DATABASE hub SET tasksync.restoring = on');
wait_until('it stands still',
	sub { $hub->value($state) eq 'restoring' });
pass('tasksync.restoring stops the work, not the worker');
admin('ALTER DATABASE hub RESET tasksync.restoring');
$hub->wait_for($state, 'ready');
pass('and it goes on');
my @warnings = $hub->log_text($log) =~ /WARNING:  (.*does not synchronize.*)/g;
is_deeply(\@warnings,
	['tasksync does not synchronize in database "hub": tasksync.restoring is on'],
	'one line in the log for it');

# --- a copy is not a home ---
$hub->sql('UPDATE tasksync.home SET database_oid = database_oid::bigint + 1');
$hub->sql('SELECT tasksync.wake()');
$hub->sql('ALTER DATABASE hub SET work_mem = \'6MB\'');
$hub->wait_for($state, 'not_home');
like($hub->log_text($log), qr/HINT:.*tasksync\.adopt\(\)/, 'a copy stands still and says how to go on');
$hub->sql('UPDATE tasksync.home SET database_oid = database_oid::bigint - 1');
$hub->sql('SELECT tasksync.wake()');
$hub->wait_for($state, 'ready');

# --- two databases ---
admin('CREATE DATABASE second');
$node->safe_psql('second', 'CREATE EXTENSION tasksync');
comes('second', 'a second database has a worker of its own');
isnt(pid_in('hub'), pid_in('second'), 'another process');
is($hub->value('SELECT count(*) FROM tasksync.worker_status'), 2, 'a superuser sees both');
$hub->sql('CREATE ROLE watcher');
$hub->sql('GRANT USAGE ON SCHEMA tasksync TO watcher');
$hub->sql('GRANT SELECT ON tasksync.worker_status TO watcher');
$hub->sql('GRANT EXECUTE ON FUNCTION tasksync.worker_status_rows() TO watcher');
is( $hub->value('SET ROLE watcher; SELECT string_agg(database, \',\') FROM tasksync.worker_status'),
	'hub', 'others see their own database');
$hub->sql('GRANT pg_monitor TO watcher');
is($hub->value('SET ROLE watcher; SELECT count(*) FROM tasksync.worker_status'),
	2, 'unless they may see all statistics');

# --- DROP EXTENSION ---
$log = $hub->log_size;
$hub->sql('BEGIN; DROP EXTENSION tasksync; ROLLBACK');
wakes('SELECT tasksync.wake()', 'a DROP EXTENSION that was rolled back changes nothing');
$hub->sql('DROP EXTENSION tasksync');
goes('hub', 'DROP EXTENSION ends it');
unlike($hub->log_text($log), qr/tasksync worker.*(FATAL|ERROR|PANIC)|exit code 1/, 'quietly');
$hub->sql('CREATE EXTENSION tasksync');
comes('hub', 'CREATE EXTENSION brings it back');
$hub->sql('DROP EXTENSION tasksync');
$hub->sql('CREATE EXTENSION tasksync');
comes('hub', 'also when it came right after');
isnt(pid_in('second'), '', 'the other one is untouched');

$hub->stop;
done_testing();
