# Todoist's known pitfalls, as far as they concern what the engine does with the service's answers:
# one subtest each, under the number that docs/providers/todoist.md gives the pitfall. What concerns
# only the shape of requests and answers is in test/unit/test_todoist_*.c.
use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use PostgreSQL::Test::Utils ();
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\n");

my @secrets;    # every token of this file, for trap 24
my $names = 0;

sub add { my ($title, %more) = @_; return { type => 'item_add', temp_id => 't' . ++$names, args => { content => $title, %more } } }

sub close_there { my ($id) = @_; return { type => 'item_close', args => { id => $id } } }

# Somebody whose Todoist account holds what these commands make, in step with the hub.
sub person
{
	my ($name, @commands) = @_;
	my %side = %{ $todoist->add_user(email => "$name\@example.com") };

	push @secrets, $side{token};
	$todoist->edit($side{token}, @commands) if @commands;
	return Person->new(%side, %{ $hub->connect($todoist, email => "$name\@example.com", token => $side{token}, link_all => 1) });
}

# What a test asks of such a person.
package Person
{
	sub new { my ($class, %self) = @_; return bless {%self}, $class }

	sub sql { my ($self, $sql, %more) = @_; return $hub->value($sql, u => $self->{user_id}, a => $self->{account_id}, %more) }
	sub sync { my ($self) = @_; return $hub->sync($self->{account_id}) }
	sub quiet { my ($self) = @_; return $hub->quiet($self->{account_id}) }
	sub pause { my ($self) = @_; return $self->sql(q{SELECT tasksync.pause_account(:'a')}) }
	sub resume { my ($self) = @_; $self->sql(q{SELECT tasksync.resume_account(:'a')}); return $self->quiet }
	sub edit { my ($self, @commands) = @_; return $todoist->edit($self->{token}, @commands) }
	sub fault { my ($self, @faults) = @_; return $todoist->faults(map { { token => $self->{token}, %{$_} } } @faults) }
	sub health { my ($self) = @_; return $self->sql(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}) }
	sub versions { my ($self) = @_; return $self->sql(q{SELECT coalesce(sum(version), 0) || '/' || count(*) FROM tasksync.tasks WHERE user_id = :'u'}) }
	sub graves { my ($self) = @_; return $self->sql(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}) }
	sub field { my ($self, $title, $field) = @_; return $self->sql(qq{SELECT $field FROM tasksync.tasks WHERE user_id = :'u' AND title = :'t'}, t => $title) }
	sub titles { my ($self) = @_; return $self->sql(q{SELECT string_agg(title, ',' ORDER BY title COLLATE "C") FROM tasksync.tasks WHERE user_id = :'u'}) }
	sub titles_there { my ($self) = @_; return join ',', sort map { $_->{content} } values %{ $todoist->tasks($self->{token}) } }

	# The one item of this title, completed or not, but not deleted.
	sub there
	{
		my ($self, $title) = @_;
		my @found = grep { $_->{content} eq $title } values %{ $todoist->tasks($self->{token}) };
		die "$title: " . scalar(@found) . ' times' if @found != 1;
		return $found[0];
	}

	# From here on: requests, and the types of the commands in them.
	sub mark { my ($self) = @_; $self->{mark} = $todoist->log->{next}; return }
	sub requests { my ($self) = @_; return @{ $todoist->control(GET => "log?since=$self->{mark}")->{requests} } }
	sub written { my ($self) = @_; return join ',', map { @{ $_->{types} // [] } } $self->requests }
	sub keys_sent { my ($self) = @_; my %n; $n{$_}++ foreach map { @{ $_->{uuids} // [] } } $self->requests; return \%n }

	sub failed
	{
		my ($self) = @_;
		$hub->wait_for(q{SELECT failures > 0 AND leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $self->{account_id});
		return $self->sql(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'});
	}

	# A complete read at the next run.
	sub lose_cursor { my ($self) = @_; return $self->fault({ kind => 'reject_token_400' }) }
}

package main;

subtest 'trap 1: the echo of our own writes changes nothing and causes nothing' => sub {
	my $ann = person('trap1', add('Theirs', labels => ['x']));

	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title, description, labels, due_date) VALUES (:'u', 'Ours', 'note', '{b,a}', '2030-01-02');
		UPDATE tasksync.tasks SET title = 'Theirs, renamed' WHERE user_id = :'u' AND title = 'Theirs'});
	$ann->quiet;
	my $versions = $ann->versions;
	my $journal = $ann->sql(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u'});

	$ann->mark;
	$ann->sync for 1 .. 3;
	is($ann->versions, $versions, 'no task is written');
	is($ann->sql(q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u'}), $journal, 'nothing is journalled');
	is($ann->written, '', 'nothing is sent');
	is(scalar($ann->requests), 3, 'one request each');
};

subtest 'trap 2: full_sync:true without data in the answer to commands is no snapshot' => sub {
	my $ann = person('trap2', map { add("kept $_") } 1 .. 8);

	$ann->edit(add('Came meanwhile'));
	$ann->pause;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'Ours')});
	$ann->fault({ kind => 'commands_only', match => { command => 'item_add' } });
	$ann->mark;
	$ann->resume;
	is(scalar(grep { grep { $_ eq 'commands_only' } @{ $_->{faults} // [] } } $ann->requests), 1, 'there was such an answer');
	is($ann->titles, 'Came meanwhile,Ours,' . join(',', map { "kept $_" } 1 .. 8), 'every task is here, also the one that its token would skip');
	is($ann->titles_there, $ann->titles, 'and there');
	is($ann->graves, 0, 'nothing is buried');
};

subtest 'trap 3: absent from a complete list: completed, archived, deleted are told apart' => sub {
	my $ann = person('trap3',
		{ type => 'project_add', temp_id => 'attic', args => { name => 'Attic' } },
		add('In the attic', project_id => 'attic'),
		(map { add("kept $_") } 1 .. 20), add('Completed'), add('Deleted'));
	my ($attic) = grep { $_->{name} eq 'Attic' } @{ $todoist->state($ann->{token})->{projects} };

	$ann->edit(close_there($ann->there('Completed')->{id}),
		{ type => 'item_delete', args => { id => $ann->there('Deleted')->{id} } },
		{ type => 'project_archive', args => { id => $attic->{id} } });
	$ann->lose_cursor;
	$ann->sync;
	is($ann->field('Completed', 'status'), 'done', 'the completed one is completed');
	is($ann->field('In the attic', 'status'), 'open', 'the one in an archived project is left alone');
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Deleted'}), 0, 'the deleted one is deleted');
	is($ann->sql(q{SELECT count(*) || ' ' || max(proof) FROM tasksync.graves WHERE user_id = :'u'}), '1 point_read', 'on the proof of a question of its own');
};

subtest 'trap 4: a complete list from the past does not show what is new, and deletes nothing' => sub {
	my $ann = person('trap4', map { add("kept $_") } 1 .. 20);

	$ann->fault({ kind => 'stale_full_sync', lag_s => 120 });
	$ann->edit(add('Too new'));
	$ann->sync;
	is($ann->field('Too new', 'count(*)'), 1, 'the new task is known');
	my $versions = $ann->versions;

	$ann->lose_cursor;
	$ann->mark;
	$ann->sync;
	is(join(',', map { $_->{kind} } grep { $_->{path} =~ /sync$/ } $ann->requests), 'delta,full,delta', 'the list from the past is followed by what happened since');
	is(scalar(grep { $_->{path} !~ /sync$/ } $ann->requests), 0, 'nobody was suspected to be missing');
	is($ann->versions, $versions, 'nothing was changed or deleted');
};

subtest 'trap 5: a token rejected or answered in full while changes wait on both sides' => sub {
	foreach my $kind (qw(reject_token_400 downgrade_to_full))
	{
		my $ann = person("trap5-$kind", add('Mine to rename'), add('Theirs to rename'), add('Mine to close'), map { add("kept $_") } 1 .. 5);

		$ann->pause;
		$ann->sql(q{UPDATE tasksync.tasks SET title = 'Renamed here' WHERE user_id = :'u' AND title = 'Mine to rename';
			UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title = 'Mine to close';
			INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'New here')});
		$ann->edit(add('New there'),
			{ type => 'item_update', args => { id => $ann->there('Theirs to rename')->{id}, content => 'Renamed there' } });
		$ann->fault({ kind => $kind });
		$ann->mark;
		$ann->resume;
		my $all = 'Mine to close,New here,New there,Renamed here,Renamed there,' . join(',', map { "kept $_" } 1 .. 5);
		is($ann->titles, $all, "$kind: all here");
		is($ann->titles_there, $all, "$kind: all there, each once");
		ok($ann->there('Mine to close')->{checked}, "$kind: completed there");
		is($ann->graves, 0, "$kind: nothing deleted");
		is($ann->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u'}), 0, "$kind: no conflict");
		is(scalar(grep { $_ != 1 } values %{ $ann->keys_sent }), 0, "$kind: no command was carried out under two requests") if $kind eq 'downgrade_to_full';
		$ann->mark;
		$ann->sync;
		is($ann->written, '', "$kind: and then it is quiet");
	}
};

subtest 'trap 6: an occurrence completed at Todoist is a later date, not a completion' => sub {
	my $ann = person('trap6', add('Water plants', due => { string => 'every day', date => '2030-03-01' }));

	$ann->edit(close_there($ann->there('Water plants')->{id}));
	$ann->sync;
	is($ann->field('Water plants', q{status || ' ' || due_date || ' ' || recurrence}), 'open 2030-03-02 every day', 'open, a day later, still recurring');
	$ann->mark;
	$ann->sync;
	is($ann->written, '', 'and nothing is sent');
};

subtest 'trap 7: a completion whose answer is lost advances a recurring task once' => sub {
	foreach my $loss ({ kind => 'cut_after_commit' }, { kind => 'status', status => 502, applied => JSON::PP::true }, { kind => 'partial_batch', drop => 9 })
	{
		my $name = "$loss->{kind}";
		my $ann = person("trap7-$name", add('Daily', due => { string => 'every day', date => '2030-03-01' }));

		$ann->fault({ %{$loss}, match => { command => 'item_close' } });
		$ann->mark;
		$ann->sql(q{UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title = 'Daily'});
		wait_until('the completion was sent', sub { $ann->written =~ /item_close/ });
		$ann->resume;
		is($ann->there('Daily')->{due}{date}, '2030-03-02', "$name: one day later there");
		is($ann->field('Daily', q{status || ' ' || due_date}), 'open 2030-03-02', "$name: and here, open again");
		is($ann->written, 'item_close', "$name: it was not sent again") if $name ne 'partial_batch';
	}
};

subtest 'trap 9: an object under a new id keeps its task, and waiting changes follow it' => sub {
	foreach my $tombstone (JSON::PP::true, JSON::PP::false)
	{
		my $how = $tombstone ? 'with a tombstone' : 'without a word';
		my $ann = person('trap9-' . ($tombstone ? 'a' : 'b'), add('Wanderer', description => 'kept'), map { add("kept $_") } 1 .. 20);
		my $old = $ann->there('Wanderer')->{id};
		my $hub_id = $ann->field('Wanderer', 'id');

		$ann->pause;
		my $new = $todoist->control(POST => 'reidentify', { token => $ann->{token}, id => $old, tombstone => $tombstone })->{new_id};
		$ann->sql(q{UPDATE tasksync.tasks SET title = 'Wanderer, renamed' WHERE user_id = :'u' AND title = 'Wanderer'});
		$ann->resume;
		$ann->sync;
		is($ann->field('Wanderer, renamed', 'id'), $hub_id, "$how: it is the same task here");
		is($ann->sql(q{SELECT remote_id || ' ' || state FROM tasksync.task_links WHERE user_id = :'u' AND task_id = :'h'}, h => $hub_id), "$new live", "$how: linked to the new id");
		is($ann->titles, 'Wanderer, renamed,' . join(',', sort map { "kept $_" } 1 .. 20), "$how: no second one here");
		is($ann->titles_there, $ann->titles, "$how: none there, and the new title arrived");
	}
};

subtest 'trap 14: a change of place is a move, next to the update of the rest' => sub {
	my $ann = person('trap14', { type => 'project_add', temp_id => 'p', args => { name => 'Away' } },
		{ type => 'section_add', temp_id => 's', args => { name => 'Shelf', project_id => 'p' } }, add('Parent', project_id => 'p'), add('Traveller'));

	$todoist->control(POST => 'config', { item_update_moves => 'reject' });
	$ann->mark;
	$ann->sql(q{UPDATE tasksync.tasks t SET title = 'Arrived', project_id = s.project_id, section_id = s.id
		FROM tasksync.sections s WHERE s.user_id = :'u' AND t.user_id = :'u' AND t.title = 'Traveller'});
	$ann->quiet;
	my ($section) = grep { $_->{name} eq 'Shelf' } @{ $todoist->state($ann->{token})->{sections} };
	is(join('|', @{ $ann->there('Arrived') }{qw(project_id section_id)}), "$section->{project_id}|$section->{id}", 'it is in the section');
	is(join(',', sort split /,/, $ann->written), 'item_move,item_update', 'by a move and an update');

	$ann->sql(q{UPDATE tasksync.tasks t SET parent_id = p.id, section_id = NULL FROM tasksync.tasks p
		WHERE p.user_id = :'u' AND p.title = 'Parent' AND t.user_id = :'u' AND t.title = 'Arrived'});
	$ann->quiet;
	is($ann->there('Arrived')->{parent_id}, $ann->there('Parent')->{id}, 'and then below another task');
	is($ann->sql(q{SELECT count(*) FROM tasksync.dead_letters WHERE user_id = :'u'}), 0, 'nothing was refused');
	$todoist->control(POST => 'config', { item_update_moves => 'ignore' });
};

subtest 'trap 15: what happens to a subtree happens to it once, in the right order' => sub {
	my $tree = sub { my ($n) = @_; my @c = (add("top $n"), add("middle $n"), add("leaf $n")); $c[1]{args}{parent_id} = $c[0]{temp_id}; $c[2]{args}{parent_id} = $c[1]{temp_id}; return @c };
	my $ann = person('trap15', $tree->(1), $tree->(2), map { add("kept $_") } 1 .. 30);

	$ann->edit(close_there($ann->there('top 1')->{id}));
	$ann->sync;
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE '% 1' AND title !~ 'kept' AND status = 'done'}), 3, 'completed there with all below it: all three here');
	$ann->edit({ type => 'item_uncomplete', args => { id => $ann->there('leaf 1')->{id} } });
	$ann->sync;
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE '% 1' AND title !~ 'kept' AND status = 'open'}), 3, 'reopened from below: all three');

	$ann->sql(q{UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title = 'top 2'});
	$ann->quiet;
	is(join('', map { $ann->there("$_ 2")->{checked} ? 1 : 0 } qw(top middle leaf)), '111', 'completed here: all three there');
	$ann->mark;
	$ann->sync;
	is($ann->written, '', 'and quiet');

	$ann->sql(q{DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title IN ('top 1', 'middle 1', 'leaf 1')});
	$ann->quiet;
	is(scalar(grep { / 1$/ && !/kept/ } split /,/, $ann->titles_there), 0, 'deleted here: all gone there');
	is($ann->sql(q{SELECT count(*) FROM tasksync.dead_letters WHERE user_id = :'u'}), 0, 'without a refusal');

	# a tree made here arrives with its shape
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'root');
		INSERT INTO tasksync.tasks (user_id, title, parent_id) SELECT :'u', 'child', id FROM tasksync.tasks WHERE user_id = :'u' AND title = 'root'});
	$ann->quiet;
	is($ann->there('child')->{parent_id}, $ann->there('root')->{id}, 'parents are created before children');
};

