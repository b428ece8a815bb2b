# A round over 1,000 connected accounts in which nothing changed, with answers that take 100 ms;
# and the memory of the worker afterwards.
#
# The bound is half more than the answers alone would take: accounts x latency / accounts at a time.
# The queue is set by hand to be due, as its clock would do, so that nothing but the worker writes.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl', 'test/bench';

use Bench;

use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $ACCOUNTS = $ENV{BENCH_ACCOUNTS} || 1000;
my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $AT_A_TIME = 64;    # tasksync.max_concurrent_accounts as it comes
my $LATENCY = 0.1;
my $MEMORY = 64;

$TaskSync::Wait::DEFAULT_SECONDS = 300;
my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "log_statement = none\n");

my @tokens;
foreach my $n (1 .. $ACCOUNTS)
{
	my $person = $todoist->add_user(email => "person$n\@example.com", timezone => 'UTC');

	$todoist->seed(token => $person->{token}, tasks => 5, projects => 1, sections_per_project => 0, labels => 1);
	push @tokens, $person->{token};
}
# each person in a transaction of his own: the worker begins while the others are still connecting
$hub->sql(join "\n", map { <<"EOS" } 1 .. $ACCOUNTS);
DO \$\$
DECLARE
	account uuid;
BEGIN
	account := (SELECT c.account_id FROM tasksync.connect_account('todoist',
		user_id => tasksync.create_user('person$_\@example.com'), token => '$tokens[$_ - 1]') c);
	PERFORM tasksync.link_all(account);
END \$\$;
EOS

sub all_done
{
	my ($runs) = @_;

	$hub->wait_for("SELECT count(*) FROM tasksync.schedules WHERE runs >= $runs AND leased_until IS NULL",
		$ACCOUNTS);
	return;
}

sub written
{
	return $hub->sql(<<'EOS');
SELECT string_agg(relname || ' ' || n_tup_ins + n_tup_upd + n_tup_del, ', ' ORDER BY relname)
FROM pg_stat_user_tables WHERE schemaname = 'tasksync' AND relname <> 'schedules'
EOS
}

# One round: seconds from the moment when all are due until the last end is recorded.
sub go_round
{
	my ($round) = @_;
	my $began = $hub->value(<<'EOS');
UPDATE tasksync.schedules SET next_due = now();
SELECT tasksync.wake_worker() \g /dev/null
SELECT extract(epoch FROM clock_timestamp());
EOS
	all_done($round);
	return $hub->value('SELECT extract(epoch FROM max(last_finished_at)) - :began FROM tasksync.schedules',
		began => $began);
}

all_done(1);
die 'not every account works: ' . $hub->value('SELECT count(*) FROM tasksync.account_health WHERE state <> \'active\'')
  if $hub->value(q{SELECT count(*) FROM tasksync.accounts WHERE state = 'active'}) != $ACCOUNTS;
die 'the tasks did not arrive' if $hub->value('SELECT count(*) FROM tasksync.tasks') != 5 * $ACCOUNTS;
my $runs = $hub->value('SELECT max(runs) FROM tasksync.schedules');
$hub->sql("UPDATE tasksync.schedules SET runs = $runs");
go_round(++$runs);
sleep 2;
go_round(++$runs);    # with it, the worker tells what it wrote before

my $before = written();
$todoist->clear_log;
$todoist->latency(ms => 1000 * $LATENCY);
my @seconds = map { go_round(++$runs) } 1 .. $ROUNDS;
my $requests = $todoist->requests;
$todoist->latency(ms => 0);
sleep 2;
go_round(++$runs);
my $after = written();
my ($kib) = resident_kib($hub->worker_pid);
$hub->stop;
$todoist->stop;

my $least = $ACCOUNTS * $LATENCY / $AT_A_TIME;
figure('quiet round: answers alone, seconds', sprintf('%.2f', $least), '-', '-');
within("quiet round over $ACCOUNTS accounts, seconds", median(@seconds), '<=', 1.5 * $least, '%.2f');
figure('its range', spread('%.2f', @seconds), '-', '-');
figure('requests per account and round', sprintf('%.3f', $requests / $ACCOUNTS / $ROUNDS), '1',
	$requests == $ACCOUNTS * $ROUNDS ? 'ok' : 'MISSED');
figure('rows written outside the queue', $before eq $after ? 0 : 'some', '0', $before eq $after ? 'ok' : 'MISSED');
within("worker with $ACCOUNTS accounts, MiB", $kib / 1024, '<=', $MEMORY, '%.1f');
finish;
