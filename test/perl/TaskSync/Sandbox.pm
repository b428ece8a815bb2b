=head1 NAME

TaskSync::Sandbox - a service's stand-in as a process of a test

=head1 SYNOPSIS

  my $todoist = TaskSync::Sandbox->start;
  my $ann = $todoist->add_user(email => 'ann@example.com', timezone => 'Europe/Berlin');
  $todoist->edit($ann->{token}, { type => 'item_add', temp_id => 'a', uuid => 'b',
      args => { content => 'Buy milk' } });
  is(scalar @{ $todoist->tasks($ann->{token}) }, 1, 'it is there');

=head1 DESCRIPTION

Starts C<test/sandbox/SERVICE/main.js> on a free port and ends it with the test: Todoist's unless
C<< start(service => ...) >> names another folder of F<test/sandbox>. C<url> is the base URL for the
service's setting (C<tasksync.todoist_url>). Everything else goes through the control interface below
C</_control>; C<control> is the door for what has no method here.

=cut

package TaskSync::Sandbox;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Cwd qw(getcwd);
use Fcntl qw(F_SETFD FD_CLOEXEC);
use HTTP::Tiny;
use IPC::Run ();
use JSON::PP ();
use Symbol qw(gensym);

use PostgreSQL::Test::Utils ();
use TaskSync::Wait;

my @running;
my $json = JSON::PP->new->utf8->canonical;

sub start
{
	my ($class, %options) = @_;
	my $tree = $ENV{TASKSYNC_TREE} // getcwd();
	my $service = $options{service} // 'todoist';
	my $log = PostgreSQL::Test::Utils::tempdir() . "/$service.log";
	my @command = (
		'node', "$tree/test/sandbox/$service/main.js",
		'--port', $options{port} // 0, '--exit-with-parent');
	my $self = bless {
		service => $service,
		log => $log,
		http => HTTP::Tiny->new(timeout => 60, keep_alive => 1),
	}, $class;

	# Output goes to a file: a pipe would stop the stand-in when nobody reads it. Its input is a pipe
	# that ends with this process, whichever way: no server of ours may inherit the other end.
	my $lifeline = gensym();
	$self->{process} = IPC::Run::start(\@command, '<pipe', $lifeline, '>', $log, '2>&1');
	fcntl($lifeline, F_SETFD, FD_CLOEXEC) or croak "fcntl: $!";
	$self->{lifeline} = $lifeline;
	push @running, $self;
	my $line = wait_until("the stand-in for $service listens",
		sub { PostgreSQL::Test::Utils::slurp_file($log) =~ /listening on (http:\S+)/ && $1 });
	$self->{url} = $line;
	return $self;
}

sub url { return $_[0]{url} }
sub service { return $_[0]{service} }

# What it printed, for a failed test to show.
sub output { return PostgreSQL::Test::Utils::slurp_file($_[0]{log}) }

=head2 control($method, $path, $body)

One call of the control interface; the decoded answer, or death with its text.

=cut

sub control
{
	my ($self, $method, $path, $body) = @_;
	my %request = (headers => { 'Content-Type' => 'application/json' });
	$request{content} = $json->encode($body) if defined $body;
	my $answer = $self->{http}->request($method, "$self->{url}/_control/$path", \%request);

	croak "$method /_control/$path: $answer->{status} $answer->{content}"
	  unless $answer->{success};
	return length $answer->{content} ? $json->decode($answer->{content}) : undef;
}

=head2 add_user(email => ..., timezone => ..., token => ...)

A person with an empty account: C<user_id>, C<token>, C<inbox_project_id>.

=cut

sub add_user
{
	my ($self, %person) = @_;
	return $self->control(POST => 'users', \%person);
}

# seed(token => ..., tasks => 300, ...): fills an account; the keys are the stand-in's.
sub seed { my ($self, %what) = @_; return $self->control(POST => 'seed', \%what) }

# state($token): everything the account holds, deleted things included; keys items, projects, ...
sub state { my ($self, $token) = @_; return $self->control(GET => "state?token=$token") }

# tasks($token): the tasks that are there, by id.
sub tasks
{
	my ($self, $token) = @_;
	my $state = $self->state($token);
	my @items = @{ $state->{items} // $state->{pages} };
	my @gone = qw(is_deleted deleted in_trash);
	return { map { ($_->{id} => $_) } grep { my $item = $_; !grep { $item->{$_} } @gone } @items };
}

=head2 edit($token, $command, ...)

What the person does in the service's app: commands C<{type, args, temp_id}>, without limits (Todoist:
those of its Sync API; the others: F<test/sandbox/README.md>). Dies when one is refused; the answer
(C<temp_id_mapping>) comes back.

=cut

sub edit
{
	my ($self, $token, @commands) = @_;
	my $answer = $self->control(POST => 'edit', { token => $token, commands => \@commands });

	foreach my $uuid (sort keys %{ $answer->{sync_status} // {} })
	{
		my $status = $answer->{sync_status}{$uuid};
		croak "the stand-in refused a command: " . $json->encode($status) if ref $status;
	}
	return $answer;
}

# log($token): {requests, counters} of this account so far; without a token those of all.
sub log
{
	my ($self, $token) = @_;
	return $self->control(GET => 'log' . (defined $token ? "?token=$token" : ''));
}

# requests($token): a list, in order; in scalar context how many.
sub requests
{
	my ($self, $token) = @_;
	my @requests = @{ $self->log($token)->{requests} };
	return wantarray ? @requests : scalar @requests;
}

sub clear_log { return $_[0]->control(DELETE => 'log') }

# faults({ kind => ..., token => ... }, ...): arms them; the kinds are in test/sandbox/README.md.
sub faults
{
	my ($self, @faults) = @_;
	return $self->control(POST => 'faults', { faults => \@faults });
}

sub clear_faults { return $_[0]->control(DELETE => 'faults') }

# latency(ms => 100, jitter_ms => 0) of every answer from now on
sub latency { my ($self, %what) = @_; return $self->control(POST => 'latency', \%what) }

# clock(now => ..., advance_s => ...): the stand-in's own clock
sub clock { my ($self, %what) = @_; return $self->control(POST => 'clock', \%what) }

sub stop
{
	my ($self) = @_;
	my $process = delete $self->{process} or return;
	close delete $self->{lifeline};
	$process->kill_kill(grace => 5);
	@running = grep { $_ != $self } @running;
	return;
}

END
{
	my $code = $?;
	$_->stop foreach (my @copy = @running);
	$? = $code;
}

1;
