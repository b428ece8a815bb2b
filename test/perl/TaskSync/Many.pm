=head1 NAME

TaskSync::Many - the same day's work for many people, each with an account of their own

=head1 SYNOPSIS

  my @people = TaskSync::Many::people($hub, $todoist, 30);   # linked, equal, paused
  TaskSync::Many::change($hub, $todoist, @people);           # edits on both sides of each
  $hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $people[0]{account_id});
  ...
  is(TaskSync::Many::here($hub, $person), TaskSync::Many::there($todoist, $person));

=head1 DESCRIPTION

Tests that repeat one run many times, each time disturbed in another way, need accounts that begin
alike and end alike. Everything that can be done for all of them in one statement is, because the
number of repetitions is what such a test is for.

=cut

package TaskSync::Many;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use JSON::PP ();

my $json = JSON::PP->new->canonical;
my $made = 0;

sub item { my (%args) = @_; my $temp = delete $args{temp}; return command('item_add', $temp, %args) }

sub command
{
	my ($type, $temp, %args) = @_;
	return { type => $type, args => \%args, ($temp ? (temp_id => $temp) : ()) };
}

# What everybody has before the day begins.
sub beginnings
{
	my $home = 'p1';
	return (
		command('project_add', $home, name => 'Home'),
		command('section_add', 's1', name => 'Kitchen', project_id => $home),
		command('label_add', 'l1', name => 'errand'),
		item(temp => 'parent', content => 'tree', project_id => $home),
		item(content => 'branch', parent_id => 'parent'),
		item(content => 'retitled here', project_id => $home, section_id => 's1'),
		item(content => 'labelled here', project_id => $home),
		item(content => 'moved here', project_id => $home),
		item(content => 'completed here', project_id => $home),
		item(content => 'deleted here', project_id => $home, labels => ['errand']),
		item(content => 'watered', project_id => $home,
			due => { date => '2035-03-01', string => 'every day', is_recurring => JSON::PP::true }),
		item(temp => 'there1', content => 'retitled there', project_id => $home),
		item(temp => 'there2', content => 'completed there', project_id => $home),
		item(temp => 'there3', content => 'deleted there', project_id => $home),
		item(temp => 'both', content => 'both', description => 'first', project_id => $home));
}

=head2 people($hub, $sandbox, $count, %options)

So many new people with a linked, quiet and paused account each. With C<< first_sync => 1 >> the
accounts are connected and linked but never ran.

=cut

sub people
{
	my ($hub, $todoist, $count, %options) = @_;
	my @people = map { {
		%{ $todoist->add_user(email => sprintf('p%04d@example.com', ++$made), timezone => 'UTC') },
		number => $made
	} } 1 .. $count;

	foreach my $person (@people)
	{
		my $answer = $todoist->edit($person->{token}, beginnings());
		$person->{remote} = $answer->{temp_id_mapping};
	}
	my $list = $json->encode([ map { { token => $_->{token}, email => $_->{email} } } @people ]);
	my @rows = split /\n/, $hub->sql(q{
		CREATE TEMP TABLE made AS
		SELECT r.email, r.token, tasksync.create_user(r.email) AS user_id
		FROM jsonb_to_recordset(:'list') r(email text, token text);
		CREATE TEMP TABLE joined AS
		SELECT m.email, m.user_id, a.account_id FROM made m
		CROSS JOIN LATERAL tasksync.connect_account('todoist', user_id => m.user_id, token => m.token) a;
		SELECT count(tasksync.set_sync_interval(account_id, interval '24 hours')) FROM joined \gset x
		SELECT sum(tasksync.link_all(account_id)) FROM joined \gset x
		SELECT email || ' ' || user_id || ' ' || account_id FROM joined;}, list => $list);
	my %of = map { my ($email, @ids) = split / /; ($email => \@ids) } @rows;
	@$_{qw(user_id account_id)} = @{ $of{ $_->{email} } } foreach @people;
	return () unless @people; return @people if $options{first_sync};
	quiet($hub, @people);
	each_account($hub, 'pause_account', @people);
	return @people;
}

sub ids { return join ',', map { $_->{account_id} } @_ }

sub each_account
{
	my ($hub, $function, @people) = @_;
	$hub->sql("SELECT tasksync.$function(x::uuid) FROM unnest(string_to_array(:'ids', ',')) x",
		ids => ids(@people));
	return;
}

sub quiet
{
	my ($hub, @people) = @_;
	my $loud = $hub->sql(q{SELECT x FROM unnest(string_to_array(:'ids', ',')) x
		WHERE NOT tasksync.wait_for_sync(x::uuid, '60 s')}, ids => ids(@people));
	croak "not quiet: $loud\n" . $hub->sql('SELECT * FROM tasksync.account_health') if $loud ne '';
	return;
}

=head2 change($hub, $sandbox, @people)

The day's work, on both sides, while the accounts are paused. Here: a project, section, label, tree
of tasks are made, tasks are edited, moved, completed (one of them recurring) and deleted; there:
made, edited, completed, deleted; one task is edited on both sides in different fields.

