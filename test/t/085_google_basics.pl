# One Google account: what is there comes here, what changes on either side reaches the other, and a
# quiet round costs one request for each list.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $google = TaskSync::Sandbox->start(service => 'google_tasks');
my $hub = TaskSync::Hub->start(google_tasks => $google, settings => "tasksync.read_before_write = 0\n");
my $ann = $google->add_user(email => 'ann@example.com');

$google->edit($ann->{token},
	{ type => 'list_add', temp_id => 'home', args => { title => 'Home' } },
	{ type => 'task_add', temp_id => 'milk', args => { title => 'Milk', notes => 'two', due => '2026-12-24' } },
	{ type => 'task_add', temp_id => 'oat', args => { title => 'Oat milk', parent_id => 'milk' } },
	{ type => 'task_add', args => { title => 'Sweep', list_id => 'home' } });
my %account = %{ $hub->connect($google, email => 'ann@example.com', token => $ann->{token}, link_all => 1) };

sub there { my ($title) = @_; my ($task) = grep { $_->{title} eq $title } values %{ $google->tasks($ann->{token}) }; return $task }
sub mark { $google->clear_log; return }
sub calls { return join ' ', map { $_->{call} // $_->{path} } $google->requests }

is($hub->sql(q{SELECT p.name, t.title, t.description, t.due_date, coalesce(q.title, '') FROM tasksync.tasks t
	JOIN tasksync.projects p ON p.id = t.project_id LEFT JOIN tasksync.tasks q ON q.id = t.parent_id ORDER BY t.title}),
	"Inbox|Milk|two|2026-12-24|\nInbox|Oat milk|||Milk\nHome|Sweep|||", 'everything is here');
diag $hub->sql('SELECT * FROM tasksync.account_health');
mark();
$hub->sync($account{account_id});
is(calls(), 'tasks.list tasks.list', 'a quiet round');
mark();
$hub->sql(q{UPDATE tasksync.tasks SET title = 'Milk, fresh', due_date = NULL WHERE title = 'Milk';
	UPDATE tasksync.tasks SET status = 'done' WHERE title = 'Sweep';
	INSERT INTO tasksync.tasks (user_id, title, due_date) VALUES (:'user', 'Bread', '2026-12-31')}, user => $account{user_id});
$hub->quiet($account{account_id});
diag calls();
is(there('Milk, fresh')->{due}, undef, 'a date is cleared');
is(there('Sweep')->{status}, 'completed', 'a task is completed');
is(there('Bread')->{due}, '2026-12-31T00:00:00.000Z', 'a new task is there');
$google->edit($ann->{token}, { type => 'task_complete', args => { id => there('Bread')->{id} } },
	{ type => 'task_delete', args => { id => there('Sweep')->{id} } });
mark();
$hub->sync($account{account_id});
diag calls();
is($hub->sql(q{SELECT string_agg(title || ' ' || status, ',' ORDER BY title) FROM tasksync.tasks}), 'Bread done,Milk, fresh open,Oat milk open', 'and back');
diag $hub->sql('SELECT * FROM tasksync.account_health');
done_testing;
