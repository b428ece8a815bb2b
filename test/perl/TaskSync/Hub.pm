=head1 NAME

TaskSync::Hub - a private server with tasksync preloaded, for a test

=head1 SYNOPSIS

  my $todoist = TaskSync::Sandbox->start;
  my $hub = TaskSync::Hub->start(todoist => $todoist);
  my $ann = $hub->connect($todoist, email => 'ann@example.com', link_all => 1);
  $hub->sync($ann->{account_id});
  is($hub->value('SELECT count(*) FROM tasksync.tasks'), 3, 'all there');

=head1 DESCRIPTION

Wraps a C<PostgreSQL::Test::Cluster> (C<< $hub->node >>) with a key file, settings that point to a
stand-in (to nobody without one: a test can never reach the real service), and a database C<hub>
with the extension.

=head2 start(%options)

=over

=item todoist => TaskSync::Sandbox, google_tasks => TaskSync::Sandbox, notion => TaskSync::Sandbox

=item settings => text

appended to postgresql.conf

=item name => 'hub'

of the cluster; needed when a test has several

=item preload => 0, key => 0, extension => 0

leave that step out

=back

=cut

package TaskSync::Hub;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils ();
use TaskSync::Consent;
use TaskSync::Wait;

# Port 9 (discard) of this machine: refuses at once.
my $NOBODY = 'http://127.0.0.1:9';

sub start
{
	my ($class, %options) = @_;
	my $self = $class->prepare(%options);

	$self->{node}->start;
	$self->create_database($self->{database}) unless defined $options{extension} && !$options{extension};
	return $self;
}

