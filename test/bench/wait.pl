# One wait of the worker with 1 and with 1,000 connections open: it must cost the same.
#
# The set that is built anew for each wait is measured beside it: that is what the nested epoll
# descriptor replaces. The best of five counts.

use strict;
use warnings FATAL => 'all';

use File::Temp ();

my $ROUNDS = 50_000;
my $REPEAT = 5;
my $BOUND = 1.5;

my $folder = File::Temp->newdir;
my $program = "$folder/wait_sets";
system($ENV{CC} // 'cc', '-O2', '-o', $program, 'test/bench/wait_sets.c') == 0
  or die 'wait_sets.c does not compile';

# (nested, rebuilt) in microseconds per wait
sub measure
{
	my ($sockets) = @_;
	my @best;

	foreach my $round (1 .. $REPEAT)
	{
		my @took = split ' ', `$program $sockets $ROUNDS`;
		die 'wait_sets failed' if @took != 2;
		foreach my $i (0, 1)
		{
			$best[$i] = $took[$i] if !defined $best[$i] || $took[$i] < $best[$i];
		}
	}
	return @best;
}

sub report
{
	my ($name, $measured, $bound, $verdict) = @_;
	printf "%-44s %14s %14s %s\n", $name, $measured, $bound, $verdict;
	return;
}

my ($one, $one_rebuilt) = measure(1);
my ($many, $many_rebuilt) = measure(1000);
my $ratio = $many / $one;
my $holds = $ratio <= $BOUND;

report('a wait with 1 socket', sprintf('%.1f us', $one), '-', '-');
report('a wait with 1,000 sockets', sprintf('%.1f us', $many), '-', '-');
report('1,000 sockets against 1', sprintf('%.2f', $ratio), "<= $BOUND", $holds ? 'ok' : 'MISSED');
report('the same, set built anew for each wait', sprintf('%.0f', $many_rebuilt / $one_rebuilt),
	'-', '-');
exit($holds ? 0 : 1);
