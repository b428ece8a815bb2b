# From the commit of an application to the request that carries the change.
#
# A relay between the worker and the stand-in notes when the bytes of a command arrive: its clock is
# the one of the server, and the stand-in's own work is no part of the time. One commit after the
# other, each when the account is quiet, as a person types.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl', 'test/bench';

use Bench;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

use PostgreSQL::Test::Utils ();

use TaskSync::Hub;
use TaskSync::Sandbox;

my $COMMITS = $ENV{BENCH_COMMITS} || 200;
my $P50 = 20;
my $P99 = 100;

package Relay
{
	sub start
	{
		my ($class, $target, $log) = @_;
		my ($port) = $target =~ /:(\d+)$/;
		my $listener = IO::Socket::INET->new(
			Listen => 64, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
		my $self = bless { url => 'http://127.0.0.1:' . $listener->sockport, parent => $$ }, $class;

		defined($self->{pid} = fork) or die $!;
		return $self if $self->{pid};
		relay($listener, $port, $log, $self->{parent});
		POSIX::_exit(0);
	}

	sub relay
	{
		my ($listener, $port, $file, $parent) = @_;
		my $set = IO::Select->new($listener);
		my %other;

		open(my $log, '>', $file) or die $!;
		$log->autoflush(1);
		while (getppid() == $parent)
		{
			foreach my $socket ($set->can_read(1))
			{
				if ($socket == $listener)
				{
					my $client = $listener->accept or next;
					my $server = IO::Socket::INET->new(
						PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp') or die $!;
					@other{ $client, $server } = ([ $server, 1 ], [ $client, 0 ]);
					$set->add($client, $server);
					next;
				}
				my ($to, $asks) = @{ $other{$socket} // [] } or next;
				my $got = sysread($socket, my $bytes, 65536);
				if (!$got)
				{
					$set->remove($socket, $to);
					close $_ foreach $socket, $to;
					next;
				}
				printf $log "%.6f\n", Time::HiRes::time() if $asks && $bytes =~ /item_add/;
				syswrite($to, $bytes);
			}
		}
		return;
	}

	sub url { return $_[0]{url} }

	sub stop
	{
		my ($self) = @_;

		kill 'TERM', $self->{pid};
		waitpid $self->{pid}, 0;
		return;
	}
}

my $todoist = TaskSync::Sandbox->start;
my $log = PostgreSQL::Test::Utils::tempdir() . '/arrivals';
my $relay = Relay->start($todoist->url, $log);
my $hub = TaskSync::Hub->start(todoist => $relay, settings => "log_statement = none\n");
my $ann = $hub->connect($todoist, link_all => 1);
my @committed;

foreach my $n (1 .. $COMMITS)
{
	# the instant is taken before the commit, whose own time is therefore counted
	push @committed, $hub->value(<<'EOS', user => $ann->{user_id}, n => $n);
BEGIN;
INSERT INTO tasksync.tasks (user_id, title) VALUES (:'user', 'Task ' || :'n');
SELECT extract(epoch FROM clock_timestamp());
COMMIT;
EOS
	$hub->quiet($ann->{account_id});
}
$relay->stop;
my @arrived = split /\n/, PostgreSQL::Test::Utils::slurp_file($log);
die scalar(@arrived) . " requests for $COMMITS commits" if @arrived != $COMMITS;
my @ms = sort { $a <=> $b } map { 1000 * ($arrived[$_] - $committed[$_]) } 0 .. $#committed;
die "a request before its commit: $ms[0] ms" if $ms[0] < 0;
$hub->stop;
$todoist->stop;

within('commit to request, p50, ms', $ms[ int(0.50 * $#ms) ], '<=', $P50, '%.1f');
within('commit to request, p99, ms', $ms[ int(0.99 * $#ms) ], '<=', $P99, '%.1f');
finish;
