# One project in Todoist, Google Tasks and Notion: what three sides do to each other.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use Test::More;

use TaskSync::Three;
use TaskSync::Wait;

my $three = TaskSync::Three->start;

subtest 'scenario 6: title on one side, date on another, in the same minute' => sub {
	my $ann = $three->person('scenario6');
	$ann->hub_add(title => 'Plan', due_date => '2030-05-01');
	$ann->settle;
	$ann->is_equal('linked everywhere');
	$ann->meanwhile(sub {
		$ann->at('todoist', 'Plan')->retitle('Plan B');
		$ann->at('notion', 'Plan')->due('2030-06-01');
		$ann->at('google_tasks', 'Plan')->note('from Google');
	});
	is($ann->here('Plan B', q{due_date || ' ' || description}), '2030-06-01 from Google', 'all three edits are here');
	$ann->is_equal('and on every side');
	is($ann->sql(q{SELECT count(*) FROM tasksync.conflicts WHERE user_id = :'u'}), 0, 'no conflict row');
	$ann->is_quiet('then quiet');
};

subtest 'scenario 12: one side adds a label, one removes one, one renames one' => sub {
	my $ann = $three->person('scenario12');
	$ann->hub_add(title => 'Tagged', labels => '{y,z}');
	$ann->settle;
	my $google = $ann->at('google_tasks', 'Tagged')->{raw}{etag};
	my ($z) = grep { $_->{name} eq 'z' } @{ $three->sandbox('todoist')->state($ann->{token}{todoist})->{labels} };
	$ann->meanwhile(sub {
		$ann->at('notion', 'Tagged')->label('x', 'y', 'z');
		$ann->sql(q{UPDATE tasksync.tasks SET labels = array_remove(labels, 'y') WHERE user_id = :'u'});
		$ann->edit('todoist', { type => 'label_update', args => { id => $z->{id}, name => 'zz' } });
	});
	is($ann->here('Tagged', 'labels'), '{x,zz}', 'all three hold');
	$ann->is_equal('on all sides that have labels');
	is($ann->at('google_tasks', 'Tagged')->{raw}{etag}, $google, 'Google was not touched');
	$ann->is_quiet('then quiet');
};

subtest 'scenarios 19 and 20: one occurrence of a recurring task is completed once' => sub {
	my $ann = $three->person('scenario19');
	$ann->edit('todoist', { type => 'item_add', temp_id => 'x', args => { content => 'Daily', project_id => $ann->{container}{todoist}, due => { string => 'every day', date => '2030-03-01' } } });
	$ann->settle;
	is($ann->at('google_tasks', 'Daily')->{due}, '2030-03-01', 'Google shows the occurrence as a plain task');
	$ann->fault('todoist', kind => 'cut_after_commit', match => { command => 'item_close' });
	$ann->at('google_tasks', 'Daily')->complete;
	$ann->sql(q{SELECT tasksync.sync_now(:'a')}, a => $ann->account('google_tasks'));
	wait_until('the occurrence is closed in Todoist', sub { $ann->at('todoist', 'Daily')->{due} ne '2030-03-01' });
	$ann->sql(q{SELECT tasksync.resume_account(:'a')}, a => $ann->account('todoist'));
	$ann->settle;
	is($ann->at('todoist', 'Daily')->{due}, '2030-03-02', 'completed at Google, the answer of Todoist lost: one day later, once');
	is($ann->here('Daily', q{status || ' ' || due_date}), 'open 2030-03-02', 'here as well');
	$ann->is_equal('Google and Notion show the next one, open');
	$ann->meanwhile(sub {
		$ann->at('google_tasks', 'Daily')->complete;
		$ann->at('todoist', 'Daily')->complete;
	});
	is($ann->at('todoist', 'Daily')->{due}, '2030-03-03', 'the same occurrence completed on two sides: one completion');
	$ann->is_equal('equal again');
	$ann->is_quiet('then quiet');
};

