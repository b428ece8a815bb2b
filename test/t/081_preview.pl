# preview_sync() says what the next run would do, writes nothing, and the run then does just that.

use strict;
use warnings FATAL => 'all';

use JSON::PP;
use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist);
my $json = JSON::PP->new->canonical;

sub rows
{
	my ($ann) = @_;
	return $hub->value(q{SELECT coalesce(string_agg(direction || ' ' || op || ' ' || coalesce(title, '-'), ',' ORDER BY direction, op, title COLLATE "C"), '')
		FROM tasksync.preview_sync(:'account')}, account => $ann->{account_id});
}

# all that a preview could have touched, here and there
sub state_of_things
{
	my ($ann) = @_;
	my $here = join '|', map {
		$hub->value("SELECT coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), 'none') FROM (SELECT * FROM tasksync.$_ WHERE user_id = :'user') x",
			user => $ann->{user_id})
	} qw(tasks projects sections labels links intents journal conflicts held_changes graves sync_runs containers project_links);
	my $schedule = $hub->value(q{SELECT row(cursor, last_read_at, next_due, failures, attempts, runs, quiet_runs, leased_until, error_code)::text
		FROM tasksync.schedules WHERE account_id = :'account'}, account => $ann->{account_id});
	return "$here|$schedule|" . $json->encode($todoist->state($ann->{token})->{items});
}

subtest 'changes on both sides' => sub {
	my $ann = $hub->connect($todoist, email => 'ann@example.com', link_all => 1);
	$todoist->edit($ann->{token}, map { { type => 'item_add', temp_id => "x$_", args => { content => "t$_" } } } 1 .. 8);
	$hub->sync($ann->{account_id});
	my %there = map { $_->{content} => $_->{id} } @{ $todoist->state($ann->{token})->{items} };

	$hub->sql(q{SELECT tasksync.set_policy(:'a', '{"rule": "prefer_remote"}')}, a => $ann->{account_id});
	is(rows($ann), '', 'both sides equal: nothing would happen');
	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $ann->{account_id});
	$hub->sql(q{UPDATE tasksync.tasks SET title = 't1 here' WHERE user_id = :'u' AND title = 't1';
		UPDATE tasksync.tasks SET title = 't2 here' WHERE user_id = :'u' AND title = 't2';
		UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'u' AND title = 't3';
		DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title = 't4';
		INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'new here')}, u => $ann->{user_id});
	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title, parent_id) SELECT user_id, 'below new', id FROM tasksync.tasks WHERE user_id = :'u' AND title = 'new here'},
		u => $ann->{user_id});
	$todoist->edit($ann->{token},
		{ type => 'item_update', args => { id => $there{t2}, content => 't2 there' } },
		{ type => 'item_update', args => { id => $there{t5}, content => 't5 there' } },
		{ type => 'item_delete', args => { id => $there{t6} } },
		{ type => 'item_add', temp_id => 'y', args => { content => 'new there' } });
	$todoist->clear_log;
	my $before = state_of_things($ann);
	my $foreseen = rows($ann);

	is(state_of_things($ann), $before, 'a preview writes nothing, here or there');
	is(scalar(grep { @{ $_->{types} // [] } } $todoist->requests($ann->{token})), 0, 'and sends no command');
	is($foreseen,
		'in conflict t2 there,in create new there,in delete t6,in update t2 there,in update t5 there,'
		  . 'out close t3,out create below new,out create new here,out delete t4,out update t1 here',
		'every change is a row');
	is(rows($ann), $foreseen, 'asked again, the same answer');

	# I21: what the run then does is what was said
	$todoist->clear_log;
	my $last = $hub->value(q{SELECT max(changed_at) FROM tasksync.journal WHERE user_id = :'u'}, u => $ann->{user_id});
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->{account_id});
	$hub->quiet($ann->{account_id});
	is(join(',', sort map { @{ $_->{types} // [] } } $todoist->requests($ann->{token})),
		'item_add,item_add,item_close,item_delete,item_update', 'the run sends these commands and no others');
	is($hub->value(q{SELECT string_agg(op || ' ' || coalesce(after ->> 'title', before ->> 'title'), ',' ORDER BY op, coalesce(after ->> 'title', before ->> 'title'))
		FROM tasksync.journal WHERE user_id = :'u' AND run_id IS NOT NULL AND changed_at > :'last'}, u => $ann->{user_id}, last => $last),
		'delete t6,insert new there,update t2 there,update t5 there', 'and brings these changes');
};

subtest 'scenario 35: the pairs of two populated sides are shown before anything happens' => sub {
	my $person = $todoist->add_user(email => 'ben@example.com', timezone => 'UTC');
	my $user = $hub->value(q{SELECT tasksync.create_user('ben@example.com')});
	$todoist->edit($person->{token}, map { { type => 'item_add', temp_id => "x$_", args => { content => $_ } } } 'Call Ann', 'Only there', 'Buy milk', 'Buy milk');
	$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title, description) VALUES (:'u', 'Call Ann', ''), (:'u', 'Only here', ''),
		(:'u', 'Buy milk', 'soy'), (:'u', 'Buy milk', 'oat')}, u => $user);
	my $account = $hub->value(q{SELECT account_id FROM tasksync.connect_account('todoist', user_id => :'u', token => :'t')}, u => $user, t => $person->{token});
	$hub->quiet($account);
	$hub->sql(q{SELECT tasksync.pause_account(:'a')}, a => $account);
	$hub->sql(q{SELECT tasksync.link_all(:'a')}, a => $account);
	is(rows({ account_id => $account }),
		'in create Only there,in hold match Buy milk,in hold match Buy milk,in match Call Ann,in update Inbox,out create Only here',
		'a pair, two to be asked about, one new on each side');
	$hub->sql(q{SELECT tasksync.resume_account(:'a')}, a => $account);
	$hub->quiet($account);
	is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}, u => $user), 5, 'five here');
	is(scalar(@{ $todoist->state($person->{token})->{items} }), 5, 'five there');
};

subtest 'answers that cannot be had' => sub {
	my $ann = $hub->connect($todoist, email => 'cy@example.com', link_all => 1);
	$todoist->faults({ kind => 'status', status => 503, token => $ann->{token}, times => 1 });
	like(($hub->try_sql(q{SELECT * FROM tasksync.preview_sync(:'a')}, a => $ann->{account_id}))[2], qr/55000.*could not be read/s,
		'the provider is down: said with a hint');
	is($hub->value(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}, a => $ann->{account_id}), 'active',
		'and held against nobody');
	is(rows($ann), '', 'the next one works');
	like(($hub->try_sql(q{SELECT * FROM tasksync.preview_sync(gen_random_uuid())}))[2], qr/P0002/, 'an unknown account');
};

done_testing();
