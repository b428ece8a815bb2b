# Seals and opens per second through SQL, against a loop over the cipher alone on the same bytes.
#
# A token of 40 bytes and a context of 120, as an account has. The SQL side includes what every
# call of a function costs; the loops take turns so that both see the same machine, and the best of
# five counts.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl';

# PostgreSQL's test modules turn STDOUT into their log.
my $report;
BEGIN { open($report, '>&', \*STDOUT) or die $!; }

use PostgreSQL::Test::Utils;
use Time::HiRes qw(time);

use TaskSync::Hub;

my $COUNT = 100_000;
my $ROUNDS = 5;
my $BYTES = 40;
my $CONTEXT = 120;
# what the library puts before a caller's context: the seal's header and a word of its own
my $BEFORE_CONTEXT = 18;
my $BOUND = 2.5;

my $hub = TaskSync::Hub->start;
my $bare = PostgreSQL::Test::Utils::tempdir() . '/vault_bare';
system_or_bail($ENV{CC} // 'cc', '-O2', '-o', $bare, 'test/bench/vault_bare.c', '-lsodium');

my %best;

sub note_time
{
	my ($name, $seconds) = @_;
	$best{$name} = $seconds if !defined $best{$name} || $seconds < $best{$name};
	return;
}

$hub->sql(<<"EOS");
CREATE TABLE sample AS
	SELECT tasksync.encrypt_token(repeat('t', $BYTES), repeat('c', $CONTEXT)) AS sealed FROM generate_series(1, $COUNT);
VACUUM ANALYZE sample;
EOS
for my $round (1 .. $ROUNDS)
{
	my ($seal, $open) = split ' ', `$bare $COUNT $BYTES @{[ $CONTEXT + $BEFORE_CONTEXT ]}`;
	die 'the bare loop failed' unless defined $open;
	note_time('bare seal', $seal);
	note_time('bare open', $open);

	# timed inside the server, so that starting psql is no part of it; the empty query is what
	# reading the same rows costs
	my $timed = $hub->sql(<<"EOS");
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TEMP TABLE times (name text, seconds float8);
DO \$\$
DECLARE t timestamptz;
BEGIN
	t := clock_timestamp();
	PERFORM count(repeat('t', $BYTES)) FROM sample WHERE sealed IS NOT NULL;
	INSERT INTO times VALUES ('scan', extract(epoch FROM clock_timestamp() - t));
	t := clock_timestamp();
	PERFORM count(tasksync.encrypt_token(repeat('t', $BYTES), repeat('c', $CONTEXT))) FROM sample WHERE sealed IS NOT NULL;
	INSERT INTO times VALUES ('seal', extract(epoch FROM clock_timestamp() - t));
	t := clock_timestamp();
	PERFORM count(tasksync.decrypt_token(sealed, repeat('c', $CONTEXT))) FROM sample;
	INSERT INTO times VALUES ('open', extract(epoch FROM clock_timestamp() - t));
END \$\$;
SELECT string_agg(name || ' ' || seconds, ' ' ORDER BY name) FROM times;
EOS
	my %times = split ' ', $timed;
	note_time($_, $times{$_}) for keys %times;
}
$hub->stop;

my $failed = 0;
for my $what ('seal', 'open')
{
	my $ours = $best{$what} - $best{scan};
	my $ratio = $ours / $best{"bare $what"};
	my $good = $ratio <= $BOUND;

	$failed = 1 unless $good;
	printf {$report} "%-44s %14s %14s %s\n", "vault: ${what}s per second", sprintf('%.0f', $COUNT / $ours),
	  sprintf('%.0f', $COUNT / ($best{"bare $what"} * $BOUND)), $good ? 'ok' : 'MISSED';
	printf {$report} "%-44s %14s %14s %s\n", "vault: $what in SQL / libsodium alone", sprintf('%.2f', $ratio),
	  sprintf('%.2f', $BOUND), $good ? 'ok' : 'MISSED';
}
exit $failed;