subtest 'trap 16: a full project is a matter of one task, not of the account' => sub {
	my $ann = person('trap16');

	$ann->fault({ kind => 'command_error', error => 'MAX_ITEMS', times => 0, match => { command => 'item_add', content => 'over' } });
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'one over the limit'), (:'u', 'fits')});
	$ann->quiet;
	is($ann->titles_there, 'fits', 'the other task arrives');
	is($ann->sql(q{SELECT error_code FROM tasksync.dead_letters WHERE user_id = :'u'}), 'MAX_ITEMS_LIMIT_REACHED', 'the one waits with the reason');
	is($ann->health . ' ' . $ann->sql(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}), 'dead letters active', 'nobody has to connect again');
	$ann->mark;
	$ann->sync;
	is($ann->written, '', 'it is not tried again and again');
	$todoist->clear_faults;
	$ann->sql(q{SELECT tasksync.retry(:'a')});
	$ann->quiet;
	is($ann->titles_there, 'fits,one over the limit', 'with room again, retry() sends it');
};

subtest 'trap 17: what one may not change in a shared project concerns that object alone' => sub {
	my $ann = person('trap17', add('Read only'), add('Mine'));

	$ann->fault({ kind => 'command_error', error => 'FORBIDDEN', times => 0, id_is => $ann->there('Read only')->{id} });
	$ann->sql(q{UPDATE tasksync.tasks SET description = 'edited here' WHERE user_id = :'u'});
	$ann->quiet;
	is($ann->there('Mine')->{description}, 'edited here', 'the other edit arrives');
	is($ann->sql(q{SELECT error_code FROM tasksync.dead_letters WHERE user_id = :'u'}), 'FORBIDDEN', 'the refused one waits with the reason');
	is($ann->sql(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}), 'active', 'the account works');
	$ann->edit({ type => 'item_update', args => { id => $ann->there('Read only')->{id}, content => 'Edited there' } });
	$ann->mark;
	$ann->sync;
	is($ann->field('Edited there', 'count(*)'), 1, 'what others change still comes in');
	# that change may have been what was missing, so the refused edit is tried once more, and not again
	is($ann->written, 'item_update', 'our refused edit is tried once more because the object changed');
	$ann->sync for 1 .. 3;
	is($ann->written, 'item_update', 'and then it waits');
	is($ann->health, 'dead letters', 'in sight');
	$todoist->clear_faults;
};

