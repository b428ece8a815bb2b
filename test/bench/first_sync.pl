# The first sync of 10,000 tasks against the bare minimum by hand: the same bytes fetched with curl,
# and the same rows copied into tables with the same columns, keys and indexes.
#
# By hand is the least that leaves the same result: every row that the first sync leaves by the
# thousand (tasks, links with what both sides share, the journal that undo and proofs of deletion
# read), with the same constraints, checked as ours are, because without them it would not be the
# same result; in one transaction, with rows that need no thought, no parsing and no second look. What
# a sync does besides counts as ours: reading JSON, ids, links, merging, triggers, and ten commits so
# that people see it move. What happens after the run is recorded counts on neither side: autovacuum
# and the worker's last look at statistics.
#
# Both sides are timed without starting a program: ours from the commit that links the account to
# the recorded end of its run, by the server's clock; by hand what curl says about its transfer, and
# the server's clock around COPY and COMMIT. A repetition measures both one after the other with a
# new person and the tables a little fuller, and its ratio is one sample: the median counts.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl', 'test/bench';

use Bench;

use PostgreSQL::Test::Utils ();

use TaskSync::Hub;
use TaskSync::Sandbox;

my $TASKS = $ENV{BENCH_TASKS} || 10_000;
my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $BOUND = 2.0;
# every table the first sync leaves more than a handful of rows in
my @TABLES = qw(tasks links journal);

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(
	todoist => $todoist,
	settings => "log_statement = none\nmax_wal_size = 8GB\ncheckpoint_timeout = 1h\n");
my $folder = PostgreSQL::Test::Utils::tempdir();
chmod 0777, $folder;

# Keys that point to other rows are copied too: checking them is a cost by hand as well.
$hub->sql(<<'EOS');
CREATE SCHEMA bare;
SET search_path = pg_catalog;
DO $$
DECLARE
	name text;
	key text;
BEGIN
	FOREACH name IN ARRAY '{tasks, links, journal}'::text[] LOOP
		EXECUTE format('CREATE TABLE bare.%I (LIKE tasksync.%I INCLUDING ALL)', name, name);
		FOR key IN SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c
			WHERE c.conrelid = format('tasksync.%I', name)::regclass AND c.contype = 'f' LOOP
			EXECUTE format('ALTER TABLE bare.%I ADD %s', name, replace(key, ' tasksync.tasks(', ' bare.tasks('));
		END LOOP;
	END LOOP;
END $$;
EOS

sub ours
{
	my ($email, $token) = @_;
	my ($user, $account) = split /\|/, $hub->sql(<<'EOS', email => $email, token => $token);
BEGIN;
SELECT tasksync.create_user(:'email') AS person \gset
SELECT account_id AS account FROM tasksync.connect_account('todoist', user_id => :'person', token => :'token') \gset
SELECT tasksync.link_all(:'account') \gset
CREATE TABLE IF NOT EXISTS public.started (account_id uuid, at timestamptz);
INSERT INTO public.started VALUES (:'account', clock_timestamp());
COMMIT;
SELECT :'person', :'account';
EOS
	# waiting in one session: a client started every few milliseconds would take the worker's processor
	$hub->sql(<<"EOS");
DO \$\$
BEGIN
	FOR i IN 1 .. 6000 LOOP
		EXIT WHEN EXISTS (
			SELECT FROM tasksync.sync_runs WHERE account_id = '$account' AND finished_at IS NOT NULL);
		PERFORM pg_sleep(0.05);
		COMMIT;
	END LOOP;
END \$\$;
EOS
	my ($outcome, $requests, $seconds) = split /\|/, $hub->sql(<<'EOS', account => $account);
SELECT r.outcome, r.requests, extract(epoch FROM r.finished_at - s.at)
FROM tasksync.sync_runs r JOIN public.started s USING (account_id)
WHERE account_id = :'account' ORDER BY r.finished_at LIMIT 1
EOS
	die 'the first run did not end' unless defined $outcome;
	die "the first run ended with $outcome after $requests requests\n" . $hub->sql('TABLE tasksync.account_health')
	  unless $outcome eq 'success';
	my $arrived = $hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'user'}, user => $user);
	die "$arrived tasks instead of $TASKS" if $arrived != $TASKS;
	return ($user, $seconds);
}

sub by_hand
{
	my ($user, $token) = @_;

	# unmeasured: the rows as a file
	$hub->sql("COPY (SELECT * FROM tasksync.$_ WHERE user_id = '$user' ORDER BY ctid) TO '$folder/$_'")
	  foreach @TABLES;
	my ($fetch) = PostgreSQL::Test::Utils::run_command([
		'curl', '-sS', '--fail', '-o', "$folder/answer", '-w', '%{time_total}',
		'-H', "Authorization: Bearer $token", '--compressed',
		'-d', 'sync_token=*', '--data-urlencode', 'resource_types=["all"]',
		$todoist->url . '/api/v1/sync' ]);
	die 'curl failed' unless $fetch =~ /^[\d.]+$/ && -s "$folder/answer" > 100 * $TASKS;
	my $copies = join "\n", map { "COPY bare.$_ FROM '$folder/$_';" } @TABLES;
	my $copy = $hub->sql(<<"EOS");
SET search_path = pg_catalog;
SELECT clock_timestamp() AS began \\gset
BEGIN;
$copies
COMMIT;
SELECT extract(epoch FROM clock_timestamp() - :'began');
EOS
	return ($fetch, $copy);
}

my (@ours, @bare, @ratios);
foreach my $round (0 .. $ROUNDS)
{
	my $email = "person$round\@example.com";
	my $person = $todoist->add_user(email => $email, timezone => 'Europe/Berlin');

	# a project of Todoist holds 300 tasks
	$todoist->seed(token => $person->{token}, tasks => $TASKS, projects => 1 + int($TASKS / 250));
	my ($user, $ours) = ours($email, $person->{token});
	my ($fetch, $copy) = by_hand($user, $person->{token});

	# the first repetition fills caches
	next if $round == 0;
	push @ours, $ours;
	push @bare, $fetch + $copy;
	push @ratios, $ours / ($fetch + $copy);
	figure('', sprintf('%.2f', $ours), sprintf('%.2f + %.2f', $fetch, $copy), '-')
	  if $ENV{BENCH_VERBOSE};
}
$hub->stop;
$todoist->stop;

figure("first sync of $TASKS tasks, seconds", sprintf('%.2f', median(@ours)), '-', '-');
figure('the same by hand, seconds', sprintf('%.2f', median(@bare)), '-', '-');
within('first sync / by hand', median(@ratios), '<=', $BOUND, '%.2f');
figure('its range', spread('%.2f', @ratios), '-', '-');
finish;
