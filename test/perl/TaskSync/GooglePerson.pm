=head1 NAME

TaskSync::GooglePerson - somebody with a Google account, in step with the hub, for tests

=head1 SYNOPSIS

  my $ann = TaskSync::GooglePerson->connect($hub, $google, 'ann', task_add => { title => 'Milk' });
  $ann->edit(task_complete => { id => $ann->there('Milk')->{id} });
  $ann->sync;
  is($ann->field('Milk', 'status'), 'done', 'it is done here');

=head1 DESCRIPTION

All lists are linked. Tasks are known by their titles, which therefore differ within one test.

=cut

package TaskSync::GooglePerson;

use strict;
use warnings FATAL => 'all';

# Commands of the app come as pairs: type, arguments; "temp_id" among the arguments names what is made.
sub commands
{
	my (@pairs) = @_;
	my @commands;

	while (my ($type, $args) = splice @pairs, 0, 2)
	{
		my %args = %{$args};
		my $temp_id = delete $args{temp_id};
		push @commands, { type => $type, args => \%args, defined $temp_id ? (temp_id => $temp_id) : () };
	}
	return @commands;
}

sub connect
{
	my ($class, $hub, $google, $name, @pairs) = @_;
	my $email = "$name\@example.com";
	my %person = %{ $google->add_user(email => $email) };

	$google->edit($person{token}, commands(@pairs)) if @pairs;
	my %account = %{ $hub->connect($google, email => $email, token => $person{token}, link_all => 1) };
	return bless { hub => $hub, google => $google, %person, sub => $person{user_id}, %account }, $class;
}

# ---- the hub ----

sub sql
{
	my ($self, $sql, %more) = @_;
	return $self->{hub}->sql($sql, u => $self->{user_id}, a => $self->{account_id}, %more);
}

sub sync { my ($self) = @_; return $self->{hub}->sync($self->{account_id}) }
sub quiet { my ($self) = @_; return $self->{hub}->quiet($self->{account_id}) }
sub pause { my ($self) = @_; return $self->sql(q{SELECT tasksync.pause_account(:'a')}) }
sub resume { my ($self) = @_; $self->sql(q{SELECT tasksync.resume_account(:'a')}); return $self->quiet }

# The next round reads everything.
sub forget
{
	my ($self) = @_;
	return $self->sql(q{UPDATE tasksync.schedules SET cursor = NULL WHERE account_id = :'a'});
}

# One round now, which has to fail: its error's code.
sub round_that_fails
{
	my ($self) = @_;
	my $failed = q{SELECT count(*) FROM tasksync.sync_runs WHERE account_id = :'a' AND outcome IN ('failed', 'partial')};
	my $before = $self->sql($failed);

	$self->sql(q{SELECT tasksync.resume_account(:'a'); SELECT tasksync.sync_now(:'a')});
	$self->{hub}->wait_for("SELECT ($failed) > $before", 't', a => $self->{account_id});
	return $self->sql(q{SELECT error_code FROM tasksync.sync_runs WHERE account_id = :'a' ORDER BY started_at DESC LIMIT 1});
}

sub health { my ($self) = @_; return $self->sql(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}) }
sub reason { my ($self) = @_; return $self->sql(q{SELECT reason FROM tasksync.account_health WHERE account_id = :'a'}) }
sub state { my ($self) = @_; return $self->sql(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}) }
sub graves { my ($self) = @_; return $self->sql(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}) }

sub versions
{
	my ($self) = @_;
	return $self->sql(q{SELECT coalesce(sum(version), 0) || '/' || count(*) FROM tasksync.tasks WHERE user_id = :'u'});
}

sub field
{
	my ($self, $title, $field) = @_;
	return $self->sql(qq{SELECT $field FROM tasksync.tasks t WHERE user_id = :'u' AND title = :'t'}, t => $title);
}

sub parent
{
	my ($self, $title) = @_;
	return $self->field($title, '(SELECT p.title FROM tasksync.tasks p WHERE p.user_id = t.user_id AND p.id = t.parent_id)');
}

sub project
{
	my ($self, $title) = @_;
	return $self->field($title, '(SELECT p.name FROM tasksync.projects p WHERE p.user_id = t.user_id AND p.id = t.project_id)');
}

sub titles
{
	my ($self) = @_;
	return $self->sql(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C") FROM tasksync.tasks WHERE user_id = :'u'});
}

sub add
{
	my ($self, %task) = @_;
	my @columns = sort keys %task;

	$self->sql('INSERT INTO tasksync.tasks (user_id, ' . join(', ', @columns) . q{) VALUES (:'u', }
		  . join(', ', map { ":'$_'" } @columns) . ')', %task);
	return $self->quiet;
}

# set('Milk', "due_date = NULL"): an edit at the hub
sub set
{
	my ($self, $title, $change, %more) = @_;
	$self->sql(qq{UPDATE tasksync.tasks SET $change WHERE user_id = :'u' AND title = :'t'}, t => $title, %more);
	return $self->quiet;
}

# ---- Google ----

sub edit { my ($self, @pairs) = @_; return $self->{google}->edit($self->{token}, commands(@pairs)) }

sub fault
{
	my ($self, @faults) = @_;
	return $self->{google}->faults(map { { token => $self->{token}, %{$_} } } @faults);
}

sub patch
{
	my ($self, $id, %fields) = @_;
	return $self->{google}->control(POST => 'patch', { token => $self->{token}, id => $id, fields => \%fields });
}

sub all_there { my ($self) = @_; return values %{ $self->{google}->tasks($self->{token}) } }
sub titles_there { my ($self) = @_; return join ',', sort map { $_->{title} } $self->all_there }

# The one task of this title that is not deleted.
sub there
{
	my ($self, $title) = @_;
	my @found = grep { $_->{title} eq $title } $self->all_there;
	die "$title: " . scalar(@found) . " times\n" if @found != 1;
	return $found[0];
}

sub id { my ($self, $title) = @_; return $self->there($title)->{id} }

sub list_id
{
	my ($self, $title) = @_;
	my ($list) = grep { $_->{title} eq $title } @{ $self->{google}->state($self->{token})->{lists} };
	return $list && $list->{id};
}

# From here on: what was asked ("tasks.list tasks.patch"), without the parts of batches, and what written.
sub mark { my ($self) = @_; $self->{mark} = $self->{google}->log->{next}; return }

sub requests
{
	my ($self) = @_;
	return grep { ($_->{user_id} // '') eq $self->{sub} }
	  @{ $self->{google}->control(GET => "log?since=$self->{mark}")->{requests} };
}

sub calls { my ($self) = @_; return join ' ', map { $_->{call} // $_->{path} } $self->requests }

sub writes
{
	my ($self) = @_;
	my @calls = map { ($_->{call} // '', map { $_->{call} // '' } @{ $_->{parts} // [] }) } $self->requests;
	return join ' ', grep { /^task(?:s|lists)\.(?!list$|get$)/ } @calls;
}

1;
