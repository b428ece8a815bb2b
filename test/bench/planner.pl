# Cases per second of the planner (merge and plan) and of the convergence machine (a generated case,
# carried to rest, every law checked), as their unit tests count them: processor time of one core.

use strict;
use warnings FATAL => 'all';

use lib 'test/bench';

use Bench;

my $ROUNDS = $ENV{BENCH_ROUNDS} || 5;
my $BOUND = 50_000;
my @config = defined $ENV{PG_CONFIG} ? ("PG_CONFIG=$ENV{PG_CONFIG}") : ();

sub rate
{
	my ($program, $word) = @_;
	my @rates;

	system('make', '-s', '-C', 'test/unit', @config, "../../build/unit/$program") == 0
	  or die "$program does not build";
	foreach my $round (1 .. $ROUNDS)
	{
		my $output = `build/unit/$program`;

		die "$program fails its tests:\n$output" if $? != 0;
		push @rates, $output =~ /$word: (\d+) cases per second/ ? $1 : die "no rate in:\n$output";
	}
	return median(@rates);
}

within('planner: cases per second', rate('test_plan', 'planner'), '>=', $BOUND, '%.0f');
within('convergence machine: cases per second', rate('test_machine', 'machine'), '>=', $BOUND, '%.0f');
finish;