subtest 'trap 18: commands without a status in an answer of 200 are not taken for done, nor done twice' => sub {
	my $ann = person('trap18');

	$ann->fault({ kind => 'partial_batch', drop => 4 });
	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'task ' || n FROM generate_series(0, 9) n});
	$ann->quiet;
	is($ann->titles_there, join(',', map { "task $_" } 0 .. 9), 'each task is there once');
	is($ann->titles, $ann->titles_there, 'and here');
	my %sent = %{ $ann->keys_sent };
	is(scalar(keys %sent), 10, 'ten keys in all');
	cmp_ok(scalar(grep { $_ > 1 } values %sent), '<=', 4, 'and what had its status was not sent again');
};

subtest 'trap 19: only what changed is sent' => sub {
	my $ann = person('trap19', add('Title', description => 'note', priority => 3, labels => ['a']));

	$ann->pause;
	$ann->edit({ type => 'item_update', args => { id => $ann->there('Title')->{id}, description => 'their note', priority => 4 } });
	$ann->sql(q{UPDATE tasksync.tasks SET title = 'Our title' WHERE user_id = :'u'});
	$ann->resume;
	is(join('|', @{ $ann->there('Our title') }{qw(description priority)}), 'their note|4', 'their fields are theirs');
	is($ann->field('Our title', q{description || '|' || priority}), 'their note|4', 'and here as well');
};

