# connect_account() and link_all() in one transaction: the first reading links, there is no second.

use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist);

my $ann = $todoist->add_user(email => 'ann@example.com', timezone => 'Europe/Berlin');
$todoist->seed(token => $ann->{token}, tasks => 300, projects => 10, labels => 8);
my $there = $todoist->state($ann->{token});
my @names = map { $_->{name} } grep { !$_->{inbox_project} } @{ $there->{projects} };
my $user = $hub->value(q{SELECT tasksync.create_user('ann@example.com')});

# Namesakes: what the hub has under the same name is the same thing, and each only once.
$hub->sql(q{INSERT INTO tasksync.projects (user_id, name) SELECT :'user', unnest(string_to_array(:'names', '|'))},
	user => $user,
	names => join('|', @names[ 0 .. 4 ]));
$hub->sql(q{INSERT INTO tasksync.labels (user_id, name) SELECT :'user', unnest(string_to_array(:'names', '|'))},
	user => $user,
	names => join('|', map { $_->{name} } @{ $there->{labels} }));

my $account = $hub->value(<<'EOS', user => $user, token => $ann->{token});
BEGIN;
SELECT account_id AS account FROM tasksync.connect_account('todoist', user_id => :'user', token => :'token') \gset
SELECT tasksync.link_all(:'account') AS made \gset
COMMIT;
SELECT :'account';
EOS
$hub->quiet($account);

is($hub->value('SELECT state FROM tasksync.account_health'), 'active', 'the account works');
is($hub->value('SELECT count(*) FROM tasksync.tasks'), 300, 'every task is here');
is($hub->value('SELECT count(*) FROM tasksync.projects'), 1 + @names, 'no project twice, the inbox among them');
is($hub->value('SELECT count(*) FROM tasksync.labels'), scalar @{ $there->{labels} }, 'no label twice');
is($hub->value(q{SELECT count(*) = count(DISTINCT hub_id) AND bool_and(state = 'live') FROM tasksync.links}),
	't', 'one live link each');
is(scalar @{ $todoist->state($ann->{token})->{projects} }, scalar @{ $there->{projects} },
	'and none is new there');
is(scalar(grep { $_->{kind} eq 'full' } $todoist->requests($ann->{token})), 1, 'everything was read once');

# a second account, empty and linked in the same way, gets everything, also what is in the inbox
$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'user', 'in the inbox')}, user => $user);
$hub->quiet($account);
my $anns_other = $todoist->add_user(email => 'ann.other@example.com', timezone => 'UTC');
my $other = $hub->value(<<'EOS', user => $user, token => $anns_other->{token});
BEGIN;
SELECT account_id AS account FROM tasksync.connect_account('todoist', user_id => :'user', token => :'token') \gset
SELECT tasksync.link_all(:'account') AS made \gset
COMMIT;
SELECT :'account';
EOS
$hub->quiet($other);
cmp_ok($hub->value(q{SELECT count(*) FROM tasksync.tasks t JOIN tasksync.projects p ON p.id = t.project_id
		WHERE p.is_inbox}), '>', 0, 'some tasks are in the inbox');
is(scalar keys %{ $todoist->tasks($anns_other->{token}) }, scalar keys %{ $todoist->tasks($ann->{token}) },
	'a second account gets every task');

# a longer connected account still waits for its reading instead
my $ben = $todoist->add_user(email => 'ben@example.com', timezone => 'UTC');
my $bens = $hub->value(q{SELECT tasksync.create_user('ben@example.com')});
my $second = $hub->value(q{SELECT account_id FROM tasksync.connect_account('todoist', user_id => :'user', token => :'token')},
	user => $bens,
	token => $ben->{token});
cmp_ok($hub->value(q{SELECT tasksync.link_all(:'account')}, account => $second), '>', 0,
	'link_all() in its own transaction tells how many');

done_testing();
