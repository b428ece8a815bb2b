# The mutation bar: fifteen bugs that sync engines are known for, each built into the testing flavour
# (src/base/testpoint.h) and each caught here. Every check runs twice: in the engine as it is nothing is
# wrong, with the bug something is. The list with what catches it is printed.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Sides;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;
my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(
	todoist => $todoist,
	google_tasks => $google,
	settings => "tasksync.read_before_write = 0\n");
my $world = bless { todoist => $todoist, hub => $hub }, 'TaskSync::Sides';
my $count = 0;
my $sides;    # two accounts of somebody new for each check

sub set
{
	my ($setting, $value, $told) = @_;
	my $from = $hub->log_size;
	$hub->worker_pid;
	$hub->sql("ALTER SYSTEM SET tasksync.$setting = '$value'");
	$hub->sql('SELECT pg_reload_conf()');
	wait_until("the worker knows $setting '$value'", sub { index($hub->log_text($from), $told) >= 0 });
	return;
}

sub mutant { my ($name) = @_; set(mutant => $name, qq(mutant "$name" lives)); return }
sub points { my ($list) = @_; set(test_points => $list, qq(test points "$list" are armed)); return }

# One run of one side, which may fail.
sub try_side
{
	my ($side) = @_;
	$sides->sql(qq{SELECT tasksync.resume_account(:'$side')});
	$hub->wait_for(q{SELECT leased_until IS NULL AND requested_at IS NULL FROM tasksync.schedules WHERE account_id = :'x'},
		't', x => $sides->account($side));
	$sides->sql(qq{SELECT tasksync.pause_account(:'$side')});
	return;
}

# Both sides until nothing happens, or not: a mutant may never come to rest.
sub settle
{
	eval { $sides->settle; 1 } or return 'does not come to rest';
	return '';
}