subtest 'trap 20: an order that changes by itself writes no task' => sub {
	my $ann = person('trap20', map { add("task $_") } 1 .. 5);
	my $before = $ann->sql(q{SELECT string_agg(title || coalesce(description, ''), ',' ORDER BY title) FROM tasksync.tasks WHERE user_id = :'u'});

	$ann->edit({ type => 'item_reorder', args => { items => [ map { { id => $ann->there("task $_")->{id}, child_order => 6 - $_ } } 1 .. 5 ] } });
	$ann->mark;
	$ann->sync;
	$ann->sync;
	is($ann->written, '', 'nothing is sent');
	is($ann->sql(q{SELECT string_agg(title || coalesce(description, ''), ',' ORDER BY title) FROM tasksync.tasks WHERE user_id = :'u'}), $before, 'the contents are the same');
};

subtest 'trap 21: a text that comes back altered is written once' => sub {
	my $ann = person('trap21');

	$ann->fault({ kind => 'alter_content', mode => 'upper', times => 0 });
	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title, due_date, recurrence) VALUES (:'u', '  shout  ', '2030-01-01', 'every  day')});
	$ann->quiet;
	$ann->sync for 1 .. 5;
	is($ann->written, 'item_add', 'one write, and no reply to the reply');
	is($ann->titles_there, 'SHOUT', 'as the service has it there');
	$ann->sql(q{UPDATE tasksync.tasks SET title = 'whisper' WHERE user_id = :'u'});
	$ann->quiet;
	$ann->sync for 1 .. 5;
	is($ann->written, 'item_add,item_update', 'an edit is one more');
	$todoist->clear_faults;
};