# Everything of start() except starting.
sub prepare
{
	my ($class, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($options{name} // 'hub');
	my $self = bless { node => $node, database => 'hub' }, $class;

	$node->init(%{ $options{init} // {} });
	$self->make_key_file unless defined $options{key} && !$options{key};
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'tasksync'")
	  unless defined $options{preload} && !$options{preload};
	my %url = map { ($_ => $options{$_} ? $options{$_}->url : $NOBODY) } qw(todoist google_tasks notion);
	my $consent = $options{google_tasks} ? TaskSync::Consent::settings(google_tasks => $options{google_tasks}) : '';
	$node->append_conf('postgresql.conf', <<"EOC");
max_worker_processes = 16
tasksync.key_file = '@{[ $self->key_file ]}'
tasksync.todoist_url = '$url{todoist}'
tasksync.todoist_oauth_url = '$url{todoist}/oauth'
tasksync.google_tasks_url = '$url{google_tasks}'
tasksync.google_oauth_url = '$url{google_tasks}'
$consent
tasksync.notion_url = '$url{notion}'
tasksync.allow_private_hosts = on
EOC
	$node->append_conf('postgresql.conf', $options{settings}) if $options{settings};
	return $self;
}

sub node { return $_[0]{node} }

sub key_file { return $_[0]{node}->basedir . '/keyfile' }

# The command of the documentation.
sub make_key_file
{
	my ($self) = @_;
	PostgreSQL::Test::Utils::system_or_bail('sh', '-c',
		'umask 077 && head -c 32 /dev/urandom > "$1"',
		'sh', $self->key_file);
	return;
}

sub create_database
{
	my ($self, $name) = @_;
	$self->{node}->safe_psql('postgres', qq(CREATE DATABASE "$name"));
	$self->{node}->safe_psql($name, 'CREATE EXTENSION tasksync');
	return;
}

=head2 sql($sql, name => value, ...)

Runs SQL in the database C<hub>; C<:'name'> in it stands for the value, quoted. Returns the rows as
text (columns separated by C<|>). Dies on an error.

=cut

sub sql
{
	my ($self, $sql, %values) = @_;
	return $self->{node}->safe_psql($self->{database}, $sql, extra_params => variables(%values));
}

# The same for one value; kept apart to say what is meant.
sub value { my ($self, @rest) = @_; return $self->sql(@rest) }

# (exit code, output, error output): for statements that should fail.
sub try_sql
{
	my ($self, $sql, %values) = @_;
	my ($out, $error) = ('', '');
	my $code = $self->{node}->psql(
		$self->{database}, $sql,
		stdout => \$out,
		stderr => \$error,
		on_error_stop => 1,
		extra_params => [ @{ variables(%values) }, '-v', 'VERBOSITY=verbose' ]);
	return ($code, $out, $error);
}

sub variables
{
	my (%values) = @_;
	return [ map { ('-v', "$_=$values{$_}") } sort keys %values ];
}

# wait_for($sql, 'expected', %values): until the query gives this text ('t' if not told).
sub wait_for
{
	my ($self, $sql, $expected, %values) = @_;
	$expected //= 't';
	my $last = '';
	my $done = eval {
		wait_until($sql, sub { ($last = $self->sql($sql, %values)) eq $expected });
	};
	croak "gave up waiting for '$expected', last answer '$last': $sql ($@)" unless $done;
	return;
}

=head2 connect($sandbox, %options)

A person on both sides and an account that joins them: creates the person at the stand-in (or takes
C<< token => >>), the user in the hub (or takes C<< user_id => >>), connects, and with
C<< link_all => 1 >> links everything and waits until the account is quiet. The provider is the one
that the stand-in stands in for. Returns C<user_id>, C<account_id>, C<token>, and what else the
stand-in tells of a new person (C<inbox_project_id>, C<default_list_id>).

=cut

sub connect
{
	my ($self, $sandbox, %options) = @_;
	my $email = $options{email} // 'ann@example.com';
	my %person = (token => $options{token});

	%person = %{ $sandbox->add_user(
			email => $email, timezone => $options{timezone} // 'Europe/Berlin') }
	  unless defined $options{token};
	my $user = $options{user_id}
	  // $self->value(q{SELECT tasksync.create_user(:'email')}, email => $email);
	my $account = $sandbox->service ne 'google_tasks'
	  ? $self->value(
		q{SELECT account_id FROM tasksync.connect_account(:'provider', user_id => :'user', token => :'token')},
		provider => $sandbox->service,
		user => $user,
		token => $person{token})
	  : $self->connect_by_consent($sandbox, $user, $person{token});
	if ($options{link_all})
	{
		$self->sql(q{SELECT tasksync.link_all(:'account')}, account => $account);
		$self->sync($account);
	}
	return { %person, user_id => $user, account_id => $account };
}

# Where nobody can bring a token along: through the consent page. The tokens outlast a test whose
# stand-in's clock goes ahead by months.
sub connect_by_consent
{
	my ($self, $sandbox, $user, $token) = @_;
	my $service = $sandbox->service;

	$self->{app}{$service} //= TaskSync::Consent::register($self, $service => $sandbox, lifetime_s => 400 * 86400);
	my $link = TaskSync::Consent::ask($self, $user, $service);
	$self->agree($sandbox, $link, $token);
	return $link->{account_id};
}

sub reconnect_by_consent
{
	my ($self, $sandbox, $account, $token) = @_;

	return $self->agree($sandbox, TaskSync::Consent::ask_again($self, $account), $token);
}

sub agree
{
	my ($self, $sandbox, $link, $token) = @_;

	TaskSync::Consent::complete($self, TaskSync::Consent::agree($sandbox, $link->{authorize_url}, token => $token));
	$self->wait_for(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}, 'active', a => $link->{account_id});
	return;
}

# One round now, and quiet afterwards; dies when it does not become quiet.
sub sync
{
	my ($self, $account, $patience) = @_;
	$self->sql(q{SELECT tasksync.sync_now(:'account')}, account => $account);
	return $self->quiet($account, $patience);
}

sub quiet
{
	my ($self, $account, $patience) = @_;
	my $quiet = $self->value(
		q{SELECT tasksync.wait_for_sync(:'account', :'patience')},
		account => $account,
		patience => $patience // '60 s');
	croak "account $account is not quiet:\n"
	  . $self->sql(q{SELECT * FROM tasksync.account_health}) . "\n"
	  unless $quiet eq 't';
	return;
}

# The pid of the sync worker of the database, once there is one.
sub worker_pid
{
	my ($self) = @_;
	my $pid;
	wait_until('a sync worker runs', sub {
		$pid = $self->{node}->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE backend_type = 'tasksync worker'"
			  . " AND datname = '$self->{database}'");
		$pid =~ /^\d+$/;
	});
	return $pid;
}

# The server's log from an offset on (0 = all).
sub log_text
{
	my ($self, $offset) = @_;
	return substr(PostgreSQL::Test::Utils::slurp_file($self->{node}->logfile), $offset // 0);
}

sub log_size { return -s $_[0]{node}->logfile }

sub stop { my ($self, $mode) = @_; $self->{node}->stop($mode // 'fast'); return }

1;
