=head1 NAME

TaskSync::Three - a person with one project in Todoist, Google Tasks and Notion at once

=head1 SYNOPSIS

  my $three = TaskSync::Three->start;
  my $ann = $three->person('ann');
  $ann->hub_add(title => 'Milk', due_date => '2030-05-01');
  $ann->settle;
  $ann->at('notion', 'Milk')->retitle('Oat milk');    # what the person does in the app
  $ann->settle;
  $ann->is_equal('everywhere');

All persons share one server and the three stand-ins.

=cut

package TaskSync::Three;

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Consent;
use TaskSync::Hub;
use TaskSync::Sandbox;

our @SIDES = qw(todoist google_tasks notion);

sub start
{
	my ($class, %options) = @_;
	my %sandbox = map { ($_ => TaskSync::Sandbox->start(service => $_)) } @SIDES;
	my $hub = TaskSync::Hub->start(%sandbox, settings => ($options{settings} // '') . TaskSync::Consent::settings(%sandbox));

	$sandbox{notion}->control(POST => 'config', { rate_limit => undef });
	return bless { hub => $hub, sandbox => \%sandbox }, $class;
}

sub hub { return $_[0]{hub} }
sub sandbox { my ($self, $side) = @_; return $self->{sandbox}{$side} }

# A person with an account in each, and an empty project linked to a container of each. sides => [...]
# takes some of them only.
sub person
{
	my ($self, $name, %options) = @_;
	my @sides = @{ $options{sides} // \@SIDES };
	my $hub = $self->{hub};
	my $user = $hub->value(q{SELECT tasksync.create_user(:'email')}, email => "$name\@example.com");
	my $person = bless { %$self, user => $user, sides => \@sides, name => $name }, 'TaskSync::Three::Person';

	$person->{project} = $hub->value(q{INSERT INTO tasksync.projects (user_id, name) VALUES (:'u', 'P') RETURNING id}, u => $user);
	foreach my $side (@sides)
	{
		my $sandbox = $self->{sandbox}{$side};
		my $who = $sandbox->add_user(email => "$name\@example.com", timezone => 'UTC');
		my $token = $person->{token}{$side} = $who->{token};

		$person->{container}{$side} =
			$side eq 'todoist' ? $sandbox->edit($token, { type => 'project_add', temp_id => 'p', args => { name => 'P' } })->{temp_id_mapping}{p}
		  : $side eq 'google_tasks' ? $sandbox->edit($token, { type => 'list_add', temp_id => 'p', args => { title => 'P' } })->{temp_id_mapping}{p}
		  : $sandbox->seed(token => $token, title => 'P', tasks => 0, sync_id => JSON::PP::true)->{data_source_id};
		$person->{account}{$side} = $hub->connect($sandbox, user_id => $user, token => $token)->{account_id};
		$hub->quiet($person->{account}{$side});
		$hub->sql(q{SELECT tasksync.link_project(:'a', :'r', :'p')},
			a => $person->{account}{$side}, r => $person->{container}{$side}, p => $person->{project});
		$hub->quiet($person->{account}{$side});
	}
	return $person;
}

package TaskSync::Three::Person;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Test::More;

sub sql { my ($self, $sql, %values) = @_; return $self->{hub}->sql($sql, u => $self->{user}, p => $self->{project}, %values) }
sub account { my ($self, $side) = @_; return $self->{account}{$side} }

sub hub_add
{
	my ($self, %fields) = @_;
	my @names = sort keys %fields;
	return $self->sql("INSERT INTO tasksync.tasks (user_id, project_id, " . join(', ', @names) . ") VALUES (:'u', :'p', "
		. join(', ', map { ":'$_'" } @names) . ') RETURNING id', %fields);
}

# one field of one task here
sub here
{
	my ($self, $title, $field) = @_;
	return $self->sql("SELECT ($field)::text FROM tasksync.tasks WHERE user_id = :'u' AND title = :'t'", t => $title);
}

sub set
{
	my ($self, $title, %fields) = @_;
	$self->sql('UPDATE tasksync.tasks SET ' . join(', ', map { "$_ = " . (defined $fields{$_} ? ":'$_'" : 'NULL') } sort keys %fields)
		. q{ WHERE user_id = :'u' AND title = :'t'}, t => $title, map { ($_ => $fields{$_}) } grep { defined $fields{$_} } keys %fields);
	return;
}

# everybody looks, until nobody has anything to say: what one side brings goes out to the others
sub settle
{
	my ($self, @sides) = @_;

	@sides = @{ $self->{sides} } unless @sides;
	foreach my $round (1 .. 2)
	{
		$self->{hub}->sql(q{SELECT tasksync.sync_now(:'a')}, a => $self->{account}{$_}) foreach @sides;
		$self->{hub}->quiet($self->{account}{$_}) foreach @{ $self->{sides} };
	}
	return;
}

# edits on several sides before anybody looks
sub meanwhile
{
	my ($self, $edits) = @_;

	$self->{hub}->sql(q{SELECT tasksync.pause_account(:'a')}, a => $self->{account}{$_}) foreach @{ $self->{sides} };
	$edits->();
	$self->{hub}->sql(q{SELECT tasksync.resume_account(:'a')}, a => $self->{account}{$_}) foreach @{ $self->{sides} };
	$self->settle;
	return;
}

sub edit { my ($self, $side, @commands) = @_; return $self->{sandbox}{$side}->edit($self->{token}{$side}, @commands) }
sub fault { my ($self, $side, %fault) = @_; return $self->{sandbox}{$side}->faults({ token => $self->{token}{$side}, %fault }) }
sub requests { my ($self, $side) = @_; return $self->{sandbox}{$side}->requests($self->{token}{$side}) }
sub mark { my ($self) = @_; $_->clear_log foreach values %{ $self->{sandbox} }; return }

# how many commands were sent to this side since mark()
sub writes { my ($self, $side) = @_; my $n = 0; $n += ref $_->{commands} ? @{ $_->{commands} } : $_->{commands} // 0 foreach $self->requests($side); return $n }

# the tasks of the container that are there, as {title, notes, due, priority, labels, status, parent, id}
sub tasks_at
{
	my ($self, $side) = @_;
	my $all = $self->{sandbox}{$side}->tasks($self->{token}{$side});
	my $read = \&{"read_$side"};
	my %tasks = map { ($_->{id} => $read->($self, $_)) } grep { container_of($side, $_) eq $self->{container}{$side} } values %$all;

	return [ sort { $a->{title} cmp $b->{title} } values %tasks ];
}

sub container_of
{
	my ($side, $task) = @_;
	return $side eq 'todoist' ? $task->{project_id} : $side eq 'google_tasks' ? $task->{list_id} : $task->{parent}{data_source_id};
}

sub read_todoist
{
	my ($self, $t) = @_;
	return { id => $t->{id}, title => $t->{content}, notes => $t->{description}, due => substr($t->{due}{date} // '', 0, 10), recurring => $t->{due}{is_recurring},
		priority => { 1 => 0, 2 => 1, 3 => 2, 4 => 4 }->{ $t->{priority} }, labels => join(' ', sort @{ $t->{labels} }),
		status => $t->{checked} ? 'done' : 'open', parent => $t->{parent_id}, raw => $t };
}

sub read_google_tasks
{
	my ($self, $t) = @_;
	return { id => $t->{id}, title => $t->{title}, notes => $t->{notes} // '', due => substr($t->{due} // '', 0, 10),
		status => $t->{status} eq 'completed' ? 'done' : 'open', parent => $t->{parent}, raw => $t };
}

sub read_notion
{
	my ($self, $t) = @_;
	my $plain = $t->{plain};
	my $due = ref $plain->{Due} ? $plain->{Due}{start} : $plain->{Due};
	return { id => $t->{id}, title => $t->{title}, notes => $plain->{Description} // '', due => substr($due // '', 0, 10),
		priority => { '' => 0, Low => 1, Medium => 2, High => 3, Urgent => 4 }->{ $plain->{Priority} // '' },
		labels => join(' ', sort @{ $plain->{Labels} // [] }), status => ($plain->{Status} // '') eq 'Done' ? 'done' : 'open',
		parent => $plain->{'Parent item'}[0], raw => $t };
}

# one task there, for what the person does with it in the app
sub at
{
	my ($self, $side, $title) = @_;
	my ($task) = grep { $_->{title} eq $title } @{ $self->tasks_at($side) };
	croak "$side has no task '$title'" unless $task;
	return bless { person => $self, side => $side, %$task }, 'TaskSync::Three::Task';
}

sub titles_at { my ($self, $side) = @_; return join ',', map { $_->{title} } @{ $self->tasks_at($side) } }
sub titles { my ($self) = @_; return $self->sql(q{SELECT coalesce(string_agg(title, ',' ORDER BY title COLLATE "C"), '') FROM tasksync.tasks WHERE user_id = :'u' AND project_id = :'p'}) }

# every side shows what the hub has, as far as it can
sub is_equal
{
	my ($self, $name) = @_;
	my @hub = map { my @cells = split /\|/, $_, -1;
		{ title => $cells[0], notes => $cells[1], due => $cells[2], priority => $cells[3], labels => $cells[4], status => $cells[5] } }
	  split /\n/, $self->sql(q{SELECT title, description, due_date, priority, array_to_string(labels, ' '), status FROM tasksync.tasks
		WHERE user_id = :'u' AND project_id = :'p' ORDER BY title COLLATE "C"});
	my %fields = (todoist => [qw(title notes due labels status)], google_tasks => [qw(title notes due status)], notion => [qw(title notes due priority labels status)]);
	my $same = 1;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	foreach my $side (@{ $self->{sides} })
	{
		my @want = map { my $t = $_; join '|', map { $t->{$_} } @{ $fields{$side} } } @hub;
		my @have = map { my $t = $_; join '|', map { $t->{$_} // '' } @{ $fields{$side} } } @{ $self->tasks_at($side) };
		next if "@want" eq "@have";
		$same = 0;
		diag("$side has\n  " . join("\n  ", @have) . "\nthe hub has\n  " . join("\n  ", @want));
	}
	return ok($same, $name);
}

# and nobody writes anything any more
sub is_quiet
{
	my ($self, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$self->mark;
	$self->settle;
	return is(join(',', map { "$_ " . $self->writes($_) } @{ $self->{sides} }), join(',', map { "$_ 0" } @{ $self->{sides} }), $name);
}

package TaskSync::Three::Task;

use strict;
use warnings FATAL => 'all';

my %command = (
	retitle => {
		todoist => sub { (item_update => content => $_[0]) },
		google_tasks => sub { (task_update => title => $_[0]) },
		notion => sub { (page_update => properties => { Name => $_[0] }) } },
	note => {
		todoist => sub { (item_update => description => $_[0]) },
		google_tasks => sub { (task_update => notes => $_[0]) },
		notion => sub { (page_update => properties => { Description => $_[0] }) } },
	due => {
		todoist => sub { (item_update => due => { date => $_[0] }) },
		google_tasks => sub { (task_update => due => $_[0]) },
		notion => sub { (page_update => properties => { Due => $_[0] }) } },
	label => {
		todoist => sub { (item_update => labels => [@_]) },
		notion => sub { (page_update => properties => { Labels => [@_] }) } },
	complete => {
		todoist => sub { ('item_close') },
		google_tasks => sub { ('task_complete') },
		notion => sub { (page_update => properties => { Status => 'Done' }) } },
	remove => {
		todoist => sub { ('item_delete') },
		google_tasks => sub { ('task_delete') },
		notion => sub { ('page_trash') } });

# $task->retitle('new'), ->note, ->due, ->label(names), ->complete, ->remove
foreach my $verb (keys %command)
{
	no strict 'refs';
	*{"TaskSync::Three::Task::$verb"} = sub {
		my ($self, @values) = @_;
		my ($type, %args) = $command{$verb}{ $self->{side} }->(@values);
		return $self->{person}->edit($self->{side}, { type => $type, args => { id => $self->{id}, %args } });
	};
}

1;