# ---- tokens ----

my %app = (client_id => 'tasksync-test-app', client_secret => 'a-secret-of-the-app-0123456789');
push @secrets, $app{client_secret};

# Somebody connected through an app, with a token pair as the consent page gives it.
sub app_person
{
	my ($name, $expires) = @_;
	my %side = %{ $todoist->add_user(email => "$name\@example.com") };
	my $pair = $todoist->control(POST => 'oauth/tokens', { client_id => $app{client_id}, token => $side{token} });
	my $user = $hub->value(q{SELECT tasksync.create_user(:'e')}, e => "$name\@example.com");

	push @secrets, $side{token}, @{$pair}{qw(access_token refresh_token)};
	$todoist->edit($side{token}, map { add("kept $_") } 1 .. 3);
	my $account = $hub->value(q{SELECT account_id FROM tasksync.connect_account('todoist', user_id => :'u', token => :'t')},
		u => $user, t => $pair->{access_token});
	$hub->sql(q{SELECT tasksync.store_account_token(:'u', :'a', :'t', :'r')}, u => $user, a => $account, t => $pair->{access_token}, r => $pair->{refresh_token});
	$hub->sql(q{SELECT tasksync.link_all(:'a')}, a => $account);
	$hub->sync($account);
	return Person->new(%side, user_id => $user, account_id => $account, pair => $pair);
}

sub renewals { my ($ann) = @_; return scalar grep { $_->{path} =~ /access_token$/ } $ann->requests }

$todoist->control(POST => 'oauth/apps', {%app});
$hub->sql(q{SELECT tasksync.set_provider_credentials('todoist', :'i', :'s')}, i => $app{client_id}, s => $app{client_secret});

