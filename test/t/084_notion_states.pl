# Notion when things go wrong: answers that no service should give, databases that are not what they
# were, two services at once; and what a sync costs in requests when nothing does.
use strict;
use warnings FATAL => 'all';

use HTTP::Tiny;
use JSON::PP ();
use Test::More;

use TaskSync::Hub;
use TaskSync::NotionPerson;
use TaskSync::Sandbox;

my $notion = TaskSync::Sandbox->start(service => 'notion');
my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(notion => $notion, todoist => $todoist,
	settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\n");
my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
my $SECRET = 'nobody else may read this';

$notion->control(POST => 'config', { rate_limit => undef });

sub person { my ($name, @what) = @_; return TaskSync::NotionPerson->connect($hub, $notion, $name, @what) }
sub kept { my ($n) = @_; return map { { Name => sprintf('kept %02d', $_), Priority => 'High', Due => '2030-01-02' } } 1 .. $n }
sub graves { my ($ann) = @_; return $ann->sql(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}) }

# ---- bad answers ----

my $ann = person('ann', plan => { sync_id => $yes }, rows => [ kept(5) ]);
my $kept = q{SELECT string_agg(concat_ws('|', id, title, status, priority, due_date, version), ',' ORDER BY title)
	FROM tasksync.tasks WHERE user_id = :'u' AND title LIKE 'kept%'};
my $round = 0;

# One round of damage: an edit on each side waits, the answer to the reading is spoilt, and then it is not.
sub spoilt
{
	my ($name, $code, %fault) = @_;
	$round++;
	my ($in, $out) = ("in $round $SECRET", "out $round $SECRET");
	my $before = $ann->sql($kept);
	my $log = $hub->log_size;

	subtest "$round: $name" => sub {
		$ann->pause;
		$ann->add({ Name => $in });
		my $cursor = $ann->sql(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'});
		$ann->change('kept 01', qq{description = '$out'});
		$before = $ann->sql($kept);
		$ann->fault({ match => { path => '/query' }, %fault });
		$ann->sql(q{SELECT tasksync.resume_account(:'a')});
		like($ann->failed . ': ' . $ann->state, qr/^$code: backing off$/, 'the account says what was wrong');
		like($ann->reason, qr/\w+ \w+/, 'and says it in words');
		is($ann->sql($kept), $before, 'no task was touched');
		is($ann->sql(q{SELECT cursor FROM tasksync.schedules WHERE account_id = :'a'}), $cursor, 'the cursor stays');
		is($ann->field($in, 'count(*)'), 0, 'nothing of the answer was believed');
		$ann->resume;
		is($ann->field($in, 'count(*)'), 1, 'the next run brings the edit from there');
		is($ann->there('kept 01')->{plain}{Description}, $out, 'and takes ours there');
		is($ann->state, 'active', 'the account is well');
		unlike($hub->log_text($log) =~ s/^.*statement: .*$//mgr, qr/\Q$SECRET\E/, 'no task text in the log');
		is($hub->value(q{SELECT count(*) FROM tasksync.sync_runs WHERE error_message LIKE '%' || :'s' || '%'}, s => $SECRET), 0, 'nor in the error');
	};
	return;
}

spoilt('cut off before the answer', 'no_answer', kind => 'cut_before');
spoilt('cut off in the middle', 'no_answer', kind => 'cut_mid_body');
spoilt('JSON that ends early', 'not_json', kind => 'truncate_json');
spoilt('no JSON at all', 'not_json', kind => 'garbage');
spoilt('bytes that are no UTF-8', 'not_json', kind => 'invalid_utf8');
spoilt('nested too deeply', 'not_json', kind => 'deep_nesting');
spoilt('an error of the server', 'internal_server_error', kind => 'status', status => 500);
spoilt('overloaded', 'service_overload', kind => 'status', status => 529, retry_after => 1);
spoilt('too slow for its own proxy', 'gateway_timeout', kind => 'status', status => 504);
spoilt('another shape', 'wrong_shape', kind => 'garbage', body => '{"object":"list","results":{}}', content_type => 'application/json');

# ---- lists that lie ----

subtest 'scenario 3: an empty list while twelve pages exist deletes nothing' => sub {
	my $bob = person('bob', rows => [ kept(12) ]);

	$bob->fault({ kind => 'empty_list', match => { path => '/query' } });
	$bob->sql(q{UPDATE tasksync.accounts SET needs_full_read = true WHERE id = :'a'; SELECT tasksync.sync_now(:'a')});
	$hub->wait_for(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}, 'suspicious enumeration', a => $bob->{account_id});
	is($bob->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}) . graves($bob), '120', 'nothing is deleted');
	$bob->sync;
	is($bob->state . $bob->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 'active12', 'and the next read is believed');
};