=cut

sub change
{
	my ($hub, $todoist, @people) = @_;

	foreach my $person (@people)
	{
		my $id = $person->{remote};
		$todoist->edit($person->{token},
			command('item_update', undef, id => $id->{there1}, content => 'retitled there: done'),
			command('item_close', undef, id => $id->{there2}),
			command('item_delete', undef, id => $id->{there3}),
			command('item_update', undef, id => $id->{both}, description => 'second, from there'),
			command('section_add', 's2', name => 'Cellar', project_id => $id->{p1}),
			item(temp => 'n1', content => 'new there', section_id => 's2', project_id => $id->{p1}),
			item(content => 'new there, below', parent_id => 'n1'));
	}
	$hub->sql(q{
		BEGIN;
		CREATE TEMP TABLE who ON COMMIT DROP AS
		SELECT a.user_id FROM tasksync.accounts a
		WHERE a.id = ANY (string_to_array(:'ids', ',')::uuid[]);
		INSERT INTO tasksync.projects (user_id, name, color) SELECT user_id, 'Garden', 'green' FROM who;
		INSERT INTO tasksync.sections (user_id, project_id, name)
		SELECT p.user_id, p.id, 'Beds' FROM tasksync.projects p JOIN who USING (user_id) WHERE p.name = 'Garden';
		INSERT INTO tasksync.labels (user_id, name) SELECT user_id, 'spring' FROM who;
		INSERT INTO tasksync.tasks (user_id, title, description, project_id, section_id, labels, due_date, priority)
		SELECT s.user_id, 'new here', E'two\nlines', s.project_id, s.id, '{spring}', '2035-04-01', 3
		FROM tasksync.sections s JOIN who USING (user_id) WHERE s.name = 'Beds';
		INSERT INTO tasksync.tasks (user_id, title, project_id, section_id, parent_id)
		SELECT t.user_id, 'new here, below', t.project_id, t.section_id, t.id
		FROM tasksync.tasks t JOIN who USING (user_id) WHERE t.title = 'new here';
		INSERT INTO tasksync.tasks (user_id, title, project_id, parent_id)
		SELECT t.user_id, 'new here, below a known one', t.project_id, t.id
		FROM tasksync.tasks t JOIN who USING (user_id) WHERE t.title = 'tree';
		INSERT INTO tasksync.tasks (user_id, title, status)
		SELECT user_id, 'new here and done', 'done' FROM who;
		UPDATE tasksync.tasks t SET title = 'retitled here: done', due_date = '2035-05-01'
		FROM who w WHERE t.user_id = w.user_id AND t.title = 'retitled here';
		UPDATE tasksync.tasks t SET labels = '{errand,spring}'
		FROM who w WHERE t.user_id = w.user_id AND t.title = 'labelled here';
		UPDATE tasksync.tasks t SET project_id = p.id, section_id = NULL, priority = 1
		FROM who w JOIN tasksync.projects p USING (user_id)
		WHERE t.user_id = w.user_id AND t.title = 'moved here' AND p.name = 'Garden';
		UPDATE tasksync.tasks t SET status = 'done' FROM who w
		WHERE t.user_id = w.user_id AND t.title IN ('completed here', 'watered');
		UPDATE tasksync.tasks t SET title = 'both, from here' FROM who w
		WHERE t.user_id = w.user_id AND t.title = 'both';
		DELETE FROM tasksync.tasks t USING who w WHERE t.user_id = w.user_id AND t.title = 'deleted here';
		COMMIT;}, ids => ids(@people));
	return;
}

=head2 here($hub, $person), there($sandbox, $person)

All the person's tasks, projects, sections and labels as text, one line each, sorted: equal on both
sides when nothing was lost or doubled. Completed tasks are in it, deleted ones are not.

=cut

sub here
{
	my ($hub, $person) = @_;
	return $hub->sql(q{
		SELECT line FROM (
		SELECT concat_ws(' | ', 'task', t.title, replace(t.description, E'\n', '\n'), t.status,
			array_to_string(t.labels, '+'), 'due ' || coalesce(t.due_date::text, '-'),
			CASE WHEN t.recurrence IS NULL THEN 'once' ELSE 'again' END,
			CASE WHEN p.is_inbox THEN 'Inbox' ELSE p.name END, coalesce(s.name, '-'), coalesce(up.title, '-'))
		FROM tasksync.tasks t JOIN tasksync.projects p ON p.user_id = t.user_id AND p.id = t.project_id
		LEFT JOIN tasksync.sections s ON s.user_id = t.user_id AND s.id = t.section_id
		LEFT JOIN tasksync.tasks up ON up.user_id = t.user_id AND up.id = t.parent_id
		WHERE t.user_id = :'user'
		UNION ALL SELECT 'project | ' || CASE WHEN is_inbox THEN 'Inbox' ELSE name END
		FROM tasksync.projects WHERE user_id = :'user'
		UNION ALL SELECT 'section | ' || s.name || ' | ' || p.name
		FROM tasksync.sections s JOIN tasksync.projects p USING (user_id)
		WHERE s.user_id = :'user' AND p.id = s.project_id
		UNION ALL SELECT 'label | ' || name FROM tasksync.labels WHERE user_id = :'user') x(line)
		ORDER BY line COLLATE "C"}, user => $person->{user_id});
}