subtest 'trap 23: a token that ran out is renewed once, and the request repeated' => sub {
	my $ann = app_person('trap23a');
	my $sealed = q{SELECT access_sealed || refresh_sealed FROM tasksync.account_tokens WHERE account_id = :'a'};
	my $old = $ann->sql($sealed);

	$ann->pause;
	$todoist->control(POST => 'oauth/expire', { access_token => $ann->{pair}{access_token} });
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'After the renewal')});
	$ann->mark;
	$ann->resume;
	is(renewals($ann), 1, 'one renewal');
	is($ann->titles_there, 'After the renewal,kept 1,kept 2,kept 3', 'what waited was sent, once');
	isnt($ann->sql($sealed), $old, 'both tokens were replaced');
	is($ann->sql(q{SELECT access_expires_at BETWEEN now() + interval '50 minutes' AND now() + interval '61 minutes' FROM tasksync.account_tokens WHERE account_id = :'a'}), 't',
		'and when it ends is known');

	# before it runs out: nobody waits for a refusal
	$ann->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '1 minute' WHERE account_id = :'a'});
	$ann->mark;
	$ann->sync;
	is(join(',', map { "$_->{kind} $_->{status}" } $ann->requests), 'oauth 200,delta 200', 'one that is about to run out is renewed first: the rotated token works');
	$ann->mark;
	$ann->sync;
	is(renewals($ann), 0, 'and then it is used');
};

subtest 'trap 23: one refresher at a time, however often somebody asks' => sub {
	my $ann = app_person('trap23b');

	$ann->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '1 minute' WHERE account_id = :'a'});
	$todoist->faults({ kind => 'slow_ms', ms => 1200, match => { path => 'access_token$' } });
	$ann->mark;
	foreach my $n (1 .. 5)
	{
		$ann->sql(q{SELECT tasksync.sync_now(:'a')});
		$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'asks ' || :'n')}, n => $n);
	}
	$ann->quiet;
	is(renewals($ann), 1, 'one renewal');
	is($ann->titles_there, join(',', (map { "asks $_" } 1 .. 5), map { "kept $_" } 1 .. 3), 'and everything was sent with its token');
	is($ann->health, 'active', 'the account works');
};

subtest 'trap 23: the new pair is kept before it is used: a crash in between costs no consent' => sub {
	my $ann = app_person('trap23c');

	$ann->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '1 minute' WHERE account_id = :'a'});
	$hub->sql(q{ALTER SYSTEM SET tasksync.test_points = 'tokens-stored:crash:1'; });
	$hub->sql(q{ALTER SYSTEM SET restart_after_crash = on});
	my $from = $hub->log_size;
	$hub->node->restart;
	$hub->worker_pid;
	$ann->mark;
	$ann->sql(q{SELECT tasksync.sync_now(:'a')});
	wait_until('the worker dies with the new tokens stored', sub { $hub->log_text($from) =~ /test point "tokens-stored".*crash/ });
	wait_until('the server is up again', sub { eval { $hub->value('SELECT 1') } && $hub->log_text($from) =~ /recovery.*ready to accept/s });
	$hub->sql(q{ALTER SYSTEM RESET tasksync.test_points});
	$hub->sql(q{SELECT pg_reload_conf()});
	$todoist->clock(advance_s => 120);    # past the grace in which a used refresh token is forgiven
	$ann->sync;
	is(renewals($ann), 1, 'the first renewal was enough');
	is($ann->health, 'active', 'and the next run works with it');
};

subtest 'trap 23: the answer to a renewal is lost: asked again within the minute, the account works on, and the grant lives' => sub {
	my $ann = app_person('trap23e');

	$ann->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '1 minute' WHERE account_id = :'a'});
	$todoist->faults({ kind => 'cut_after_commit', match => { path => 'access_token$' } });
	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'In spite of it')});
	$ann->sync;
	is(renewals($ann), 2, 'asked twice');
	is($ann->titles_there, 'In spite of it,kept 1,kept 2,kept 3', 'the same access token came again, and works');
	is($ann->sql(q{SELECT refresh_sealed IS NULL AND access_expires_at > now() FROM tasksync.account_tokens WHERE account_id = :'a'}), 't',
		'the refresh token is spent and forgotten');
	is($ann->sql(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}), 'renewal_lost', 'and the operator can read what is coming');

	# repeated now, the spent token would end the whole grant
	$todoist->clock(advance_s => 120);
	$ann->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '1 minute' WHERE account_id = :'a'});
	$ann->mark;
	$ann->sync;
	is(join(',', map { "$_->{kind} $_->{status}" } $ann->requests), 'delta 200', 'it is not sent again: the access token lives as long as it was given');
	is($ann->health, 'active', 'the account works');
	$todoist->clock(advance_s => 3600);
	$ann->sql(q{SELECT tasksync.sync_now(:'a')});
	$hub->wait_for(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}, 'reauth_required', a => $ann->{account_id});
	is(renewals($ann), 0, 'and asks for consent when that is over');
};

