=head1 NAME

TaskSync::Consent - what a browser does between connect_account() and complete_oauth()

=head1 SYNOPSIS

  my $hub = TaskSync::Hub->start(todoist => $todoist,
      settings => TaskSync::Consent::settings(todoist => $todoist));
  TaskSync::Consent::register($hub, todoist => $todoist);
  my $link = TaskSync::Consent::ask($hub, $user, 'todoist');
  my $back = TaskSync::Consent::agree($todoist, $link->{authorize_url}, token => $ann->{token});
  my $answer = TaskSync::Consent::complete($hub, $back);

=cut

package TaskSync::Consent;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);

our $PUBLIC_URL = 'https://hub.example/api';
our $CLIENT_SECRET = 'canary-client-secret-4711';

my %settings_of = (
	todoist => sub { my ($url) = @_; "tasksync.todoist_authorize_url = '$url/oauth/authorize'\n" },
	google_tasks => sub {
		my ($url) = @_;
		"tasksync.google_tasks_url = '$url'\ntasksync.google_oauth_url = '$url/oauth2'\n"
		  . "tasksync.google_authorize_url = '$url/o/oauth2/v2/auth'\n";
	},
	notion => sub { my ($url) = @_; "tasksync.notion_url = '$url'\n" });

# settings(provider => sandbox, ...): lines for postgresql.conf
sub settings
{
	my (%sandboxes) = @_;
	return join '', "tasksync.public_url = '$PUBLIC_URL'\n",
	  map { $settings_of{$_}->($sandboxes{$_}->url) } sort keys %sandboxes;
}

# register(hub, provider => sandbox, %app): an app on both sides; returns its client id
sub register
{
	my ($hub, $provider, $sandbox, %app) = @_;
	my $made = $sandbox->control(POST => 'oauth/apps', {
			client_id => "app-$provider", client_secret => $CLIENT_SECRET,
			redirect_uris => ["$PUBLIC_URL/rpc/oauth_callback"], %app });

	$hub->sql(q{SELECT tasksync.set_provider_credentials(:'provider', :'id', :'secret')},
		provider => $provider, id => $made->{client_id}, secret => $CLIENT_SECRET);
	return $made->{client_id};
}

# ask(hub, user, provider): {account_id, authorize_url}
sub ask
{
	my ($hub, $user, $provider) = @_;
	return link_of($hub->sql(
			q{SELECT account_id, authorize_url FROM tasksync.connect_account(:'provider', user_id => :'user')},
			provider => $provider, user => $user));
}

# ask_again(hub, account): the same for an account that is there
sub ask_again
{
	my ($hub, $account) = @_;
	return link_of($hub->sql(
			q{SELECT account_id, authorize_url FROM tasksync.reconnect_account(:'account')},
			account => $account));
}

sub link_of
{
	my ($row) = @_;
	my ($account, $url) = split /\|/, $row, 2;
	return { account_id => $account, authorize_url => $url };
}

sub query_of
{
	my ($url) = @_;
	my ($query) = $url =~ /\?([^#]*)/ or return {};
	return { map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger } map { (split(/=/, $_, 2), '')[ 0, 1 ] } split /&/, $query };
}

# agree(sandbox, link, %who): what the person is sent back with; decision => 'deny' refuses
sub agree
{
	my ($sandbox, $link, %who) = @_;
	my $answer = $sandbox->control(POST => 'oauth/approve', { request => query_of($link), %who });

	return query_of($answer->{location} // croak 'the person was not sent back');
}

# complete(hub, back, %changes): complete_oauth() with what came back
sub complete
{
	my ($hub, $back, %changes) = @_;
	my %given = (%$back, %changes);
	my @names = grep { defined $given{$_} } qw(state code iss scope error);
	my $arguments = join ', ', map { "$_ => :'$_'" } @names;

	return $hub->sql("SELECT status FROM tasksync.complete_oauth($arguments)",
		map { $_ => $given{$_} } @names);
}

1;
