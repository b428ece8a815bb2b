# Scenario 42: the server comes back from a backup that is older than what the services have seen since.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use TaskSync::Three;

my $three = TaskSync::Three->start;
my $ann = $three->person('scenario42');
my $node = $three->hub->node;

$ann->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT :'u', :'p', 'kept ' || i FROM generate_series(1, 12) i});
$ann->hub_add(title => $_) foreach 'renamed here', 'renamed there', 'deleted here', 'deleted there', 'completed here';
$ann->settle;
$ann->is_equal('before the backup');

# Between the backup and the crash nothing is under way, which is the worst case: the copy has no
# intent that could tell it what it did afterwards.
$node->stop;
my $copy = $node->basedir . '/old';
system_or_bail('cp', '-a', $node->data_dir, $copy);
$node->start;

$ann->set('renamed here', title => 'renamed here, later');
$ann->sql(q{DELETE FROM tasksync.tasks WHERE user_id = :'u' AND title = 'deleted here'});
$ann->set('completed here', status => 'done');
$ann->hub_add(title => "made here $_", due_date => '2031-01-01') foreach 1 .. 3;
$ann->settle;
$ann->at('notion', 'renamed there')->retitle('renamed there, later');
$ann->at('google_tasks', 'deleted there')->remove;
$ann->edit('todoist', { type => 'item_add', temp_id => 'n', args => { content => 'made there', project_id => $ann->{container}{todoist} } });
$ann->settle;
$ann->is_equal('an hour later');
my $titles = $ann->titles;

$node->stop;
system_or_bail('rm', '-rf', $node->data_dir);
system_or_bail('mv', $copy, $node->data_dir);
$node->start;
isnt($ann->titles, $titles, 'the hub is as it was before');
$ann->settle;
$ann->settle;

is($ann->titles, $titles, 'what the services have is here again, nothing twice');
$ann->is_equal('and equal everywhere');
is($ann->titles_at($_) =~ tr/,//, $titles =~ tr/,//, "$_: nothing twice, nothing lost") foreach @TaskSync::Three::SIDES;
is($ann->here('completed here', 'status'), 'done', 'a completion is not undone');
is($ann->sql(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'u' AND status = 'held'}), 0, 'no mass deletion was even thought of');
$ann->is_quiet('then quiet');

done_testing();