subtest 'trap 23: a withdrawn consent stops the account until it is connected again, and loses nothing' => sub {
	my $ann = app_person('trap23d');
	my $versions = $ann->versions;

	$todoist->control(POST => 'oauth/revoke', { client_id => $app{client_id}, token => $ann->{token} });
	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'Written meanwhile')});
	$hub->wait_for(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}, 'reauth_required', a => $ann->{account_id});
	is($ann->health, 'reauth required', 'the account asks for a new consent');
	like($ann->sql(q{SELECT reason || ' ' || next_step FROM tasksync.account_health WHERE account_id = :'a'}), qr/connect the account again.*reconnect_account\(/, 'and says how');
	is($ann->sql(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}), 'invalid_grant', 'with the reason');
	is(renewals($ann), 1, 'the refresh token was tried once');

	$ann->mark;
	$todoist->edit($ann->{token}, add('Came meanwhile'));
	$ann->sql(q{UPDATE tasksync.tasks SET description = 'edited meanwhile' WHERE user_id = :'u' AND title = 'kept 1'});
	my ($code, undef, $error) = $hub->try_sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->{account_id});
	like($error, qr/55000.*reconnect_account/s, 'sync_now() says so too');
	$hub->sync($_) foreach split /\n/, $hub->sql(q{SELECT id FROM tasksync.accounts WHERE state = 'active' LIMIT 1});
	is(scalar(grep { ($_->{user_id} // '') eq $ann->{user_id} } $ann->requests), 0, 'nothing is sent while it is closed');
	is($ann->titles, 'Written meanwhile,kept 1,kept 2,kept 3', 'every task is still here');

	# the wrong person's token must not mix two people's tasks
	my %other = %{ $todoist->add_user(email => 'trap23-other@example.com') };
	push @secrets, $other{token};
	$todoist->edit($other{token}, add('Private'));
	$ann->sql(q{SELECT tasksync.reconnect_account(:'a', :'t')}, t => $other{token});
	$hub->wait_for(q{SELECT state FROM tasksync.accounts WHERE id = :'a'}, 'reauth_required', a => $ann->{account_id});
	is($ann->sql(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}), 'other_identity', 'somebody else\'s token is recognised');
	is($ann->titles, 'Written meanwhile,kept 1,kept 2,kept 3', 'nothing of theirs comes in');
	is(join(',', map { $_->{content} } values %{ $todoist->tasks($other{token}) }), 'Private', 'nothing of ours goes there');

	my $again = $todoist->control(POST => 'oauth/tokens', { client_id => $app{client_id}, token => $ann->{token} });
	push @secrets, @{$again}{qw(access_token refresh_token)};
	$ann->sql(q{SELECT tasksync.reconnect_account(:'a', :'t')}, t => $again->{access_token});
	$ann->quiet;
	is($ann->titles, 'Came meanwhile,Written meanwhile,kept 1,kept 2,kept 3', 'connected again, it goes on: what came');
	is($ann->titles_there, $ann->titles, 'and what waited');
	is($ann->there('kept 1')->{description}, 'edited meanwhile', 'edits too');
	is($ann->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u'}) + $ann->graves, 0, 'no conflict, nothing deleted');
};

subtest 'trap 25: requests are cut by bytes as well as by number' => sub {
	my $ann = person('trap25');

	$ann->mark;
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title, description)
		SELECT :'u', 'long ' || n, left(repeat(md5(n::text), 512), 16000) FROM generate_series(1, 99) n});
	$ann->quiet;
	is(scalar(split /,/, $ann->titles_there), 99, 'all are there');
	my @writes = grep { @{ $_->{types} // [] } } $ann->requests;
	cmp_ok(scalar(@writes), '>=', 2, 'in more than one request, although their number would fit into one');
	is(scalar(grep { $_->{bytes_in} > 1024 * 1024 } @writes), 0, 'none of more than 1 MiB');
	is(scalar(grep { $_->{status} != 200 } @writes), 0, 'none refused');
	is(length($ann->there('long 7')->{description}), 16000, 'and the notes are whole');
};

subtest 'trap 26: applied but never answered: the same commands again, and each once' => sub {
	foreach my $loss ({ kind => 'cut_after_commit' }, { kind => 'status', status => 504, applied => JSON::PP::true })
	{
		my $ann = person("trap26-$loss->{kind}", add('Rename me'), add('Close me'), add('Delete me'), map { add("kept $_") } 1 .. 20);

		$ann->pause;
		$ann->sql(q{INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'new ' || n FROM generate_series(1, 4) n;
			UPDATE tasksync.tasks SET title = 'Renamed' WHERE user_id = :'u' AND title = 'Rename me';
			UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title = 'Close me';
			DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title = 'Delete me'});
		# the creates, then the changes: each time the answer is lost
		$ann->fault({ %{$loss}, match => { command => 'item_add' } }, { %{$loss}, match => { command => 'item_delete' } });
		$ann->mark;
		$ann->sql(q{SELECT tasksync.resume_account(:'a')});
		foreach my $lost (1 .. 2)
		{
			wait_until("answer $lost is lost", sub { $lost <= grep { @{ $_->{faults} // [] } } $ann->requests });
			$ann->failed;
			$ann->sql(q{SELECT tasksync.resume_account(:'a')});
		}
		$ann->quiet;
		my $all = join ',', 'Close me', 'Renamed', (sort map { "kept $_" } 1 .. 20), map { "new $_" } 1 .. 4;
		is($ann->titles_there, $all, "$loss->{kind}: all there, each once");
		is($ann->titles, $all, "$loss->{kind}: all here");
		ok($ann->there('Close me')->{checked}, "$loss->{kind}: completed");
		my %sent = %{ $ann->keys_sent };
		my @adds = map { my $r = $_; map { $r->{uuids}[$_] } grep { $r->{types}[$_] eq 'item_add' } 0 .. $#{ $r->{types} // [] } } $ann->requests;
		is(scalar(keys %{ { map { $_ => 1 } @adds } }), 4, "$loss->{kind}: the creates went out under the same four keys");
		cmp_ok(scalar(@adds), '>', 4, "$loss->{kind}: more than once");
		is($ann->sql(q{SELECT count(*) FROM tasksync.intents WHERE user_id = :'u'}), 0, "$loss->{kind}: every command has its outcome");
	}
};

subtest 'trap 24: no token in a log, a table, a statistic or any file of the server' => sub {
	my $secret = join '|', map { quotemeta } @secrets;
	my $log = $hub->log_text;

	cmp_ok(scalar(@secrets), '>=', 20, 'there are tokens to look for');
	like($log, qr/$secret/, 'the statements that this test sends do hold some: they can be found');
	# what remains are lines of the server and of the worker
	$log =~ s/^.*LOG:  statement: .*\n(?:\t.*\n)*//mg;
	unlike($log, qr/$secret/, 'none in the log besides those statements');

	my $rows = 0;
	foreach my $table (split /\n/, $hub->sql(q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'tasksync'::regnamespace AND relkind IN ('r', 'v')}))
	{
		my $text = $hub->sql("SELECT t::text FROM $table t");
		$rows += () = $text =~ /\n/g;
		unlike($text, qr/$secret/, "none in $table");
	}
	cmp_ok($rows, '>', 1000, 'the tables were not empty');

	# while a request with a token is under way
	my $ann = person('trap24');
	$ann->fault({ kind => 'slow_ms', ms => 700 });
	$ann->mark;
	$ann->sql(q{SELECT tasksync.sync_now(:'a')});
	$hub->wait_for(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tasksync worker' AND query ~ 'account'}, 1);
	my $activity = $hub->sql(q{SELECT s FROM pg_stat_activity s WHERE backend_type LIKE 'tasksync%'});
	like($activity, qr/tasksync worker/, 'the worker shows in the statistics');
	unlike($activity, qr/$secret/, 'without a token');
	$ann->quiet;

	# tables, indexes, write-ahead log, temporary files: as text and as the hexadecimal of bytea
	$hub->stop;
	my $patterns = PostgreSQL::Test::Utils::tempdir() . '/patterns';
	PostgreSQL::Test::Utils::append_to_file($patterns, join('', map { "$_\n" . unpack('H*', $_) . "\n" } @secrets));
	my $folder = $hub->node->data_dir;
	my ($found) = PostgreSQL::Test::Utils::run_command([ 'grep', '-rlaF', '-f', $patterns, $folder ]);
	is($found, '', 'none in any file of the data directory');
	my ($titles) = PostgreSQL::Test::Utils::run_command([ 'grep', '-rlaF', 'After the renewal', $folder ]);
	isnt($titles, '', 'where a title can be found');
};

done_testing();
