# A dump holds every row; restoring it fires nothing; the copy waits for adopt().
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist);
my $node = $hub->node;
my $folder = PostgreSQL::Test::Utils::tempdir();

# ---- rows in every table: a linked account with a tree, and what the engine leaves behind ----
my $ann = $hub->connect($todoist, email => 'ann@example.com', link_all => 1);
my ($user, $account, $token) = @{$ann}{qw(user_id account_id token)};
$todoist->edit($token,
	{ type => 'project_add', temp_id => 'p1', args => { name => 'Home' } },
	{ type => 'section_add', temp_id => 's1', args => { name => 'Kitchen', project_id => 'p1' } },
	{ type => 'item_add', temp_id => 't1', args => { content => 'Parent', project_id => 'p1', section_id => 's1', labels => ['errand'] } },
	{ type => 'item_add', temp_id => 't2', args => { content => 'Child', parent_id => 't1' } });
$hub->sync($account);
$hub->sql(<<'SQL', user => $user, account => $account);
UPDATE tasksync.tasks SET title = title || ' edited' WHERE title = 'Child';
INSERT INTO tasksync.tasks (user_id, title, description) SELECT :'user', 'bulk ' || i, E'line\n\ttab \\ ' || i FROM generate_series(1, 300) i;
INSERT INTO tasksync.projects (user_id, name, parent_id) SELECT :'user', 'below', id FROM tasksync.projects WHERE name = 'Home';
INSERT INTO tasksync.task_dependencies (user_id, task_id, depends_on_id)
	SELECT a.user_id, a.id, b.id FROM tasksync.tasks a, tasksync.tasks b WHERE a.title = 'Parent' AND b.title = 'bulk 1';
SQL
$hub->quiet($account);
$hub->sql(<<'SQL', user => $user, account => $account);
SELECT tasksync.set_provider_credentials('todoist', 'client', 'not-a-real-secret');
DELETE FROM tasksync.tasks WHERE title = 'bulk 300';
SQL
$hub->quiet($account);
$hub->sql(<<'SQL', user => $user, account => $account);
SELECT tasksync.pause_account(:'account');
INSERT INTO tasksync.conflicts (user_id, account_id, kind, hub_id, field, hub, remote, rule, status)
	SELECT :'user', :'account', 'task', id, 'title', '"a"', '"b"', 'newest', 'settled' FROM tasksync.tasks WHERE title = 'Parent';
INSERT INTO tasksync.held_changes (user_id, account_id, direction, change, kind, hub_id, reason)
	SELECT :'user', :'account', 'in', 'delete', 'task', id, 'many' FROM tasksync.tasks WHERE title = 'Parent';
INSERT INTO tasksync.intents (user_id, account_id, id, seq, kind, hub_id, op, state, run_id, lease_token, first_sent_at, sent_at)
	SELECT :'user', :'account', gen_random_uuid(), 1, 'task', id, 'update', 'sent', gen_random_uuid(), 1, now(), now()
	FROM tasksync.tasks WHERE title = 'Parent';
INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof)
	VALUES (:'user', :'account', 'dead', 'task', gen_random_uuid(), 'hub_delete');
BEGIN;
UPDATE tasksync.schedules SET next_due = now() + interval '1 day';
INSERT INTO tasksync.oauth_grants (user_id, account_id, prior_state, code_sealed, redirect_uri)
	VALUES (:'user', :'account', 'paused', '\x00', 'https://hub.example/rpc/oauth_callback');
INSERT INTO tasksync.revocations (user_id, account_id, access_sealed) VALUES (:'user', :'account', '\x00');
INSERT INTO tasksync.webhook_deliveries (provider, delivery_id, body_hash) VALUES ('todoist', 'd1', sha256('x'));
SELECT tasksync.set_webhook_secret('todoist', 'not-a-real-secret-either');
COMMIT;
SQL

# Every row of every table of the extension, as text: what "the same" means.
sub contents
{
	my ($server, $database) = @_;
	my @tables = split /\n/, $server->safe_psql($database, <<'SQL');
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('hints', 'oauth_states', 'previews', 'preview_rows', 'provider_days') ORDER BY 1
SQL
	my %rows;
	for my $table (@tables)
	{
		$rows{$table} = $server->safe_psql($database,
			"SELECT t::text FROM tasksync.$table t ORDER BY 1");
	}
	return \%rows;
}

my $before = contents($node, 'hub');
my @empty = grep { $before->{$_} eq '' } sort keys %$before;
is("@empty", '', 'every table has a row to lose');
cmp_ok(scalar keys %$before, '>=', 21, 'and no table was forgotten');

for my $format (qw(plain custom directory))
{
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('hub'), '-F', $format, '-f', "$folder/$format" ],
		"pg_dump -F $format");
}

# ---- another server, without any preparation ----
my $copy = TaskSync::Hub->start(name => 'copy', todoist => $todoist, extension => 0);
my $other = $copy->node;
PostgreSQL::Test::Utils::system_or_bail('cp', '-p', $hub->key_file, $copy->key_file);

