# Commands that need a database for themselves: the worker steps aside and comes back.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TaskSync::Hub;
use TaskSync::Wait;
use Time::HiRes qw(time);

my $hub = TaskSync::Hub->start;
my $node = $hub->node;
my $log = $hub->log_size;

sub admin { return $node->safe_psql('postgres', $_[0]) }

sub pid_in
{
	my ($database) = @_;
	return admin("SELECT pid FROM pg_stat_activity WHERE backend_type = 'tasksync worker'"
		  . " AND datname = '$database'");
}

sub comes
{
	my ($database) = @_;
	return wait_until("a worker in $database", sub { pid_in($database) });
}

# The command succeeds at the first try although the worker was connected.
sub at_once
{
	my ($command, $name) = @_;
	my $started = time;
	my ($code, $out, $error) = $node->psql('postgres', $command);
	my $took = time - $started;
	is($code, 0, $name) or diag($error);
	cmp_ok($took, '<', 4, 'without waiting for the patience to run out');
	note(sprintf '%.3f s', $took);
	return;
}

comes('hub');
at_once('ALTER DATABASE hub RENAME TO renamed', 'RENAME');
comes('renamed');
at_once('ALTER DATABASE renamed RENAME TO hub', 'and back');
comes('hub');

at_once('CREATE DATABASE copy TEMPLATE hub', 'CREATE DATABASE … TEMPLATE');
comes('hub');
is( $node->safe_psql(
		'copy', 'SELECT state FROM tasksync.worker_status WHERE database = current_database()'),
	'disabled', 'the copy is not switched on');
is(pid_in('copy'), '', 'and has no worker');
is($node->safe_psql('copy', "SELECT count(*) FROM pg_extension WHERE extname = 'tasksync'"),
	1, 'although the extension was copied');

# from inside: one's own database may be the template
my ($code, $out, $error) = $node->psql('hub', 'CREATE DATABASE copy2 TEMPLATE hub');
is($code, 0, 'TEMPLATE of one\'s own database') or diag($error);
comes('hub');

my $folder = PostgreSQL::Test::Utils::tempdir();
admin("CREATE TABLESPACE elsewhere LOCATION '$folder'");
at_once('ALTER DATABASE hub SET TABLESPACE elsewhere', 'SET TABLESPACE');
comes('hub');

# a command that fails: the worker comes back to the old database
($code, $out, $error) = $node->psql('postgres', 'ALTER DATABASE hub RENAME TO copy');
isnt($code, 0, 'RENAME to a name that is taken fails');
comes('hub');
($code, $out, $error) = $node->psql('postgres', 'BEGIN; DROP DATABASE hub; COMMIT');
isnt($code, 0, 'DROP DATABASE in a transaction block fails');
comes('hub');
my $session = $node->background_psql('hub');
$session->query_safe('SELECT 1');
($code, $out, $error) = $node->psql('postgres', 'DROP DATABASE hub');
like($error, qr/being accessed by other users/, 'DROP DATABASE fails while a person is in it');
like($error, qr/There is 1 other session/, 'and counts the person alone');
$session->quit;
comes('hub');

# who may not drop a database may not disturb its worker either
admin('CREATE ROLE powerless LOGIN');
my $pid = comes('hub');
($code, $out, $error) = $node->psql('postgres', 'DROP DATABASE hub', extra_params => [ '-U', 'powerless' ]);
like($error, qr/must be owner/, 'a stranger cannot drop it');
is(pid_in('hub'), $pid, 'and the worker did not even look up');
($code, $out, $error) =
  $node->psql('postgres', 'CREATE DATABASE mine TEMPLATE hub', extra_params => [ '-U', 'powerless' ]);
like($error, qr/permission denied/, 'nor use it as a template');
is(pid_in('hub'), $pid, 'same process');

# the launcher is not needed for that
my $launcher =
  admin("SELECT pid FROM pg_stat_activity WHERE backend_type = 'tasksync launcher'");
kill 'STOP', $launcher;
at_once('ALTER DATABASE hub RENAME TO renamed', 'RENAME while the launcher hangs');
kill 'CONT', $launcher;
comes('renamed');
at_once('ALTER DATABASE renamed RENAME TO hub', 'and back');

comes('hub');
unlike($hub->log_text($log), qr/tasksync worker.*FATAL/, 'so far no worker had to be told by signal');

at_once('DROP DATABASE copy', 'DROP DATABASE of a copy without worker');
comes('hub');
at_once('DROP DATABASE copy2 WITH (FORCE)', 'FORCE likewise');
at_once('DROP DATABASE hub', 'DROP DATABASE');
is(admin("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tasksync worker'"),
	0, 'no worker is left');
is(admin('SELECT count(*) FROM pg_db_role_setting'), 0, 'nor a setting');

admin('CREATE DATABASE hub');
$node->safe_psql('hub', 'CREATE EXTENSION tasksync');
comes('hub');
$session = $node->background_psql('hub', on_error_stop => 0);
$session->query_safe('SELECT 1');
at_once('DROP DATABASE hub WITH (FORCE)', 'DROP DATABASE … FORCE with worker and person');
eval { $session->quit };

# DROP DATABASE of a stranger waits for a barrier that every process must pass
admin('CREATE DATABASE hub');
$node->safe_psql('hub', 'CREATE EXTENSION tasksync');
comes('hub');
admin('CREATE DATABASE other');
at_once('DROP DATABASE other', 'another database can be dropped while the worker waits');

# several at a time, again and again
foreach my $round (1 .. 10)
{
	admin('ALTER DATABASE hub RENAME TO renamed');
	admin('ALTER DATABASE renamed RENAME TO hub');
}
comes('hub');
pass('ten renames there and back');

$hub->stop;
done_testing();
