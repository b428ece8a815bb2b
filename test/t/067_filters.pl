# What a link carries: filters (scenario 23), directions, and what a deletion at the provider does.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Sides;

my $sides = TaskSync::Sides->start;
my $todoist = $sides->todoist;
my $hub = $sides->hub;

# the link of a project at a side
sub link_of
{
	my ($side, $project) = @_;
	return $sides->sql(qq{SELECT id FROM tasksync.project_links WHERE account_id = :'$side' AND project_id = :'project'},
		project => $project);
}

sub set_filter
{
	my ($link, $filter, $function) = @_;
	$function //= 'set_filter';
	return $sides->sql(qq{SELECT concat_ws(' ', stays, leaves, rejoins, creates, outside)
		FROM tasksync.$function(:'link', nullif(:'filter', '')::jsonb)}, link => $link, filter => $filter // '');
}

# of a statement that fails
sub sqlstate
{
	my ($sql) = @_;
	my (undef, undef, $error) = $hub->try_sql($sql);
	return $error =~ /ERROR:\s+(\w+)/ ? $1 : 'none';
}

# the titles that a side has in a project, sorted
sub titles
{
	my ($side, $project) = @_;
	my $there = $sides->remote_id($side => $project);
	return join ' ', sort map { $_->{content} } grep { $_->{project_id} eq $there }
	  values %{ $todoist->tasks($sides->token($side)) };
}

sub state_of
{
	my ($side, $id) = @_;
	return $sides->sql(qq{SELECT coalesce((SELECT state || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM tasksync.links
		WHERE account_id = :'$side' AND hub_id = :'id'), 'none')}, id => $id);
}

sub add_here
{
	my ($project, %task) = @_;
	return $sides->sql(q{INSERT INTO tasksync.tasks (user_id, project_id, title, labels, priority, due_date)
		VALUES (:'user', :'project', :'title', :'labels', :'priority', nullif(:'due', '')::date) RETURNING id},
		project => $project, title => $task{title}, labels => $task{labels} // '{}',
		priority => $task{priority} // 0, due => $task{due} // '');
}

sub deletes_sent
{
	return $sides->sql(q{SELECT count(*) FROM tasksync.graves WHERE proof = 'hub_delete'});
}

subtest 'what does not match is not sent, what crosses the line is let go or joins again' => sub {
	my $project = $sides->add(project => name => 'Work');
	my $link = link_of(b => $project);
	set_filter($link, '{"labels": {"any": ["team"], "none": ["private"]}}');
	my $mine = add_here($project, title => 'mine');
	my $ours = add_here($project, title => 'ours', labels => '{team}');
	my $both = add_here($project, title => 'both', labels => '{private,team}');
	$sides->settle;
	is(titles(a => $project), 'both mine ours', 'a has all of them');
	is(titles(b => $project), 'ours', 'b has what its filter lets through');
	is(state_of(b => $mine), 'none', 'the others have no link there');

	# hub: into scope, out of scope, edited outside, back
	$sides->set_task($mine, q{labels = '{team}'});
	$sides->settle;
	is(titles(b => $project), 'mine ours', 'a label brings a task there');
	my $there = $sides->remote_id(b => $mine);
	$sides->set_task($mine, q{labels = '{}'});
	$sides->set_task($mine, q{title = 'mine again'});
	$sides->settle;
	is(state_of(b => $mine), 'detached', 'without it the link is let go');
	is(titles(b => $project), 'mine ours', 'the copy there stays as it was');
	is(titles(a => $project), 'both mine again ours', 'a goes on');
	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'apart', args => { id => $there, description => 'written at b alone' } });
	$sides->settle;
	is($sides->task($mine, 'description'), '', 'what is done to the copy stays there');
	$sides->set_task($mine, q{labels = '{team}'});
	$sides->settle;
	is(state_of(b => $mine), 'live', 'back in scope');
	is($sides->remote_id(b => $mine), $there, 'by the old link');
	is(titles(b => $project), 'mine again ours', 'and merged: the title from here');
	is($sides->task($mine, 'description'), 'written at b alone', 'the notes from there');
	is(deletes_sent(), 0, 'nothing was deleted on the way');
	$sides->is_quiet('filtered');
};

