=head1 NAME

TaskSync::NotionPerson - somebody with a database in Notion, in step with the hub, for tests

=head1 SYNOPSIS

  my $ann = TaskSync::NotionPerson->connect($hub, $notion, 'ann', rows => [ { Name => 'Milk' } ]);
  $ann->write('Milk', Status => 'Done');
  $ann->sync;
  is($ann->field('Milk', 'status'), 'done', 'it is done here');

=head1 DESCRIPTION

C<plan> is what the stand-in's C<seed> takes, C<rows> are properties of pages, C<mapping> is said before
anything is read. Tasks are known by their titles, which therefore differ within one test.

=cut

package TaskSync::NotionPerson;

use strict;
use warnings FATAL => 'all';

use JSON::PP ();

sub connect
{
	my ($class, $hub, $notion, $name, %what) = @_;
	my $email = "$name\@example.com";
	my $side = $notion->add_user(email => $email, %{ $what{side} // {} });
	my $seeded = $notion->seed(token => $side->{token}, title => "Tasks of $name", tasks => 0, %{ $what{plan} // {} });
	my $self = bless {
		hub => $hub, notion => $notion, token => $side->{token}, person => $side, seeded => $seeded,
		source => $seeded->{data_source_id}, database => $seeded->{database_id},
	}, $class;

	$self->add(@{ $what{rows} // [] });
	my $account = $hub->connect($notion, email => $email, token => $side->{token},
		defined $what{user_id} ? (user_id => $what{user_id}) : ());
	@{$self}{qw(user_id account_id)} = @{$account}{qw(user_id account_id)};
	$self->{link} = $self->sql(q{SELECT tasksync.link_project(:'a', :'s', :'p'::uuid)}, s => $self->{source}, p => $what{project})
	  if defined $what{project};
	$self->{link} //= $self->sql(q{SELECT tasksync.link_project(:'a', :'s')}, s => $self->{source});
	$self->set_mapping($what{mapping}) if $what{mapping};
	$self->quiet;
	return $self;
}

# ---- the hub ----

sub sql { my ($self, $sql, %more) = @_; return $self->{hub}->sql($sql, u => $self->{user_id}, a => $self->{account_id}, %more) }
sub sync { my ($self) = @_; return $self->{hub}->sync($self->{account_id}) }
sub quiet { my ($self) = @_; return $self->{hub}->quiet($self->{account_id}) }
sub pause { my ($self) = @_; return $self->sql(q{SELECT tasksync.pause_account(:'a')}) }
sub resume { my ($self) = @_; $self->sql(q{SELECT tasksync.resume_account(:'a')}); return $self->quiet }
sub state { my ($self) = @_; return $self->sql(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}) }
sub reason { my ($self) = @_; return $self->sql(q{SELECT reason FROM tasksync.account_health WHERE account_id = :'a'}) }
sub trouble { my ($self) = @_; return $self->sql(q{SELECT string_agg(error_code, ',') FROM tasksync.containers WHERE account_id = :'a'}) }
sub field { my ($self, $title, $field) = @_; return $self->sql(qq{SELECT $field FROM tasksync.tasks WHERE user_id = :'u' AND title = :'t'}, t => $title) }
sub titles { my ($self) = @_; return $self->sql(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C") FROM tasksync.tasks WHERE user_id = :'u'}) }
sub versions { my ($self) = @_; return $self->sql(q{SELECT coalesce(sum(version), 0) || '/' || count(*) FROM tasksync.tasks WHERE user_id = :'u'}) }
sub set_mapping { my ($self, $mapping) = @_; return $self->sql(q{SELECT tasksync.set_mapping(:'l', :'m')}, l => $self->{link}, m => JSON::PP->new->encode($mapping)) }

# Changes of one task here, and a new one.
sub change { my ($self, $title, $set) = @_; return $self->sql(qq{UPDATE tasksync.tasks SET $set WHERE user_id = :'u' AND title = :'t'}, t => $title) }

sub make
{
	my ($self, $title) = @_;
	return $self->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT user_id, project_id, :'t' FROM tasksync.project_links
		WHERE id = :'l' RETURNING id}, t => $title, l => $self->{link});
}

# Everything is read from the beginning.
sub read_all { my ($self) = @_; $self->sql(q{UPDATE tasksync.accounts SET needs_full_read = true WHERE id = :'a'}); return $self->sync }

# A run that ends with an error: its code.
sub failed
{
	my ($self) = @_;
	$self->{hub}->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $self->{account_id});
	return $self->sql(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'});
}

# ---- Notion ----

sub edit
{
	my ($self, @pairs) = @_;
	my @commands;

	while (my ($type, $args) = splice @pairs, 0, 2)
	{
		my %args = %{$args};
		my $temp_id = delete $args{temp_id};
		push @commands, { type => $type, args => \%args, defined $temp_id ? (temp_id => $temp_id) : () };
	}
	return $self->{notion}->edit($self->{token}, @commands);
}

sub add
{
	my ($self, @rows) = @_;
	my @pairs = map { my %row = %{$_}; my $id = delete $row{temp_id};
		(page_create => { data_source_id => $self->{source}, properties => \%row, defined $id ? (temp_id => $id) : () }) } @rows;
	return @pairs ? $self->edit(@pairs) : undef;
}

sub pages { my ($self) = @_; return values %{ $self->{notion}->tasks($self->{token}) } }

# The one page of this title that is not in the trash.
sub there
{
	my ($self, $title) = @_;
	my @found = grep { $_->{title} eq $title } $self->pages;
	die "$title: " . scalar(@found) . ' times' if @found != 1;
	return $found[0];
}

sub titles_there { my ($self) = @_; return join ',', sort map { $_->{title} } $self->pages }
sub write { my ($self, $title, %properties) = @_; return $self->edit(page_update => { id => $self->there($title)->{id}, properties => \%properties }) }
sub trash { my ($self, $title) = @_; return $self->edit(page_trash => { id => $self->there($title)->{id} }) }
sub fault { my ($self, @faults) = @_; return $self->{notion}->faults(map { { token => $self->{token}, %{$_} } } @faults) }

# One call of the service's own interface with another connection's token that sees everything.
sub api
{
	my ($self, $method, $path, $body) = @_;
	$self->{other} //= $self->{notion}->control(POST => 'bots', { workspace_id => $self->{person}{workspace_id}, user_id => $self->{person}{user_id}, everything => JSON::PP::true })->{token};
	my $answer = HTTP::Tiny->new->request($method, $self->{notion}->url . "/v1/$path", {
		headers => { Authorization => "Bearer $self->{other}", 'Notion-Version' => '2026-03-11', 'Content-Type' => 'application/json' },
		defined $body ? (content => JSON::PP->new->utf8->encode($body)) : () });
	die "$method $path: $answer->{status} $answer->{content}" unless $answer->{success};
	return JSON::PP->new->utf8->decode($answer->{content});
}

# From here on: the kinds of this account's requests.
sub mark { my ($self) = @_; $self->{mark} = $self->{notion}->log->{next}; return }
sub requests { my ($self) = @_; return @{ $self->{notion}->control(GET => "log?token=$self->{token}&since=$self->{mark}")->{requests} } }
sub calls { my ($self) = @_; return join ' ', map { $_->{kind} } $self->requests }
sub writes { my ($self) = @_; return join ' ', grep { !/^(?:query|search|schema|users|page|markdown)$/ } map { $_->{kind} } $self->requests }

1;
