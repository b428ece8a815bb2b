# Both directions, every kind of object, one Todoist account: what people do all day.

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist);

my $ann = $hub->connect($todoist, email => 'ann@example.com', link_all => 1);
my ($user, $account, $token) = @{$ann}{qw(user_id account_id token)};

is($hub->value('SELECT state FROM tasksync.account_health'), 'active', 'the account works');

# ---- Todoist to hub ----
$todoist->edit($token,
	{ type => 'project_add', temp_id => 'p1', args => { name => 'Home' } },
	{ type => 'section_add', temp_id => 's1', args => { name => 'Kitchen', project_id => 'p1' } },
	{ type => 'label_add', temp_id => 'l1', args => { name => 'errand' } },
	{ type => 'item_add', temp_id => 't1', args => {
			content => 'Buy milk', description => "two litres\nsemi-skimmed", project_id => 'p1',
			section_id => 's1', priority => 4, labels => ['errand'],
			due => { date => '2026-12-01' } } },
	{ type => 'item_add', temp_id => 't2', args => { content => 'Oat milk too', parent_id => 't1' } });
$hub->sync($account);
is($hub->sql(q{SELECT t.title, t.description, t.priority, t.due_date, t.labels, p.name, s.name
		FROM tasksync.tasks t JOIN tasksync.projects p ON p.id = t.project_id
		JOIN tasksync.sections s ON s.id = t.section_id WHERE t.title = 'Buy milk'}),
	"Buy milk|two litres\nsemi-skimmed|4|2026-12-01|{errand}|Home|Kitchen",
	'a task arrives with everything');
is($hub->value(q{SELECT c.title FROM tasksync.tasks c JOIN tasksync.tasks p ON c.parent_id = p.id
		WHERE p.title = 'Buy milk'}), 'Oat milk too', 'and its subtask');

# ---- hub to Todoist ----
$hub->sql(q{UPDATE tasksync.tasks SET title = 'Buy oat milk', due_time = '09:30', due_timezone = 'Europe/Berlin'
		WHERE title = 'Buy milk'});
$hub->sync($account);
my ($item) = grep { $_->{content} eq 'Buy oat milk' } values %{ $todoist->tasks($token) };
ok($item, 'a new title leaves');
is($item && $item->{due}{date}, '2026-12-01T08:30:00Z', 'a time in a zone leaves as an instant');

$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title, priority, labels) VALUES (:'u', 'From the hub', 3, '{new label}')},
	u => $user);
$hub->quiet($account);
($item) = grep { $_->{content} eq 'From the hub' } values %{ $todoist->tasks($token) };
ok($item, 'a new task leaves by itself');
is($item && $item->{priority}, 4, 'with its priority as Todoist has it');
is($hub->value(q{SELECT priority FROM tasksync.tasks WHERE title = 'From the hub'}), 3,
	'while the hub keeps the finer one');

# ---- completion, deletion ----
$hub->sql(q{UPDATE tasksync.tasks SET status = 'done' WHERE title = 'From the hub'});
$hub->sync($account);
($item) = grep { $_->{content} eq 'From the hub' } values %{ $todoist->tasks($token) };
ok(!$item || $item->{checked}, 'completed there');
my ($milk) = grep { $_->{content} eq 'Oat milk too' } values %{ $todoist->tasks($token) };
$todoist->edit($token, { type => 'item_close', args => { id => $milk->{id} } });
$hub->sync($account);
is($hub->value(q{SELECT status FROM tasksync.tasks WHERE title = 'Oat milk too'}), 'done', 'completed here');
$hub->sql(q{DELETE FROM tasksync.tasks WHERE title = 'Oat milk too'});
$hub->sync($account);
ok(!(grep { $_->{id} eq $milk->{id} && !$_->{is_deleted} } values %{ $todoist->tasks($token) }), 'deleted there');

# ---- quiet ----
my $before = $hub->value('SELECT sum(version) FROM tasksync.tasks');
$hub->sync($account);
is($hub->value('SELECT sum(version) FROM tasksync.tasks'), $before, 'a quiet run changes nothing');
is($hub->value('SELECT count(*) FROM tasksync.conflicts'), 0, 'no conflict anywhere');

done_testing();
