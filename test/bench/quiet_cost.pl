# What a run without changes costs the worker with 100 and with 10,000 tasks: it must be the same.
#
# Processor time of the worker by the kernel's account, and rows it read outside of the queue, over
# many runs one after the other; the two accounts take turns.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl', 'test/bench';

use Bench;

use TaskSync::Hub;
use TaskSync::Sandbox;

my @TASKS = (100, $ENV{BENCH_TASKS} || 10_000);
my $RUNS = 100;
my $ROUNDS = $ENV{BENCH_ROUNDS} || 7;
my $BOUND = 1.25;

$TaskSync::Wait::DEFAULT_SECONDS = 300;
my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "log_statement = none\n");
my %account;

foreach my $tasks (@TASKS)
{
	my $person = $todoist->add_user(email => "tasks$tasks\@example.com", timezone => 'UTC');

	$todoist->seed(token => $person->{token}, tasks => $tasks, projects => 1 + int($tasks / 250));
	$account{$tasks} = $hub->connect($todoist, email => "tasks$tasks\@example.com",
		token => $person->{token}, link_all => 1)->{account_id};
}
$hub->sql('VACUUM ANALYZE');

# $RUNS runs of an account, one by one
sub runs
{
	my ($account, $runs) = @_;

	$hub->sql(<<"EOS");
DO \$\$
DECLARE
	target bigint := (SELECT runs FROM tasksync.schedules WHERE account_id = '$account');
BEGIN
	FOR i IN 1 .. $runs LOOP
		target := target + 1;
		UPDATE tasksync.schedules SET next_due = now() WHERE account_id = '$account';
		PERFORM tasksync.wake_worker();
		COMMIT;
		LOOP
			EXIT WHEN (SELECT runs >= target FROM tasksync.schedules WHERE account_id = '$account');
			PERFORM pg_sleep(0.001);
			COMMIT;
		END LOOP;
	END LOOP;
END \$\$;
EOS
	return;
}

sub rows_read
{
	# what the worker has counted it tells after a second, with its next transaction
	sleep 2;
	runs($account{ $TASKS[0] }, 1);
	return $hub->value(<<'EOS');
SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read) FROM pg_stat_user_tables
WHERE schemaname = 'tasksync' AND relname IN ('tasks', 'links', 'journal', 'labels', 'sections')
EOS
}

my $worker = $hub->worker_pid;
my (%ms, %rows);
foreach my $tasks (@TASKS)
{
	runs($account{$tasks}, $RUNS);
	my $before = rows_read();
	runs($account{$tasks}, $RUNS);
	$rows{$tasks} = rows_read() - $before;
}
foreach my $round (1 .. $ROUNDS)
{
	foreach my $tasks (@TASKS)
	{
		my $before = cpu_seconds($worker);
		runs($account{$tasks}, $RUNS);
		push @{ $ms{$tasks} }, 1000 * (cpu_seconds($worker) - $before) / $RUNS;
	}
}
$hub->stop;
$todoist->stop;

figure("quiet run with $_ tasks, ms of processor", sprintf('%.2f', median(@{ $ms{$_} })), '-', '-') foreach @TASKS;
within("$TASKS[1] tasks against $TASKS[0], processor",
	median(@{ $ms{ $TASKS[1] } }) / median(@{ $ms{ $TASKS[0] } }), '<=', $BOUND, '%.2f');
figure("rows of tasks read in $RUNS runs, $_ tasks", $rows{$_}, '0', $rows{$_} == 0 ? 'ok' : 'MISSED') foreach @TASKS;
finish;