subtest 'scenario 24: a project deleted in Todoist while two of its tasks are edited in Notion' => sub {
	my $ann = $three->person('scenario24', sides => [qw(todoist notion)]);
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT :'u', :'p', 't' || lpad(i::text, 2, '0') FROM generate_series(1, 40) i});
	$ann->settle;
	$ann->is_equal('40 on both sides');
	$ann->meanwhile(sub {
		$ann->edit('todoist', { type => 'project_delete', args => { id => $ann->{container}{todoist} } });
		$ann->at('notion', "t$_")->note('edited there') foreach '07', '08';
	});
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 40, 'nothing is deleted here');
	is(scalar(@{ $ann->tasks_at('notion') }), 40, 'nor in Notion');
	cmp_ok($ann->sql(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'u' AND status = 'held' AND change = 'delete'}), '>', 0, 'it is held');
	$ann->sql(q{SELECT tasksync.approve_held((SELECT array_agg(id) FROM tasksync.held_changes WHERE user_id = :'u' AND status = 'held'))});
	$ann->settle('notion');
	wait_until('the others are gone in Notion, or held there', sub {
		my $held = $ann->sql(q{SELECT count(*) FROM tasksync.held_changes WHERE user_id = :'u' AND status = 'held' AND direction = 'out'});
		$ann->sql(q{SELECT tasksync.approve_held((SELECT array_agg(id) FROM tasksync.held_changes WHERE user_id = :'u' AND status = 'held' AND direction = 'out'))}) if $held;
		@{ $ann->tasks_at('notion') } <= 2
	});
	is($ann->sql(q{SELECT string_agg(title, ',' ORDER BY title) FROM tasksync.tasks WHERE user_id = :'u'}), 't07,t08', 'approved: 38 go, the two edited ones are rescued');
	is($ann->sql(q{SELECT string_agg(description, ',' ORDER BY title) FROM tasksync.tasks WHERE user_id = :'u'}), 'edited there,edited there', 'with their edits');
};

subtest 'scenario 34: edits while a long backfill is under way are not discarded' => sub {
	my $ann = $three->person('scenario34', sides => [qw(google_tasks notion)]);
	$three->sandbox('notion')->latency(ms => 20);
	$ann->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT :'u', :'p', 'b' || lpad(i::text, 3, '0') FROM generate_series(1, 120) i});
	wait_until('the backfill is under way', sub { @{ $ann->tasks_at('notion') } > 5 });
	$ann->set('b001', description => 'here, meanwhile');
	$ann->set('b120', title => 'b120 here, meanwhile');
	my ($early) = @{ $ann->tasks_at('notion') };
	$ann->at('notion', $early->{title})->due('2031-01-01');
	$ann->settle;
	$three->sandbox('notion')->latency(ms => 0);
	is($ann->here('b001', 'description'), 'here, meanwhile', 'an edit here');
	is($ann->here($early->{title}, 'due_date'), '2031-01-01', 'an edit there');
	is(scalar(@{ $ann->tasks_at('notion') }), 120, 'each once in Notion');
	is(scalar(@{ $ann->tasks_at('google_tasks') }), 120, 'each once in Google');
	$ann->is_equal('and all equal');
};

subtest 'what a service cannot show survives it' => sub {
	my $ann = $three->person('survives');
	my $id = $ann->hub_add(title => 'Flight', due_date => '2030-05-12', due_time => '14:30', due_timezone => 'Europe/Lisbon', priority => 3, labels => '{travel}',
		description => 'gate ' . ('x' x 9000));
	$ann->settle;
	my $before = $ann->here('Flight', q{row(due_time, due_timezone, priority, labels, md5(description))});
	foreach my $n (1 .. 3)
	{
		$ann->at('google_tasks', $n == 1 ? 'Flight' : 'Flight ' . ($n - 1))->retitle("Flight $n");
		$ann->settle;
	}
	is($ann->here('Flight 3', q{row(due_time, due_timezone, priority, labels, md5(description))}), $before, 'time, zone, priority 3, labels and the end of a long text');
	$ann->at('google_tasks', 'Flight 3')->due('2030-05-13');
	$ann->settle;
	is($ann->here('Flight 3', q{due_date || ' ' || due_time || ' ' || due_timezone}), '2030-05-13 14:30:00 Europe/Lisbon', 'a new date moves the date alone');
	is($ann->at('notion', 'Flight 3')->{raw}{plain}{Priority}, 'High', 'Notion shows priority 3, which Todoist cannot');
};

done_testing();
