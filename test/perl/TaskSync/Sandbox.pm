=head1 NAME

TaskSync::Sandbox - the Todoist stand-in as a process of a test

=head1 SYNOPSIS

  my $todoist = TaskSync::Sandbox->start;
  my $ann = $todoist->add_user(email => 'ann@example.com', timezone => 'Europe/Berlin');
  $todoist->edit($ann->{token}, { type => 'item_add', temp_id => 'a', uuid => 'b',
      args => { content => 'Buy milk' } });
  is(scalar @{ $todoist->tasks($ann->{token}) }, 1, 'it is there');

=head1 DESCRIPTION

Starts C<test/sandbox/todoist/main.js> on a free port and ends it with the test. C<url> is the base
URL for C<tasksync.todoist_url>. Everything else goes through the control interface below
C</_control>; C<control> is the door for what has no method here.

=cut

package TaskSync::Sandbox;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Cwd qw(getcwd);
use HTTP::Tiny;
use IPC::Run ();
use JSON::PP ();

use PostgreSQL::Test::Utils ();
use TaskSync::Wait;

my @running;
my $json = JSON::PP->new->utf8->canonical;

sub start
{
	my ($class, %options) = @_;
	my $tree = $ENV{TASKSYNC_TREE} // getcwd();
	my $log = PostgreSQL::Test::Utils::tempdir() . '/todoist.log';
	my @command =
	  ('node', "$tree/test/sandbox/todoist/main.js", '--port', $options{port} // 0);
	my $self = bless {
		log => $log,
		http => HTTP::Tiny->new(timeout => 60, keep_alive => 1),
	}, $class;

	# Output goes to a file: a pipe would stop the stand-in when nobody reads it.
	$self->{process} = IPC::Run::start(\@command, '<', '/dev/null', '>', $log, '2>&1');
	push @running, $self;
	my $line = wait_until('the Todoist stand-in listens',
		sub { PostgreSQL::Test::Utils::slurp_file($log) =~ /listening on (http:\S+)/ && $1 });
	$self->{url} = $line;
	return $self;
}

sub url { return $_[0]{url} }

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

# state($token): everything the account holds, deleted things included.
sub state { my ($self, $token) = @_; return $self->control(GET => "state?token=$token") }

# edit($token, @commands): what the person does in the Todoist app; Sync API commands.
sub edit
{
	my ($self, $token, @commands) = @_;
	return $self->control(POST => 'edit', { token => $token, commands => \@commands });
}

# log($token): the requests of this account so far; without a token those of all.
sub log
{
	my ($self, $token) = @_;
	return $self->control(GET => 'log' . (defined $token ? "?token=$token" : ''));
}

sub faults { my ($self, @faults) = @_; return $self->control(POST => 'faults', @faults) }

sub latency { my ($self, $what) = @_; return $self->control(POST => 'latency', $what) }

sub clock { my ($self, $what) = @_; return $self->control(POST => 'clock', $what) }

sub stop
{
	my ($self) = @_;
	my $process = delete $self->{process} or return;
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