my %restore = (
	plain => sub { [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', "$folder/plain" ] },
	custom => sub { [ 'pg_restore', '--exit-on-error', '-d', $_[0], "$folder/custom" ] },
	directory => sub { [ 'pg_restore', '--exit-on-error', '-j', '4', '-d', $_[0], "$folder/directory" ] });

$todoist->clear_log;
for my $format (sort keys %restore)
{
	$other->safe_psql('postgres', "CREATE DATABASE $format");
	# jobs in parallel do not know which table has to come first
	$other->safe_psql($format, 'CREATE EXTENSION tasksync; SELECT tasksync.pre_restore()')
	  if $format eq 'directory';
	command_ok($restore{$format}->($other->connstr($format)), "restore of a $format dump");
	is_deeply(contents($other, $format), $before, 'the same rows, and none that a trigger wrote');
	$other->safe_psql($format, 'SELECT tasksync.post_restore()') if $format eq 'directory';
	is($other->safe_psql($format, 'SELECT state FROM tasksync.account_health'), 'copy: adopt first',
		'the copy says what it is');
}

# ---- the copy stands still ----
$other->safe_psql('custom', "UPDATE tasksync.accounts SET state = 'active'");
$other->safe_psql('custom', "UPDATE tasksync.schedules SET next_due = now()");
$other->safe_psql('custom', "UPDATE tasksync.tasks SET title = 'edited in the copy' WHERE title = 'Parent'");
is($other->safe_psql('custom', "SELECT count(*) FROM tasksync.journal WHERE after ->> 'title' = 'edited in the copy'"),
	0, 'an edit in the copy is not journalled');
my ($code, $out, $error) = $other->psql('custom', "SELECT tasksync.create_user('bob\@example.com')");
like($error, qr/this database is a copy.*adopt\(\)/s, 'create_user() says why it will not');
$copy->{database} = 'custom';
wait_until('the worker has seen the copy', sub {
	$other->safe_psql('custom', q{SELECT state FROM tasksync.worker_status WHERE database = current_database()}) eq 'not_home';
});
is(scalar($todoist->requests), 0, 'no request left the copy');

# ---- until adopt() ----
$other->safe_psql('custom', 'DELETE FROM tasksync.intents');
$other->safe_psql('custom', "INSERT INTO tasksync.tasks (user_id, project_id, title)"
	. " SELECT user_id, project_id, 'new in the copy' FROM tasksync.tasks WHERE title = 'bulk 1'");
$other->safe_psql('custom', "DELETE FROM tasksync.tasks WHERE title = 'bulk 2'");
$other->safe_psql('custom', 'SELECT tasksync.adopt()');
$copy->quiet($account);
cmp_ok(scalar($todoist->requests), '>', 0, 'after adopt() it syncs');
is($other->safe_psql('custom', 'SELECT (SELECT count(*) FROM tasksync.oauth_grants) + (SELECT count(*) FROM tasksync.revocations)'),
	0, 'and takes up and gives back no consent of the original');
is($other->safe_psql('custom', 'SELECT count(*) FROM tasksync.tasks'),
	1 + $node->safe_psql('hub', 'SELECT count(*) FROM tasksync.tasks'),
	'and neither doubles nor loses a task, not even one that the copy had lost');
for my $title ('edited in the copy', 'new in the copy', 'bulk 2')
{
	is(scalar(grep { $_->{content} eq $title } values %{ $todoist->tasks($token) }), 1, "$title: once at Todoist");
}
is(scalar(grep { $_->{content} eq 'bulk 7' } values %{ $todoist->tasks($token) }), 1, 'nor there');
$other->safe_psql('custom', "UPDATE tasksync.tasks SET title = 'edited after adoption' WHERE title = 'edited in the copy'");
$copy->quiet($account);
is(scalar(grep { $_->{content} eq 'edited after adoption' } values %{ $todoist->tasks($token) }), 1, 'its edits arrive');

# ---- a copy by CREATE DATABASE ... TEMPLATE ----
$node->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE hub');
is($node->safe_psql('twin', 'SELECT state FROM tasksync.account_health'), 'copy: adopt first', 'a twin is a copy, too');

# ---- back into its own database ----
# The same server and the same database: only the extension is a new one, and
# that is enough to keep its triggers still while rows come in.
$node->safe_psql('hub', 'DROP EXTENSION tasksync');
is($node->safe_psql('hub', "SELECT count(*) FROM pg_namespace WHERE nspname = 'tasksync'"), 0, 'DROP EXTENSION takes everything');
command_ok($restore{custom}->($node->connstr('hub')), 'restore into the database that the dump came from');
is_deeply(contents($node, 'hub'), $before, 'the same rows');
is($node->safe_psql('hub', 'SELECT state FROM tasksync.account_health'), 'copy: adopt first', 'and no sync before adopt()');

# ---- rows alone, into an extension that lives ----
$node->safe_psql('postgres', 'CREATE DATABASE rows');
$node->safe_psql('rows', 'CREATE EXTENSION tasksync');
$node->safe_psql('rows', 'SELECT tasksync.pre_restore()');
is($node->safe_psql('rows', 'SHOW tasksync.restoring'), 'on', 'pre_restore() holds for new sessions');
command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-d', $node->connstr('rows'), "$folder/custom" ],
	'pg_restore --data-only after pre_restore()');
is_deeply(contents($node, 'rows'), $before, 'the same rows');
$node->safe_psql('rows', 'SELECT tasksync.post_restore()');
is($node->safe_psql('rows', 'SHOW tasksync.restoring'), 'off', 'post_restore() ends it');

$hub->stop;
$copy->stop;
$todoist->stop;
done_testing();
