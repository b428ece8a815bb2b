# Cases per second of the planner, as its unit test counts them (processor time of one core).

use strict;
use warnings FATAL => 'all';

use lib 'test/bench';

use Bench;

my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $BOUND = 50_000;
my @config = defined $ENV{PG_CONFIG} ? ("PG_CONFIG=$ENV{PG_CONFIG}") : ();

system('make', '-s', '-C', 'test/unit', @config, '../../build/unit/test_plan') == 0
  or die 'the unit tests of the planner do not build';

my @rates;
foreach my $round (1 .. $ROUNDS)
{
	my $output = `build/unit/test_plan`;

	die "the planner fails its tests:\n$output" if $? != 0;
	my ($rate) = $output =~ /planner: (\d+) cases per second/
	  or die "no rate in:\n$output";
	push @rates, $rate;
}
within('planner: cases per second', median(@rates), '>=', $BOUND, '%.0f');
finish;