subtest 'the other direction: what does not match there stays there' => sub {
	my $project = $sides->add(project => name => 'Shared');
	my $link = link_of(b => $project);
	my $at_b = $sides->remote_id(b => $project);
	set_filter($link, '{"labels": {"all": ["x", "y"]}}');
	$sides->settle;
	my $one = $sides->edit(b => 'item_add', content => 'theirs', project_id => $at_b);
	$sides->edit(b => 'item_add', content => 'ours', project_id => $at_b, labels => [ 'x', 'y' ]);
	$sides->settle;
	is(titles(a => $project), 'ours', 'only what matches comes in');
	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'joins', args => { id => $one, labels => [ 'x', 'y', 'z' ] } });
	$sides->settle;
	is(titles(a => $project), 'ours theirs', 'and what begins to match');
	my $theirs = $sides->hub_id(b => task => $one);

	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'leaves', args => { id => $one, labels => ['x'], content => 'theirs alone' } });
	$sides->settle;
	is(state_of(b => $theirs), 'detached', 'it stops matching there: let go');
	is($sides->task($theirs, 'title'), 'theirs alone', 'with the edit that made it leave');
	is(titles(a => $project), 'ours theirs alone', 'it is not deleted');
	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'apart2', args => { id => $one, content => 'apart' } });
	$sides->settle;
	is($sides->task($theirs, 'title'), 'theirs alone', 'later edits of the copy stay there');
	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'back', args => { id => $one, labels => [ 'x', 'y' ] } });
	$sides->settle;
	is(state_of(b => $theirs), 'live', 'matching there again, it joins by its link');
	is($sides->task($theirs, 'title'), 'apart', 'and is merged');
	$sides->at(b => $theirs, 'item_update', labels => []);
	$sides->settle;
	$sides->at(b => $theirs, 'item_delete');
	$sides->settle;
	is($sides->task($theirs, 'title'), 'apart', 'a copy that was let go can be deleted there without consequences');
	$sides->is_quiet('the other direction');
};

subtest 'scenario 23: a narrower filter, 60 % leave' => sub {
	my $project = $sides->add(project => name => 'Narrow');
	my $link = link_of(b => $project);
	my @ids = map { add_here($project, title => sprintf('n%02d', $_), priority => $_ % 5, due => $_ % 2 ? '2026-05-12' : undef) } 1 .. 50;
	$sides->settle;
	my $version = $sides->sql(q{SELECT scope_version FROM tasksync.project_links WHERE id = :'link'}, link => $link);
	my $all = titles(b => $project);

	is(set_filter($link, '{"min_priority": 3}', 'preview_filter'), '20 30 0 0 0', 'the preview: 20 stay, 30 leave');
	is($sides->sql(q{SELECT filter IS NULL AND scope_version = :'version' FROM tasksync.project_links WHERE id = :'link'},
		link => $link, version => $version), 't', 'it changes nothing');
	is(set_filter($link, '{"min_priority": 3}'), '20 30 0 0 0', 'the same counts when it is set');
	is($sides->sql(q{SELECT scope_version - :version FROM tasksync.project_links WHERE id = :'link'},
		link => $link, version => $version), 1, 'the scope is another one');
	is($sides->sql(q{SELECT count(*) FROM tasksync.links WHERE account_id = :'b' AND state = 'detached'
		AND hub_id IN (SELECT id FROM tasksync.tasks WHERE project_id = :'project')}, project => $project), 30, '30 links are let go');
	$sides->settle;
	is(titles(b => $project), $all, 'all 50 are still there');
	is($sides->sql(q{SELECT count(*) FROM tasksync.tasks WHERE project_id = :'project'}, project => $project), 50, 'and here');
	is(deletes_sent(), 0, 'no deletion was sent');
	is($sides->sql(q{SELECT count(*) FROM tasksync.held_changes}), 0, 'nor asked for');

	# what b does meanwhile to those it keeps alone
	my $apart = $sides->remote_id(b => $ids[0]);
	$todoist->edit($sides->token('b'), { type => 'item_update', uuid => 'meanwhile', args => { id => $apart, description => 'apart' } });
	$sides->settle;
	is(set_filter($link, '{"min_priority": 1, "has_due": true}', 'preview_filter'), '10 10 10 0 20', 'another filter: some leave, some join again');
	is(set_filter($link, undef), '20 0 30 0 0', 'and without one all join again');
	$sides->settle;
	is($sides->task($ids[0], 'description'), 'apart', 'what was written meanwhile is merged');
	is($sides->sql(q{SELECT count(*) FROM tasksync.links WHERE account_id = :'b' AND state <> 'live'
		AND hub_id IN (SELECT id FROM tasksync.tasks WHERE project_id = :'project')}, project => $project), 0, 'all links are live');
	is(titles(b => $project), $all, 'no task was made twice');
	$sides->is_quiet('after all');
};

