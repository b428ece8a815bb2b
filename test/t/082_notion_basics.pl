# One Notion account: a database is found and mapped, what is there comes here, what changes on either
# side reaches the other, and a quiet round costs one request for each data source.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $notion = TaskSync::Sandbox->start(service => 'notion');
my $hub = TaskSync::Hub->start(notion => $notion, settings => "tasksync.read_before_write = 0\n");
my $side = $notion->add_user(email => 'ann@example.com');
my $token = $side->{token};
my $seeded = $notion->seed(token => $token, title => 'Home', tasks => 0, sync_id => JSON::PP::true);
my $source = $seeded->{data_source_id};

$notion->edit($token,
	{ type => 'page_create', temp_id => 'milk', args => { data_source_id => $source, properties => {
		Name => 'Milk', Description => 'two', Due => '2026-12-24', Priority => 'High', Labels => ['food'] } } },
	{ type => 'page_create', args => { data_source_id => $source, properties => { Name => 'Oat milk', 'Parent item' => ['milk'] } } },
	{ type => 'page_create', args => { data_source_id => $source, properties => { Name => 'Swept', Status => 'Done' } } });

# completed long ago: history stays where it is
my ($swept) = grep { $_->{title} eq 'Swept' } values %{ $notion->tasks($token) };
$notion->control(POST => 'patch', { token => $token, id => $swept->{id}, fields => { edited => 1000 * (time - 7200) } });

my %account = %{ $hub->connect($notion, email => 'ann@example.com', token => $token) };
my ($user, $id) = @account{qw(user_id account_id)};

sub there { my ($title) = @_; my ($page) = grep { $_->{title} eq $title } values %{ $notion->tasks($token) }; return $page->{plain} }
sub mark { $notion->clear_log; return }
sub calls { return join ' ', map { $_->{kind} } $notion->requests }
sub titles { return $hub->sql(q{SELECT string_agg(title || ' ' || status, ',' ORDER BY title) FROM tasksync.tasks}) }

$hub->quiet($id);
is(calls(), 'users search', 'connecting: who is it, what is there');
is($hub->sql(q{SELECT title FROM tasksync.list_containers(:'a')}, a => $id), 'Home', 'the data source is found');
mark();
my $link = $hub->sql(q{SELECT tasksync.link_project(:'a', remote_id) FROM tasksync.list_containers(:'a')}, a => $id);
$hub->quiet($id);
is(calls(), 'schema query', 'linking: its schema and its rows');
is($hub->sql(q{SELECT p.name, t.title, t.description, t.due_date, t.priority, t.labels, q.title FROM tasksync.tasks t
	JOIN tasksync.projects p ON p.id = t.project_id LEFT JOIN tasksync.tasks q ON q.id = t.parent_id ORDER BY t.title}),
	"Home|Milk|two|2026-12-24|3|{food}|\nHome|Oat milk|||0|{}|Milk", 'everything open is here');
is($hub->sql(q{SELECT state FROM tasksync.account_health}), 'active', 'all is well') or diag $hub->sql('SELECT * FROM tasksync.account_health');
mark();
$hub->sync($id);
is(calls(), 'query', 'a quiet round');
mark();
$hub->sql(q{BEGIN; UPDATE tasksync.tasks SET title = 'Milk, fresh', due_date = NULL, labels = '{food,new}', priority = 4 WHERE title = 'Milk';
	UPDATE tasksync.tasks SET status = 'done' WHERE title = 'Oat milk';
	INSERT INTO tasksync.tasks (user_id, project_id, title, due_date, due_time, due_timezone)
	SELECT :'u', project_id, 'Bread', '2026-12-31', '14:30', 'Europe/Lisbon' FROM tasksync.tasks WHERE title = 'Milk, fresh'; COMMIT}, u => $user);
$hub->quiet($id);
is(calls(), 'page_create query page_update page_update', 'a write for each change, after one reading');
my $page = there('Milk, fresh');
is_deeply([ @{$page}{qw(Due Labels Priority)} ], [ undef, [qw(food new)], 'Urgent' ], 'changed, cleared, added') or diag explain $page;
is(there('Oat milk')->{Status}, 'Done', 'done there');
is(there('Bread')->{'Sync ID'}, $hub->sql(q{SELECT id FROM tasksync.tasks WHERE title = 'Bread'}), 'a new one carries the id that it has here');
mark();
$hub->sync($id) for 1 .. 2;
is(calls(), 'query query', 'the echo of all that changes nothing');
is($hub->sql(q{SELECT due_date, due_time, due_timezone FROM tasksync.tasks WHERE title = 'Bread'}), '2026-12-31|14:30:00|Europe/Lisbon', 'the zone is kept');

my %by = map { $_->{title} => $_->{id} } values %{ $notion->tasks($token) };
$notion->edit($token,
	{ type => 'page_update', args => { id => $by{Bread}, properties => { Status => 'Dropped' } } },
	{ type => 'page_trash', args => { id => $by{'Milk, fresh'} } });
$hub->sync($id);
is(titles(), 'Bread done,Milk, fresh open,Oat milk done', 'done there is done here; what vanished is not deleted by that');
is($hub->sql(q{SELECT state FROM tasksync.account_health}), 'active', 'all is well') or diag $hub->sql('SELECT * FROM tasksync.account_health');
done_testing;
