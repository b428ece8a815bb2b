# What the benchmarks share: a report line per figure, medians, and what the kernel says about a
# process. Load it before PostgreSQL's test modules, which turn STDOUT into their log.

package Bench;

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use POSIX ();

our @EXPORT = qw(figure within finish median spread cpu_seconds resident_kib);

open(my $report, '>&', \*STDOUT) or die $!;
$report->autoflush(1);

my $missed = 0;

sub figure
{
	my ($name, $measured, $bound, $verdict) = @_;
	printf {$report} "%-44s %14s %14s %s\n", $name, $measured, $bound, $verdict;
	$missed = 1 if $verdict eq 'MISSED';
	return;
}

# within('name', 1.82, '<=', 2.0, '%.2f'): one figure against its bound
sub within
{
	my ($name, $measured, $relation, $bound, $format) = @_;
	my $holds = $relation eq '<=' ? $measured <= $bound : $measured >= $bound;

	return figure($name, sprintf($format, $measured), $relation . sprintf($format, $bound),
		$holds ? 'ok' : 'MISSED');
}

sub finish { exit $missed }

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	my $middle = int(@sorted / 2);

	return @sorted % 2 ? $sorted[$middle] : ($sorted[ $middle - 1 ] + $sorted[$middle]) / 2;
}

# "1.71 .. 1.95" of several measurements
sub spread
{
	my ($format, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;

	return sprintf("$format..$format", $sorted[0], $sorted[-1]);
}

sub slurp
{
	my ($file) = @_;

	open(my $handle, '<', $file) or die "$file: $!";
	local $/ = undef;
	return scalar <$handle>;
}

# processor time of a process so far, by the scheduler's account: its ticks would be 10 ms each
sub cpu_seconds
{
	my ($pid) = @_;
	my ($nanoseconds) = slurp("/proc/$pid/schedstat") =~ /^(\d+)/;

	return $nanoseconds / 1e9;
}

# memory of a process that is its own: shared buffers it touched are everybody's
sub resident_kib
{
	my ($pid) = @_;
	my $status = slurp("/proc/$pid/status");
	my %kib = $status =~ /^(Rss\w+|VmRSS):\s+(\d+) kB/mg;

	return ($kib{RssAnon} + $kib{RssFile}, \%kib);
}

1;
