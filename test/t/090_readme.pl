# The SQL of the README does what the README says: every block, in order, as a newcomer types it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use TaskSync::Consent;
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $tree = $ENV{TASKSYNC_TREE} // '.';
my @blocks = slurp_file("$tree/README.md") =~ /^```sql\n(.*?)^```/msg;
is(scalar @blocks, 5, 'the README has the five blocks that this test knows');

my $todoist = TaskSync::Sandbox->start;
my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(todoist => $todoist, google_tasks => $google, extension => 0,
	settings => TaskSync::Consent::settings(google_tasks => $google));
$hub->node->safe_psql('postgres', 'CREATE DATABASE hub');
my $ann = $todoist->add_user(email => 'ann@example.com', timezone => 'Europe/Berlin');
$todoist->edit(
	$ann->{token},
	{ type => 'item_add', temp_id => 'a', args => { content => 'Buy milk' } },
	{ type => 'item_add', temp_id => 'b', args => { content => 'Call the plumber' } });

sub remote_titles
{
	return join ', ', sort map { $_->{content} }
	  grep { !$_->{checked} } values %{ $todoist->tasks($ann->{token}) };
}

# first ten minutes, then ordinary SQL: one psql session, because \gset variables carry over
my $answer = $hub->sql($blocks[0] . $blocks[1], token => $ann->{token});
like($answer, qr/^Buy milk\|/m, 'the task of Todoist is in the table');
unlike($answer, qr/\Q$ann->{token}\E/, 'the token is not shown');

my $account = $hub->value('SELECT account_id FROM tasksync.account_health');
wait_until('the changes are in Todoist', sub { remote_titles() =~ /oat milk/ });
$hub->quiet($account);
is(remote_titles(), 'Buy oat milk, Call the plumber',
	'renamed, and what was added and done again is not open there');
is($hub->value("SELECT status FROM tasksync.tasks WHERE title = 'Call the dentist'"),
	'done', 'done in the hub too');

# a second service: looked at before it happens, and taken back
my $gina = $google->add_user(email => 'ann@example.com');
my $list = $google->edit($gina->{token}, { type => 'list_add', temp_id => 'l', args => { title => 'Errands' } })->{temp_id_mapping}{l};
my $project = $hub->value(q{INSERT INTO tasksync.projects (user_id, name) SELECT user_id, 'Errands' FROM tasksync.users RETURNING id});
$hub->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT user_id, :'p', 'Post the letter' FROM tasksync.users}, p => $project);
$google->edit($gina->{token}, { type => 'task_add', args => { list_id => $list, title => 'Post the letter' } },
	{ type => 'task_add', args => { list_id => $list, title => 'Buy stamps' } });
my $second = $hub->connect($google, user_id => $hub->value('SELECT user_id FROM tasksync.users'), token => $gina->{token})->{account_id};
my ($look, $undo) = $blocks[2] =~ /\A(.*)(^SELECT tasksync\.undo_run.*)\z/ms;
$answer = $hub->sql($look, google_account => $second, list => $list, project => $project);
like($answer, qr/^in\|match\|task\|[^|]*\|[^|]*\|Post the letter\|/m, 'the preview says that one is the same task');
like($answer, qr/^in\|create\|task\|[^|]*\|[^|]*\|Buy stamps\|/m, 'and one is new here');
$hub->quiet($second);
is($hub->value(q{SELECT string_agg(title, ',' ORDER BY title) FROM tasksync.tasks WHERE project_id = :'p'}, p => $project), 'Buy stamps,Post the letter', 'and so it is');
$hub->sql($undo, google_account => $second);
is($hub->value(q{SELECT string_agg(title, ',' ORDER BY title) FROM tasksync.tasks WHERE project_id = :'p'}, p => $project), 'Post the letter', 'what that run brought is taken back');
$hub->quiet($second);

# the merge, without any account
$answer = $hub->sql($blocks[3]);
like($answer, qr/"title": "Oat milk"/, 'the hub\'s title is taken');
like($answer, qr/"priority": 4/, 'and the priority of the service');
like($answer, qr/^call Anna about lunch\|t$/m, 'both changes of the text');

# a conflict under the rule manual
my $title = "SELECT title FROM tasksync.tasks WHERE title LIKE 'Plumber%'";
$hub->sql(q{UPDATE tasksync.accounts SET policy = '{"rule": "manual"}'});
$hub->sql(q{SELECT tasksync.pause_account(:'account')}, account => $account);
$hub->sql(q{UPDATE tasksync.tasks SET title = 'Plumber at 9' WHERE title = 'Call the plumber'});
my ($plumber) = grep { $_->{content} eq 'Call the plumber' } values %{ $todoist->tasks($ann->{token}) };
$todoist->edit($ann->{token},
	{ type => 'item_update', args => { id => $plumber->{id}, content => 'Plumber at 10' } });
# a read just before would let the change go out without another one
$hub->wait_for(q{SELECT last_read_at < clock_timestamp()
	- current_setting('tasksync.read_before_write')::interval FROM tasksync.schedules WHERE account_id = :'account'}, 't', account => $account);
$hub->sql(q{SELECT tasksync.resume_account(:'account')}, account => $account);
$hub->sync($account);
my $conflict = $hub->value(q{SELECT id FROM tasksync.conflicts WHERE status = 'open'});
$answer = $hub->sql($blocks[4], conflict => $conflict);
like($answer, qr/^\Q$conflict\E\|title\|/m, 'the open conflict is listed');
$hub->quiet($account);
is($hub->value($title), 'Plumber at 10', 'and settled as chosen');

done_testing();
