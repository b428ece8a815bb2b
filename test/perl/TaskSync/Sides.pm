=head1 NAME

TaskSync::Sides - one person with two Todoist accounts, for tests about what both sides end up with

=head1 SYNOPSIS

  my $sides = TaskSync::Sides->start;
  my $task = $sides->add_task(content => 'Buy milk');
  $sides->meanwhile(sub {
      $sides->edit_task(a => $task, content => 'Buy oat milk');
      $sides->edit_task(b => $task, priority => 4);
  });
  $sides->is_equal('both accounts and the hub');

=head1 DESCRIPTION

The sides are C<a> and C<b>; the hub stands between them. A task (or project, section, label) is
known by its hub id; C<remote_id> tells what it is called at a side. Everything that is compared is
compared by names and not by ids, so that three views of the same things are equal data.

=cut

package TaskSync::Sides;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use JSON::PP ();
use Test::More;
use Unicode::Normalize qw(NFC);

use TaskSync::Hub;
use TaskSync::Sandbox;

=head2 start(settings => text, link_all => 1, name => 'ann', on => $sides)

The stand-in, a server, a person and both accounts, linked and quiet. With C<on> the person lives in
the same stand-in and server as the one of these sides.

=cut

sub start
{
	my ($class, %options) = @_;
	my $todoist = $options{on} ? $options{on}->todoist : TaskSync::Sandbox->start;
	# Nothing that is read before is fresh enough: each test edits within the same moment.
	my $hub = $options{on} ? $options{on}->hub : TaskSync::Hub->start(
		todoist => $todoist,
		settings => "tasksync.read_before_write = 0\n" . ($options{settings} // ''));
	my $self = bless { todoist => $todoist, hub => $hub }, $class;

	foreach my $side (qw(a b))
	{
		$self->{$side} = $hub->connect(
			$todoist,
			email => "$side." . ($options{name} // 'ann') . '@example.com',
			user_id => $self->{user},
			link_all => $options{link_all} // 1,
			timezone => 'Europe/Lisbon');
		$self->{user} = $self->{$side}{user_id};
	}
	$self->settle if $options{link_all} // 1;
	return $self;
}

sub todoist { return $_[0]{todoist} }
sub hub { return $_[0]{hub} }
sub user { return $_[0]{user} }
sub account { my ($self, $side) = @_; return $self->{$side}{account_id} }
sub token { my ($self, $side) = @_; return $self->{$side}{token} }

# SQL with :'user', :'a' and :'b' (the account ids) set.
sub sql
{
	my ($self, $sql, %values) = @_;
	return $self->{hub}->sql(
		$sql,
		user => $self->user,
		a => $self->account('a'),
		b => $self->account('b'),
		%values);
}

=head2 settle(@order)

A round of each side, one after the other (C<a>, C<b> if not told), then whatever these rounds
caused, until both are quiet.

=cut

sub settle
{
	my ($self, @order) = @_;
	@order = qw(a b) unless @order;
	# one psql for all: each statement is a transaction of its own
	my @steps = map { ("SELECT tasksync.sync_now(:'$_')", "SELECT tasksync.wait_for_sync(:'$_', '30 s')") }
	  @order;
	push @steps, map { "SELECT tasksync.wait_for_sync(:'$_', '30 s')" } (qw(a b) x 2);
	my $said = $self->sql(join(";\n", @steps) . ";\n");
	croak "not quiet:\n" . $self->trouble if $said =~ /^f$/m;
	return;
}

# What stands in the way, for a failed test to show.
sub trouble
{
	my ($self) = @_;
	return join "\n",
	  $self->sql('SELECT * FROM tasksync.account_health'),
	  $self->sql('SELECT kind, state, dirty, error_code, error_message, missing_since, l.hub_id FROM tasksync.links l'
		  . " WHERE dirty OR error_code IS NOT NULL OR state <> 'live' OR missing_since IS NOT NULL"),
	  $self->sql('SELECT * FROM tasksync.intents');
}

=head2 meanwhile($edits, @order)

Runs the edits while no account is read, so that they all happen "at the same time", then settles.

=cut

sub meanwhile
{
	my ($self, $edits, @order) = @_;
	$self->sql(q{SELECT tasksync.pause_account(:'a'); SELECT tasksync.pause_account(:'b')});
	$edits->();
	@order = qw(a b) unless @order;
	foreach my $side (@order)
	{
		$self->sql(qq{SELECT tasksync.resume_account(:'$side');
			SELECT tasksync.wait_for_sync(:'$side', '30 s')});
	}
	$self->settle(@order);
	return;
}

# ---- making things ----

# A command of the person in one side's app; returns the new id, if there is one.
sub edit
{
	my ($self, $side, $type, %args) = @_;
	my $answer = $self->{todoist}->edit($self->token($side),
		{ type => $type, temp_id => 'new', args => \%args });
	return $answer->{temp_id_mapping}{new};
}

# add(kind => args): made at side a, settled; the hub id.
sub add
{
	my ($self, $kind, %args) = @_;
	my %type = (task => 'item_add', project => 'project_add', section => 'section_add', label => 'label_add');
	my $remote = $self->edit('a', $type{$kind}, %args);
	$self->settle;
	return $self->hub_id(a => $kind, $remote);
}

sub add_task { my ($self, %args) = @_; return $self->add(task => %args) }

sub hub_id
{
	my ($self, $side, $kind, $remote) = @_;
	return $self->sql(
		qq{SELECT hub_id FROM tasksync.links
			WHERE account_id = :'$side' AND kind = :'kind' AND remote_id = :'remote'},
		kind => $kind,
		remote => $remote);
}

sub remote_id
{
	my ($self, $side, $hub_id) = @_;
	return $self->sql(
		qq{SELECT remote_id FROM tasksync.links WHERE account_id = :'$side' AND hub_id = :'hub_id'},
		hub_id => $hub_id);
}

sub edit_task
{
	my ($self, $side, $hub_id, %args) = @_;
	return $self->edit($side, 'item_update', id => $self->remote_id($side, $hub_id), %args);
}

# The person's command on something that exists: at(b => $task, 'item_close').
sub at
{
	my ($self, $side, $hub_id, $type, %args) = @_;
	return $self->edit($side, $type, id => $self->remote_id($side, $hub_id), %args);
}

# The task as one side has it; undef when it is not there.
sub item
{
	my ($self, $side, $hub_id) = @_;
	my $remote = $self->remote_id($side, $hub_id);
	return $self->{todoist}->tasks($self->token($side))->{$remote};
}

# Tasks of a side with this title, deleted ones left out.
sub items_named
{
	my ($self, $side, $title) = @_;
	return grep { $_->{content} eq $title } values %{ $self->{todoist}->tasks($self->token($side)) };
}

# One column (or expression) of a task of the hub.
sub task
{
	my ($self, $hub_id, $what) = @_;
	return $self->sql("SELECT $what FROM tasksync.tasks WHERE id = :'id'", id => $hub_id);
}

sub set_task
{
	my ($self, $hub_id, $assignments) = @_;
	$self->sql("UPDATE tasksync.tasks SET $assignments WHERE id = :'id'", id => $hub_id);
	return;
}

# The names of a side's own labels.
sub labels
{
	my ($self, $side) = @_;
	my $labels = $self->{todoist}->state($self->token($side))->{labels};
	return join ',', sort map { $_->{name} } grep { !$_->{is_deleted} } @$labels;
}

# "field rule status" of each conflict of this object, sorted.
sub conflicts
{
	my ($self, $hub_id) = @_;
	return $self->sql(
		q{SELECT coalesce(string_agg(field || ' ' || rule || ' ' || status, ', ' ORDER BY field, rule, status), 'none')
			FROM tasksync.conflicts WHERE hub_id = :'id'},
		id => $hub_id);
}

# ---- comparing ----

sub due_text
{
	my ($due) = @_;
	return '' unless $due;
	return join ' ', $due->{date}, grep { defined } $due->{timezone}, $due->{is_recurring} ? $due->{string} : ();
}

=head2 view($side)

What a side holds, by names: projects, sections, and tasks by title. Deleted things are left out, of
completed tasks nothing but that they are done. Labels count where tasks carry them: Todoist has
names on tasks without a label of their own.

=cut

sub view
{
	my ($self, $side) = @_;
	my $state = $self->{todoist}->state($self->token($side));
	my %by_id = map { ($_->{id} => $_) }
	  map { @{ $state->{$_} } } qw(projects sections items);
	my $name = sub {
		my ($id) = @_;
		my $object = defined $id ? $by_id{$id} : undef;
		return '' unless $object;
		return 'inbox' if $object->{inbox_project} || $object->{is_inbox_project};
		return $object->{name} // $object->{content};
	};
	my (@projects, @sections, @tasks);

	foreach my $project (@{ $state->{projects} })
	{
		push @projects, join '/', $name->($project->{parent_id}), $name->($project->{id})
		  unless $project->{is_deleted};
	}
	foreach my $section (@{ $state->{sections} })
	{
		push @sections, join '/', $name->($section->{project_id}), $section->{name}
		  unless $section->{is_deleted};
	}
	foreach my $item (grep { !$_->{is_deleted} } @{ $state->{items} })
	{
		push @tasks, $item->{checked} ? "$item->{content} done" : join '|', $item->{content},
		  $item->{description}, $item->{priority}, join(',', sort @{ $item->{labels} }),
		  due_text($item->{due}), $name->($item->{project_id}), $name->($item->{section_id}),
		  $name->($item->{parent_id});
	}
	return {
		projects => [ sort @projects ],
		sections => [ sort @sections ],
		tasks => [ sort @tasks ],
	};
}

# The same of the hub.
sub hub_view
{
	my ($self) = @_;
	# in the shape of view(): Todoist's priorities 1 to 4, an instant where there is a zone
	my $json = $self->sql(<<'EOSQL');
SELECT jsonb_build_object(
	'projects', (SELECT coalesce(jsonb_agg(concat_ws('/', CASE WHEN u.is_inbox THEN 'inbox' ELSE coalesce(u.name, '') END,
		CASE WHEN p.is_inbox THEN 'inbox' ELSE p.name END)), '[]')
		FROM tasksync.projects p LEFT JOIN tasksync.projects u ON u.id = p.parent_id WHERE p.user_id = :'user'),
	'sections', (SELECT coalesce(jsonb_agg(concat_ws('/', CASE WHEN p.is_inbox THEN 'inbox' ELSE p.name END, s.name)), '[]')
		FROM tasksync.sections s JOIN tasksync.projects p ON p.id = s.project_id WHERE s.user_id = :'user'),
	'tasks', (SELECT coalesce(jsonb_agg(CASE WHEN t.status = 'done' THEN t.title || ' done' ELSE
		concat(t.title, '|', t.description, '|', least(4, t.priority + 1), '|',
			(SELECT string_agg(l, ',' ORDER BY l COLLATE "C") FROM unnest(t.labels) l), '|',
			concat_ws(' ', CASE WHEN t.due_timezone IS NOT NULL THEN
				to_char((t.due_date + t.due_time) AT TIME ZONE t.due_timezone AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
				ELSE concat_ws('T', t.due_date, t.due_time) END, t.due_timezone, t.recurrence), '|',
			CASE WHEN p.is_inbox THEN 'inbox' ELSE p.name END, '|', s.name, '|', u.title) END), '[]')
		FROM tasksync.tasks t JOIN tasksync.projects p ON p.id = t.project_id
		LEFT JOIN tasksync.sections s ON s.id = t.section_id
		LEFT JOIN tasksync.tasks u ON u.id = t.parent_id WHERE t.user_id = :'user'))
EOSQL
	utf8::encode($json) if utf8::is_utf8($json);
	my $view = JSON::PP->new->utf8->decode($json);
	return $view;
}

# Two spellings of one text are one text: composed or not, CRLF or LF, blanks at the ends of lines.
sub canonical
{
	my ($view) = @_;
	foreach my $list (values %$view)
	{
		@$list = sort map { s/[ \t\r]+$//mgr } map { NFC($_) } @$list;
	}
	return $view;
}

# Lines that one of two views has alone: < the side, > the hub.
sub differences
{
	my ($there, $hub) = @_;
	my %count;
	foreach my $list (keys %$hub)
	{
		$count{$_}++ foreach @{ $there->{$list} };
		$count{$_}-- foreach @{ $hub->{$list} };
	}
	return map { $count{$_} > 0 ? "< $_" : "> $_" } grep { $count{$_} } sort keys %count;
}

# Both sides and the hub hold the same.
sub is_equal
{
	my ($self, $what) = @_;
	my $hub = canonical($self->hub_view);

	foreach my $side (qw(a b))
	{
		my $there = canonical($self->view($side));
		is_deeply($there, $hub, ($what // 'equal') . ": side $side as the hub")
		  or diag(join "\n", differences($there, $hub), $self->trouble);
	}
	return;
}

# A round of both sides costs one request each, which writes nothing, and changes nothing here.
sub is_quiet
{
	my ($self, $what) = @_;
	my $versions = q{SELECT (SELECT sum(version) FROM tasksync.tasks), (SELECT count(*) FROM tasksync.journal),
		(SELECT count(*) FROM tasksync.conflicts)};
	my $before = $self->sql($versions);

	$self->{todoist}->clear_log;
	$self->settle;
	foreach my $side (qw(a b))
	{
		my @requests = $self->{todoist}->requests($self->token($side));
		is(join(' ', map { "$_->{kind}:" . ($_->{commands} // 0) } @requests), 'delta:0',
			($what // 'quiet') . ": one request of side $side, which only reads");
	}
	is($self->sql($versions), $before, ($what // 'quiet') . ': nothing changed in the hub');
	return;
}

1;
