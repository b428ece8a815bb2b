=head1 NAME

TaskSync::Wait - waiting for a condition, never for a length of time

=head1 SYNOPSIS

  use TaskSync::Wait;
  wait_until('the worker is up', sub { $hub->value('SELECT count(*) ...') > 0 });

=head1 DESCRIPTION

C<wait_until> asks again every 20 ms until the condition is true and returns what it returned.
After the deadline (60 s if not given) it dies with what was waited for, so that a test that hangs
says where.

=cut

package TaskSync::Wait;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Exporter qw(import);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(wait_until);

our $DEFAULT_SECONDS = 60;

sub wait_until
{
	my ($what, $condition, $seconds) = @_;
	my $deadline = time + ($seconds // $DEFAULT_SECONDS);

	while (1)
	{
		my $answer = $condition->();
		return $answer if $answer;
		croak "gave up waiting: $what" if time > $deadline;
		sleep 0.02;
	}
}

1;