sub title_at
{
	my ($side, $task) = @_;
	return ($sides->item($side => $task) // {})->{content} // 'gone';
}

sub differs { my ($got, $expected, $what) = @_; return $got eq $expected ? '' : "$what: $got, not $expected" }

sub writes_of_a_round
{
	$todoist->clear_log;
	my $problem = settle();
	my $writes = 0;
	$writes += $_->{commands} // 0 foreach map { $todoist->requests($sides->token($_)) } qw(a b);
	return $problem || ($writes ? "a quiet round writes $writes commands" : '');
}

my $yes = JSON::PP::true;
my @bar = (
	[ 'base before ack', 'a write that never arrived is sent again', sub {
		my $task = $sides->add_task(content => 'before');
		$sides->meanwhile(sub {
			$sides->set_task($task, q{title = 'after'});
			$todoist->faults({ kind => 'cut_before', token => $sides->token('b'), match => { writes => $yes } });
			try_side('b');
		});
		return differs(title_at(b => $task), 'after', 'title at b');
	} ],
	[ 'compare raw', 'two spellings of one text are no conflict', sub {
		return differs($hub->sql(q{SELECT coalesce(jsonb_array_length(conflicts), 0) FROM tasksync.merge_task('{"title": "a"}',
			jsonb_build_object('title', U&'\00e9t\00e9'), jsonb_build_object('title', U&'e\0301te\0301'))}), 0,
			'conflicts of one word');
	} ],
	[ 'PUT instead of PATCH', 'an edit of another field between our read and our write is kept', sub {
		my $task = $sides->add_task(content => 'mine', description => 'old');
		$sides->sql(q{SELECT tasksync.pause_account(:'a'); SELECT tasksync.pause_account(:'b')});
		$sides->set_task($task, 'priority = 3');
		points('intents-committed:wait:2');
		my $from = $hub->log_size;
		$sides->sql(q{SELECT tasksync.resume_account(:'b')});
		wait_until('it is between read and write', sub { index($hub->log_text($from), 'waiting') >= 0 });
		$sides->edit_task(b => $task, description => 'theirs');
		points('');
		$sides->sql(q{SELECT tasksync.resume_account(:'a')});
		return settle() || differs($sides->task($task, 'description'), 'theirs', 'notes');
	} ],
	[ 'absence=delete', 'a task that a whole read lacks is looked for', sub {
		my ($task, $other) = map { $sides->add_task(content => $_) } 'there', 'other';
		$todoist->faults({ kind => 'reject_token_400', token => $sides->token('b') },
			{ kind => 'drop_rows', token => $sides->token('b'), resource => 'items', ids => [ $sides->remote_id(b => $task) ],
				match => { sync => 'full' } });
		return settle() || differs(title_at(a => $task), 'there', 'at a');
	} ],
	[ 'cursor from local clock', 'a provider whose clock is behind is read without gaps', sub {
		my $ann = google_person('behind');
		$google->clock(advance_s => -3600);
		$hub->sync($ann->{account_id});
		$google->edit($ann->{token}, { type => 'task_add', args => { title => 'late' } });
		$hub->sync($ann->{account_id});
		$google->clock(advance_s => 3600);
		return differs($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND title = 'late'},
			u => $ann->{user_id}), 1, 'tasks that came');
	} ],
	[ '> instead of >=', 'a second edit under the same stamp counts', sub {
		my $task = $sides->add_task(content => 'one');
		$todoist->control(POST => 'config', { updated_at_micros => JSON::PP::false });
		$todoist->clock(now => $todoist->clock->{now}, freeze => $yes);
		$sides->edit_task(b => $task, content => 'two');
		my $problem = settle();
		$sides->edit_task(b => $task, content => 'three');
		$problem ||= settle();
		$todoist->clock(now => $todoist->clock->{now});
		$todoist->control(POST => 'config', { updated_at_micros => $yes });
		return $problem || differs($sides->task($task, 'title'), 'three', 'in the hub');
	} ],
	[ 'uuid per content', 'there, back and there again is three writes', sub {
		my $task = $sides->add_task(content => 'A');
		foreach my $title (qw(B A B))
		{
			$sides->set_task($task, "title = '$title'");
			settle();
		}
		return settle() || differs(title_at(b => $task), 'B', 'at b');
	} ],
	[ 'no barrier', 'our own write, seen before its answer, is no edit of theirs', sub {
		my $task = $sides->add_task(content => 'first');
		$sides->meanwhile(sub {
			$sides->set_task($task, q{title = 'second'});
			$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('b'), match => { writes => $yes } });
			try_side('b');
			$sides->set_task($task, q{title = 'third'});
		});
		return differs($sides->conflicts($task), 'none', 'conflicts') || differs(title_at(b => $task), 'third', 'at b');
	} ],
	[ 'tombstone GC by age only', 'an id that was deleted does not come back as new', sub {
		my $task = $sides->add_task(content => 'zombie');
		my $remote = $sides->remote_id(b => $task);
		$sides->at(b => $task, 'item_delete');
		my $problem = settle();
		$todoist->control(POST => 'patch', { token => $sides->token('b'), id => $remote, fields => { is_deleted => JSON::PP::false } });
		$problem ||= settle();
		return $problem || differs($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'user' AND title = 'zombie'}),
			0, 'zombies');
	} ],
	[ 'no fencing check', 'a run whose lease was stolen changes nothing', sub {
		my $task = $sides->add_task(content => 'fenced');
		my $links = q{SELECT md5(string_agg(l::text, ',' ORDER BY hub_id)) FROM tasksync.links l WHERE account_id = :'b'};
		$sides->sql(q{SELECT tasksync.pause_account(:'a'); SELECT tasksync.pause_account(:'b')});
		$sides->edit_task(b => $task, content => 'theirs');
		points('answer-arrived:wait:1');
		my $from = $hub->log_size;
		$sides->sql(q{SELECT tasksync.resume_account(:'b')});
		wait_until('the answer is there', sub { index($hub->log_text($from), 'waiting') >= 0 });
		$sides->sql(q{UPDATE tasksync.schedules SET lease_token = lease_token + 1, leased_until = now() + interval '1 hour'
			WHERE account_id = :'b'});
		my $before = $sides->sql($links);
		points('');
		$hub->wait_for('SELECT accounts_in_flight FROM tasksync.worker_status WHERE database = current_database()', 0);
		my $after = $sides->sql($links);
		$sides->sql(q{UPDATE tasksync.schedules SET leased_until = NULL, next_due = now() WHERE account_id = :'b';
			SELECT tasksync.resume_account(:'a'); SELECT tasksync.resume_account(:'b')});
		settle();
		return differs($after, $before, 'links');
	} ],
	[ 'list default page size', 'thirty tasks of a list are one page', sub {
		my $ann = google_person('pages');
		$google->edit($ann->{token}, map { { type => 'task_add', args => { title => "task $_" } } } 1 .. 30);
		$google->clear_log;
		$hub->sync($ann->{account_id});
		return differs(scalar(grep { ($_->{call} // '') eq 'tasks.list' } $google->requests($ann->{token})), 1, 'requests');
	} ],
	[ 'label union only', 'a label taken off at one side is off at the other', sub {
		my $task = $sides->add_task(content => 'labelled', labels => [ 'red', 'green' ]);
		$sides->edit_task(b => $task, labels => ['red']);
		return settle() || differs(join(',', @{ ($sides->item(a => $task) // { labels => [] })->{labels} }), 'red', 'at a');
	} ],
	[ 'coercion ignored', 'a provider that rewrites what it is told is told once', sub {
		my $task = $sides->add_task(content => 'plain');
		$todoist->faults({ kind => 'alter_content', mode => 'upper', token => $sides->token('b'), times => 0 });
		$sides->set_task($task, q{title = 'shouted'});
		my $problem = settle() || writes_of_a_round();
		$todoist->clear_faults;
		return $problem;
	} ],
	[ 'close retried blindly', 'a completed occurrence whose answer was lost is completed once', sub {
		my $task = $sides->add_task(content => 'water', due => { date => '2035-03-01', string => 'every day', is_recurring => $yes });
		$sides->meanwhile(sub {
			$sides->set_task($task, q{status = 'done'});
			$todoist->faults({ kind => 'cut_after_commit', token => $sides->token('b'), match => { writes => $yes } });
			try_side('b') foreach 1 .. 2;
		});
		return differs($sides->item(b => $task)->{due}{date}, '2035-03-02', 'due at b');
	} ],
	[ 'dedupe by title', 'equal titles are different tasks', sub {
		foreach (1 .. 3)
		{
			$sides->edit(a => 'item_add', content => 'Milk');
			my $problem = settle();
			return $problem if $problem;
		}
		return differs(scalar(() = $sides->items_named(b => 'Milk')), 3, 'Milk at b');
	} ]);

sub google_person
{
	my ($name) = @_;
	return $hub->connect($google, email => "$name$count\@example.com", link_all => 1);
}

is(scalar @bar, 15, 'fifteen bugs');
foreach my $one (grep { !$ENV{MUTANT} || $_->[0] =~ /$ENV{MUTANT}/ } @bar)
{
	my ($name, $what, $check) = @$one;
	my %found;

	foreach my $with ('', $name)
	{
		$sides = TaskSync::Sides->start(name => 'm' . ++$count, on => $world);
		$sides->sql(q{SELECT tasksync.set_policy(a, '{"hold_deletes": "off"}') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a});
		mutant($with) if $with;
		$found{$with} = eval { $check->() } // "died: $@";
		mutant('') if $with;
		$todoist->clear_faults;
		$sides->sql(q{SELECT tasksync.pause_account(:'a'); SELECT tasksync.pause_account(:'b')});
	}
	is($found{''}, '', "$what");
	isnt($found{$name}, '', "... and with the bug \"$name\" it is caught");
	note(sprintf '%-26s caught by "%s": %s', $name, $what, $found{$name} =~ s/\n.*//sr);
}

$hub->stop;
done_testing();