subtest 'scenario 4 and 5: rows that a list skips are asked for by their ids' => sub {
	my $bob = person('skips', rows => [ kept(12) ]);
	my $id = $bob->there('kept 03')->{id};

	$bob->fault({ kind => 'drop_rows', ids => [$id], match => { path => '/query' } });
	$bob->mark;
	$bob->read_all;
	is($bob->calls, 'search schema query page', 'the one that was skipped is asked for');
	is($bob->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}) . graves($bob), '120', 'and found alive');
	$bob->fault({ kind => 'partial_pages', match => { path => '/query' } });
	$bob->read_all;
	is($bob->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}) . graves($bob), '120', 'pages of which only the id is shown prove nothing');
};

subtest 'a property that an answer leaves out empties nothing' => sub {
	my $bob = person('leaves', rows => [ kept(3) ]);

	$bob->write('kept 01', Labels => ['food']);
	$bob->fault({ kind => 'drop_property', property => 'Due', match => { path => '/query' } });
	$bob->mark;
	$bob->sync;
	is($bob->field('kept 01', q{due_date || ' ' || labels::text}) . $bob->writes, '2030-01-02 {food}', 'what was told is taken, what was not stays');
};

# ---- databases that are not what they were ----

# A state of the container: nothing is lost, the account says what to do, and afterwards all is well.
sub trouble
{
	my ($name, $code, $sentence, $breaks, $mends) = @_;

	subtest $name => sub {
		my $bob = person($code =~ s/_//gr, rows => [ kept(12) ]);
		my $before = $bob->sql($kept);

		$breaks->($bob);
		$bob->read_all for 1 .. 2;
		is($bob->sql($kept), $before, 'no task changes');
		is(graves($bob), 0, 'none is deleted');
		is($bob->state . ': ' . $bob->trouble, "container trouble: $code", 'it has its own state');
		like($bob->reason, $sentence, 'and a sentence with the next step');
		$mends->($bob);
		$bob->sync;
		is($bob->state, 'active', 'after that step all is well');
		$bob->change('kept 01', q{title = 'changed'});
		$bob->quiet;
		like($bob->titles_there, qr/^changed,/, 'and changes arrive');
	};
	return;
}

trouble('a database in the trash', 'trashed', qr/restore it there, or unlink/,
	sub { my ($bob) = @_; $bob->edit(object_trash => { id => $bob->{database} }) },
	sub { my ($bob) = @_; $bob->edit(object_restore => { id => $bob->{database} }) });
trouble('scenario 21: a database that is not shared any more', 'unshared', qr/share it with the connection/,
	sub { my ($bob) = @_; $notion->control(POST => 'unshare', { token => $bob->{token}, id => $bob->{database} }) },
	sub { my ($bob) = @_; $notion->control(POST => 'share', { token => $bob->{token}, id => $bob->{database} }) });
trouble('a mapped property deleted', 'property_missing', qr/holds the due was deleted.*set_mapping/,
	sub { my ($bob) = @_; $bob->edit(property_delete => { data_source_id => $bob->{source}, property => 'Due' }) },
	sub { my ($bob) = @_; $bob->set_mapping({ due => undef }) });
trouble('an option removed', 'option_removed', qr/option that the priority is mapped to was removed.*set_mapping/,
	sub { my ($bob) = @_; $bob->edit(option_delete => { data_source_id => $bob->{source}, property => 'Priority', option => 'Low' }) },
	sub { my ($bob) = @_; $bob->set_mapping(undef) });

subtest 'two data sources with equal names' => sub {
	my $bob = person('equal', plan => { title => 'Same' }, rows => [ kept(2) ]);
	my $second = $notion->seed(token => $bob->{token}, title => 'Same', tasks => 0);

	$notion->edit($bob->{token}, { type => 'page_create', args => { data_source_id => $second->{data_source_id}, properties => { Name => 'other' } } });
	$bob->read_all;
	$bob->sql(q{SELECT tasksync.link_project(:'a', :'s')}, s => $second->{data_source_id});
	$bob->quiet;
	is($bob->sql(q{SELECT count(DISTINCT project_id) || ' ' || count(*) FROM tasksync.tasks WHERE user_id = :'u'}), '2 3', 'are two projects, each with its own');
	is($bob->state . ': ' . $bob->trouble, 'container trouble: equal_names', 'which the account says');
	$bob->edit(data_source_rename => { data_source_id => $second->{data_source_id}, id => $second->{data_source_id}, name => 'Another' });
	$bob->read_all for 1 .. 2;
	is($bob->state, 'active', 'until one is renamed');
};

subtest 'mappings are checked, and say what is wrong' => sub {
	my $bob = person('maps', rows => [ kept(1) ]);

	foreach my $case (
		[ '{"due": "Nowhere"}', qr/22023: invalid mapping: there is no property "Nowhere"/ ],
		[ '{"due": "Labels"}', qr/22023: invalid mapping: "due" must be a date property, and "Labels" is none/ ],
		[ '{"colour": "Labels"}', qr/22023: invalid mapping: "colour" is not known/ ],
		[ '[]', qr/22023: invalid mapping: a mapping must be a JSON object/ ])
	{
		my (undef, undef, $error) = $hub->try_sql(q{SELECT tasksync.set_mapping(:'l', :'m')}, l => $bob->{link}, m => $case->[0]);
		like($error, $case->[1], $case->[0]);
	}
	my (undef, undef, $error) = $hub->try_sql(q{SELECT tasksync.set_mapping(:'l')}, l => '00000000-0000-4000-8000-000000000000');
	like($error, qr/P0002/, 'no such link');
	is($bob->sql(q{SELECT tasksync.mapping(:'l') ->> 'is_set'}, l => $bob->{link}), 'false', 'nothing of that was kept');
	$bob->set_mapping({ priority => undef });
	$bob->quiet;
	is($bob->sql(q{SELECT (tasksync.mapping(:'l') -> 'mapping') ? 'priority'}, l => $bob->{link}) . $bob->field('kept 01', 'priority'), 'f3',
		'a field that is not mapped any more stays here as it is');
	$bob->change('kept 01', q{priority = 1});
	$bob->quiet;
	is($bob->there('kept 01')->{plain}{Priority}, 'High', 'and there');
};

# ---- two services ----

sub both
{
	my ($name) = @_;
	my $bob = person($name, rows => [ { Name => 'Milk' } ]);
	my $there = $todoist->add_user(email => "$name\@example.com");

	$todoist->edit($there->{token}, { type => 'project_add', temp_id => 'p', args => { name => 'Home' } });
	my $account = $hub->connect($todoist, token => $there->{token}, user_id => $bob->{user_id})->{account_id};
	$hub->quiet($account);
	$bob->sql(q{SELECT tasksync.link_project(:'t', remote_id, (SELECT project_id FROM tasksync.tasks WHERE user_id = :'u'))
		FROM tasksync.list_containers(:'t') WHERE title = 'Home'}, t => $account);
	$hub->quiet($account);
	my ($item) = grep { $_->{content} eq 'Milk' } values %{ $todoist->tasks($there->{token}) };
	return ($bob, $account, sub { $todoist->edit($there->{token}, { type => 'item_update', args => { id => $item->{id}, @_ } }) },
		sub { return $todoist->tasks($there->{token})->{ $item->{id} } });
}

subtest 'scenario 6: a title at Todoist and a date at Notion in the same minute: both survive' => sub {
	my ($bob, $account, $edit, $item) = both('six');

	$bob->pause;
	$edit->(content => 'Oat milk');
	$bob->write('Milk', Due => '2030-05-06');
	$hub->sync($account);
	$bob->resume;
	$hub->quiet($account);
	is($bob->there('Oat milk')->{plain}{Due}{start}, '2030-05-06', 'at Notion');
	is($item->()->{content} . ' ' . $item->()->{due}{date}, 'Oat milk 2030-05-06', 'at Todoist');
	is($bob->sql(q{SELECT string_agg(field || ' ' || rule, ',') FROM tasksync.conflicts WHERE user_id = :'u' AND kind = 'task'}), '', 'without a conflict');
};

subtest 'scenario 7: two titles in the same minute: one rule, and the other title can be had back' => sub {
	my ($bob, $account, $edit, $item) = both('seven');

	$bob->pause;
	$edit->(content => 'of Todoist');
	$bob->write('Milk', Name => 'of Notion');
	$hub->sync($account);
	$bob->resume;
	$hub->quiet($account);
	my $won = $bob->titles;
	is($bob->titles_there . $item->()->{content}, $won x 2, 'both sides agree');
	my ($id, $rule, $loser) = split /\|/, $bob->sql(q{SELECT id, rule, remote FROM tasksync.conflicts WHERE user_id = :'u' AND field = 'title'});
	is($rule, 'tie', 'stamps of a minute do not say which was first');
	is($loser, '"of Notion"', 'the one that lost is kept');
	$bob->sql(q{SELECT tasksync.resolve_conflict(:'c', 'remote')}, c => $id);
	$bob->quiet;
	$hub->quiet($account);
	is(join(',', $bob->titles, $bob->titles_there, $item->()->{content}), join(',', ('of Notion') x 3), 'and taken back with one call');
};

# ---- requests ----

subtest 'requests are as few as there can be' => sub {
	my $bob = person('counts', rows => [ map { { Name => "row $_" } } 1 .. 250 ]);
	my $second = $notion->seed(token => $bob->{token}, title => 'Second', tasks => 0);

	$bob->mark;
	$bob->read_all;
	is($bob->calls, 'search schema query query query', '250 rows: three pages, behind what there is and what it is like');
	$bob->sql(q{SELECT tasksync.link_project(:'a', :'s')}, s => $second->{data_source_id});
	$bob->quiet;
	my $rows = q{SELECT count(*) FROM tasksync.journal WHERE user_id = :'u'};
	my $journal = $bob->sql($rows);
	# every edit is older than what a query might not show yet
	$notion->control(POST => 'patch', { token => $bob->{token}, id => $_->{id}, fields => { edited => 1000 * (time - 7200) } }) foreach $bob->pages;
	$bob->read_all;
	$bob->mark;
	$bob->sync for 1 .. 2;
	is($bob->calls, join(' ', ('query') x 4), 'a quiet round: one for each data source, two here');
	is($bob->sql($rows), $journal, 'and nothing is written');
	$bob->mark;
	$bob->sql(q{UPDATE tasksync.tasks SET priority = 2 WHERE user_id = :'u' AND title IN ('row 1', 'row 2', 'row 3')});
	$bob->quiet;
	is($bob->calls, 'query query page_update page_update page_update', 'three changes: three requests, behind one reading');
	$bob->mark;
	$bob->sync;
	is($bob->calls, 'query query', 'and quiet again');
};

done_testing;