subtest 'a filter that is not understood' => sub {
	my $link = link_of(b => $sides->add(project => name => 'Errors'));
	foreach my $bad ('[]', '{"status": "open"}', '{"labels": ["x"]}', '{"labels": {"some": ["x"]}}', '{"labels": {"any": "x"}}',
		'{"labels": {"any": [1]}}', '{"min_priority": 5}', '{"min_priority": "2"}', '{"has_due": 1}')
	{
		foreach my $function (qw(set_filter preview_filter))
		{
			is(sqlstate("SELECT * FROM tasksync.$function('$link', '$bad')"), '22023', "$function: $bad");
		}
	}
	is(sqlstate(q{SELECT * FROM tasksync.set_filter('00000000-0000-4000-8000-000000000000', NULL)}), 'P0002', 'no such link');
	is(set_filter($link, '{"labels": {"all": [], "none": []}}'), '0 0 0 0 0', 'one that asks for nothing is none');
	is($sides->sql(q{SELECT filter IS NULL FROM tasksync.project_links WHERE id = :'link'}, link => $link), 't', 'and is stored as none');
	set_filter($link, '{"labels": {"any": [" b ", "a", "b"]}}');
	is($sides->sql(q{SELECT filter FROM tasksync.project_links WHERE id = :'link'}, link => $link), '{"labels": {"any": ["a", "b"]}}',
		'labels are spelt as tasks spell them');
};

subtest 'set_route(): directions and deletions at the provider' => sub {
	my $project = $sides->add(project => name => 'Routes');
	my $link = link_of(b => $project);
	my $at_b = $sides->remote_id(b => $project);
	my $set = sub {
		my (%to) = @_;
		$sides->sql(q{SELECT tasksync.set_route(:'link', nullif(:'direction', ''), nullif(:'gone', ''))},
			link => $link, direction => $to{direction} // '', gone => $to{gone} // '');
		$sides->settle;
	};
	my $task = add_here($project, title => 'first');
	$sides->settle;

	$set->(direction => 'pull');
	add_here($project, title => 'second');
	$sides->set_task($task, q{title = 'first, edited'});
	$sides->settle;
	is(titles(b => $project), 'first', 'pull: nothing goes there');
	$sides->edit(b => 'item_add', content => 'third', project_id => $at_b);
	$sides->settle;
	is(titles(a => $project), 'first, edited second third', 'what is made there comes in');

	$set->(direction => 'push');
	is(titles(b => $project), 'first, edited second third', 'push: what differs and what is missing goes there');
	$sides->edit(b => 'item_add', content => 'fourth', project_id => $at_b);
	$sides->settle;
	is(titles(a => $project), 'first, edited second third', 'what is made there stays there');
	$sides->at(b => $task, 'item_update', content => 'overwritten');
	$sides->settle;
	is(titles(b => $project), 'first, edited fourth second third', 'and edits there are put right');

	$set->(direction => 'both');
	is(titles(a => $project), 'first, edited fourth second third', 'both: what was left there comes in');
	$sides->is_quiet('both');

	my %rest = map { ($_ => $sides->sql(q{SELECT id FROM tasksync.tasks WHERE project_id = :'project' AND title = :'title'},
		project => $project, title => $_)) } qw(second third fourth);
	$set->(gone => 'unlink');
	$sides->at(b => $rest{second}, 'item_delete');
	$sides->settle;
	is(titles(a => $project), 'first, edited fourth second third', 'unlink: a deletion there is not taken in');
	$set->(gone => 'complete');
	$sides->at(b => $rest{third}, 'item_delete');
	$sides->settle;
	is($sides->task($rest{third}, 'status'), 'done', 'complete: it is done here');
	$set->(gone => 'propagate');
	$sides->at(b => $rest{fourth}, 'item_delete');
	$sides->settle;
	is($sides->task($rest{fourth}, 'count(*)'), 0, 'propagate: it is deleted here');
	is(sqlstate("SELECT tasksync.set_route('$link', 'sideways')"), '22023', 'no such direction');
	is(sqlstate("SELECT tasksync.set_route('$link', on_remote_delete => 'shred')"), '22023', 'no such rule');
};

done_testing();