sub there
{
	my ($todoist, $person) = @_;
	my $state = $todoist->state($person->{token});
	my %alive = map { my $kind = $_; ($kind => [ grep { !$_->{is_deleted} } @{ $state->{$kind} } ]) }
	  qw(items projects sections labels);
	my %project = map { ($_->{id} => $_->{inbox_project} ? 'Inbox' : $_->{name}) } @{ $alive{projects} };
	my %section = map { ($_->{id} => $_->{name}) } @{ $alive{sections} };
	my %title = map { ($_->{id} => $_->{content}) } @{ $alive{items} };
	my @lines;

	foreach my $item (@{ $alive{items} })
	{
		my $notes = $item->{description} // '';
		my $due = $item->{due} // {};
		$notes =~ s/\n/\\n/g;
		push @lines, join ' | ', 'task', $item->{content}, $notes,
		  ($item->{checked} ? 'done' : 'open'),
		  join('+', sort @{ $item->{labels} }), 'due ' . ($due->{date} // '-'),
		  ($due->{is_recurring} ? 'again' : 'once'), $project{ $item->{project_id} },
		  (defined $item->{section_id} ? $section{ $item->{section_id} } : '-'),
		  (defined $item->{parent_id} ? $title{ $item->{parent_id} } // '?' : '-');
	}
	push @lines, "project | $_" foreach values %project;
	push @lines, "section | $_->{name} | $project{$_->{project_id}}" foreach @{ $alive{sections} };
	push @lines, "label | $_->{name}" foreach @{ $alive{labels} };
	return join "\n", sort @lines;
}

=head2 unfinished($hub, $person)

What a converged account has not: intents, dirty or refused links, open runs, conflicts, links
without an object or objects without a link. Empty text when all is well.

=cut

sub unfinished
{
	my ($hub, $person) = @_;
	return $hub->sql(q{
		SELECT 'intent ' || op || ' ' || state || ' ' || patch::text FROM tasksync.intents WHERE account_id = :'a'
		UNION ALL SELECT 'link ' || state || ' dirty ' || dirty || ' ' || coalesce(error_code, '') || ' '
			|| coalesce(missing_since::text, '') || base::text
		FROM tasksync.links WHERE account_id = :'a'
			AND (dirty OR state <> 'live' OR error_code IS NOT NULL OR missing_since IS NOT NULL)
		UNION ALL SELECT 'run ' || phase FROM tasksync.sync_runs WHERE account_id = :'a' AND finished_at IS NULL
		UNION ALL SELECT 'conflict ' || field || ' ' || rule || ' ' || coalesce(base::text, '') || ' '
			|| coalesce(hub::text, '') || ' ' || coalesce(remote::text, '')
		FROM tasksync.conflicts WHERE user_id = :'u'
		UNION ALL SELECT 'held ' || change || ' ' || status FROM tasksync.held_changes WHERE user_id = :'u'
		UNION ALL SELECT 'lease' FROM tasksync.schedules WHERE account_id = :'a' AND leased_until IS NOT NULL
		UNION ALL SELECT 'no link for ' || kind || ' ' || name FROM (
			SELECT 'task', id, title FROM tasksync.tasks WHERE user_id = :'u'
			UNION ALL SELECT 'project', id, name FROM tasksync.projects WHERE user_id = :'u'
			UNION ALL SELECT 'section', id, name FROM tasksync.sections WHERE user_id = :'u'
			UNION ALL SELECT 'label', id, name FROM tasksync.labels WHERE user_id = :'u') h(kind, hub_id, name)
		WHERE NOT EXISTS (SELECT FROM tasksync.links l WHERE l.user_id = :'u' AND l.hub_id = h.hub_id)},
		a => $person->{account_id}, u => $person->{user_id});
}

# What became of the account, for a failed test to show.
sub story
{
	my ($hub, $person) = @_;
	return unfinished($hub, $person) . "\n" . $hub->sql(q{
		SELECT started_at, outcome, error_code, error_message, requests, items_pushed FROM tasksync.sync_runs
		WHERE account_id = :'a' ORDER BY 1;
		SELECT now(), next_due, leased_until, requested_at, attempts, failures, runs, error_code
		FROM tasksync.schedules WHERE account_id = :'a'}, a => $person->{account_id});
}

# Times that the recurring task was completed, as the service counts it.
sub completions
{
	my ($todoist, $person) = @_;
	my @watered = grep { $_->{content} eq 'watered' } values %{ $todoist->tasks($person->{token}) };
	return join ',', map { $_->{completed_count} } @watered;
}

1;
