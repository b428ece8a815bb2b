# Notion's known pitfalls: one subtest each, under the number that docs/providers/notion.md gives the
# pitfall. What concerns only the shape of requests and answers is in test/unit/test_notion_*.c.
use strict;
use warnings FATAL => 'all';

use HTTP::Tiny;
use JSON::PP ();
use Test::More;

use TaskSync::Hub;
use TaskSync::NotionPerson;
use TaskSync::Sandbox;

my $notion = TaskSync::Sandbox->start(service => 'notion');
my $hub = TaskSync::Hub->start(notion => $notion, settings => "tasksync.poll_interval = '200ms'\ntasksync.read_before_write = 0\n");
my ($yes, $no) = (JSON::PP::true, JSON::PP::false);

$notion->control(POST => 'config', { rate_limit => undef });

sub person { my ($name, @what) = @_; return TaskSync::NotionPerson->connect($hub, $notion, $name, @what) }

# The switches of the stand-in, for one subtest.
sub with_switches
{
	my ($switches, $test) = @_;
	my $before = $notion->control('GET', 'config');
	$notion->control(POST => 'config', $switches);
	my $done = eval { $test->(); 1 };
	my $error = $@;
	$notion->control(POST => 'config', { map { $_ => $before->{$_} } keys %{$switches} });
	die $error unless $done;
	return;
}

subtest 'trap 1: two edits within the same minute both arrive' => sub {
	foreach my $rounding (qw(floor nearest))
	{
		with_switches({ rounding => $rounding }, sub {
			my $ann = person("trap1$rounding", rows => [ { Name => 'Milk' } ]);

			$ann->write('Milk', Priority => 'High');
			$ann->sync;
			is($ann->field('Milk', 'priority'), 3, "$rounding: the first");
			$ann->write('Milk', Priority => 'Low');
			$ann->sync;
			is($ann->field('Milk', 'priority'), 1, "$rounding: the second");
		});
	}
};

subtest 'trap 2: the echo of our own writes changes nothing, and hides nothing' => sub {
	my $ann = person('trap2', rows => [ { Name => 'Milk' } ]);

	$ann->change('Milk', q{title = 'Milk, fresh', due_date = '2030-01-02', labels = '{b,a}'});
	$ann->quiet;
	my $versions = $ann->versions;
	$ann->mark;
	$ann->sync for 1 .. 3;
	is($ann->versions, $versions, 'no task is written');
	is($ann->calls, 'query query query', 'nothing is sent: one query each');
	$ann->pause;
	$ann->write('Milk, fresh', Priority => 'Urgent');
	$ann->change('Milk, fresh', q{description = 'ours'});
	$ann->resume;
	$ann->sync;
	is($ann->field('Milk, fresh', q{priority || description}), '4ours', 'a person\'s edit in the minute of ours arrives');
	is($ann->there('Milk, fresh')->{plain}{Description}, 'ours', 'and ours is there');
};

subtest 'trap 3: no conditional writes: read first, send only what changed' => sub {
	my $ann = person('trap3', rows => [ { Name => 'Milk' } ]);

	$ann->pause;
	$ann->write('Milk', Due => '2030-05-06', Labels => ['food']);
	$ann->change('Milk', q{title = 'Bread'});
	$ann->mark;
	$ann->resume;
	is($ann->calls, 'query page_update', 'it is read before it is written');
	is_deeply([ @{ $ann->there('Bread')->{plain} }{qw(Due Labels)} ], [ { start => '2030-05-06', end => undef, time_zone => undef }, ['food'] ],
		'what the person changed there is not overwritten') or diag explain $ann->there('Bread')->{plain};
	is($ann->field('Bread', q{due_date || ' ' || labels::text}), '2030-05-06 {food}', 'and is here');
};

subtest 'trap 4: saved and answered with 503, or not answered at all: once' => sub {
	my $ann = person('trap4', plan => { sync_id => $yes });

	$ann->fault({ kind => 'status', status => 503, applied => $yes, match => { command => 'page_create' } });
	$ann->make('With its id');
	$ann->quiet;
	is($ann->titles_there, 'With its id', 'what the refusal names is taken for made');
	$ann->fault({ kind => 'status', status => 503, applied => $yes, committed => $no, match => { command => 'page_create' } });
	my $id = $ann->make('Without a word');
	$ann->failed;
	$notion->control(POST => 'patch', { token => $ann->{token}, id => $ann->there('Without a word')->{id}, fields => { created => 1000 * (time - 120) } });
	$ann->write('Without a word', Name => 'Renamed meanwhile');
	$ann->resume;
	is($ann->titles_there, 'Renamed meanwhile,With its id', 'known by the id that it carries, whatever became of it');
	is($ann->sql(q{SELECT title FROM tasksync.tasks WHERE id = :'i'}, i => $id), 'Renamed meanwhile', 'and the same task here');
	$ann->fault({ kind => 'cut_after_commit', match => { command => 'page_update' } });
	$ann->change('With its id', q{title = 'Changed'});
	$ann->failed;
	$ann->resume;
	is($ann->titles_there, 'Changed,Renamed meanwhile', 'a change whose answer was lost is there');
	$ann->mark;
	$ann->sync;
	is($ann->writes, '', 'and is not sent again');
};

subtest 'trap 5: bodies edited by other programs do not move the time: read once a day' => sub {
	my $ann = person('trap5', rows => [ { Name => 'Milk' } ], mapping => { description => { body => $yes } });
	my $id = $ann->there('Milk')->{id};

	$ann->edit(body_write => { id => $id, markdown => 'by a person' });
	$ann->sync;
	is($ann->field('Milk', 'description'), 'by a person', 'a person\'s edit arrives at once');
	$notion->control(POST => 'patch', { token => $ann->{token}, id => $id, fields => { edited => 1000 * (time - 7200) } });
	$ann->read_all;
	$ann->api(PATCH => "pages/$id/markdown", { type => 'replace_content', replace_content => { new_str => 'by a program' } });
	$ann->sync;
	is($ann->field('Milk', 'description'), 'by a person', 'another program\'s is not seen');
	$ann->read_all;
	is($ann->field('Milk', 'description'), 'by a program', 'until everything is read');
	$ann->mark;
	$ann->change('Milk', q{title = 'Bread', description = 'ours'});
	$ann->quiet;
	is($ann->calls, 'query page_update markdown_update', 'a body is a request of its own');
	is($ann->there('Bread')->{markdown}, 'ours', 'and is written');
	$ann->mark;
	$ann->sync;
	is($ann->writes, '', 'once');
};

subtest 'trap 6: formatting and links survive a change of other words' => sub {
	my $ann = person('trap6');

	$ann->edit(page_create => { data_source_id => $ann->{source}, properties => { Name => { title => [
		{ text => { content => 'See ' } }, { text => { content => 'the site', link => { url => 'https://x.example/' } } },
		{ text => { content => ' today' }, annotations => { bold => $yes } } ] } } });
	$ann->sync;
	$ann->change('See the site today', q{title = 'Saw the site today'});
	$ann->quiet;
	my $title = $ann->there('Saw the site today')->{properties}{Name}{title};
	is_deeply([ map { [ $_->{plain_text}, $_->{href}, $_->{annotations}{bold} ? 1 : 0 ] } @{$title} ],
		[ [ 'Saw ', undef, 0 ], [ 'the site', 'https://x.example/', 0 ], [ ' today', undef, 1 ] ], 'link and bold are as they were') or diag explain $title;
	$ann->change('Saw the site today', q{priority = 2});
	$ann->quiet;
	is_deeply($ann->there('Saw the site today')->{properties}{Name}{title}, $title, 'a change of something else does not touch the text');
};

subtest 'trap 7: long texts go in pieces and come back whole' => sub {
	my $ann = person('trap7', rows => [ { Name => 'Milk' } ]);
	my $times = 1500;

	# a family is one character of eight UTF-16 units: 2,000 of those do not end between two families
	$ann->change('Milk', qq{description = repeat(E'\\U0001F468\\u200D\\U0001F469\\u200D\\U0001F467 \\u00E4b', $times)});
	$ann->quiet;
	is($ann->there('Milk')->{plain}{Description}, "\x{1F468}\x{200D}\x{1F469}\x{200D}\x{1F467} \x{E4}b" x $times, 'every character is there');
	my $versions = $ann->versions;
	$ann->mark;
	$ann->read_all;
	is($ann->writes . $ann->versions, $versions, 'and it is the same text');
};

subtest 'trap 8: done is a status, a checkbox or a select, and stays which option of done it is' => sub {
	my $ann = person('trap8', rows => [ { Name => 'Milk', Status => 'In progress' }, { Name => 'Bread', Status => 'Blocked' } ]);

	$ann->write('Milk', Status => 'Dropped');
	$ann->sync;
	is($ann->field('Milk', 'status'), 'done', 'dropped is done');
	$ann->change('Milk', q{title = 'Milk, fresh'});
	$ann->quiet;
	is($ann->there('Milk, fresh')->{plain}{Status}, 'Dropped', 'and stays dropped');
	$ann->change('Milk, fresh', q{status = 'open'});
	$ann->change('Bread', q{status = 'done'});
	$ann->quiet;
	is($ann->there('Milk, fresh')->{plain}{Status} . ' ' . $ann->there('Bread')->{plain}{Status}, 'Not started Done', 'reopened, and completed');
	foreach my $form ([ checkbox => 'Done', $yes, '1' ], [ select => 'Stage', 'Done', 'Done' ])
	{
		my ($kind, $property, $value, $shown) = @{$form};
		my $bob = person("trap8$kind", plan => { done => $kind }, rows => [ { Name => 'In' }, { Name => 'Out' } ]);
		$bob->write('In', $property => $value);
		$bob->change('Out', q{status = 'done'});
		$bob->sync;
		is($bob->field('In', 'status'), 'done', "$kind: done there is done here");
		is($bob->there('Out')->{plain}{$property}, $shown, "$kind: and the other way round");
	}
};

subtest 'trap 9: a status of none is the default option, and no reason to write' => sub {
	my $ann = person('trap9', rows => [ { Name => 'Milk', Status => 'Done' }, { Name => 'Bread', Status => 'In progress' } ]);

	$ann->write('Bread', Status => undef);
	$ann->mark;
	$ann->sync for 1 .. 2;
	is($ann->field('Bread', 'status') . $ann->writes, 'open', 'it is open, and nothing is sent');
	with_switches({ status_null => 'null' }, sub {
		$ann->write('Bread', Status => undef);
		$ann->mark;
		$ann->sync for 1 .. 2;
		is($ann->field('Bread', 'status') . $ann->writes, 'open', 'also without a default');
		$ann->change('Bread', q{status = 'done'});
		$ann->quiet;
		is($ann->there('Bread')->{plain}{Status}, 'Done', 'and can be done');
	});
};

subtest 'trap 10: options are made only where that is allowed' => sub {
	my $ann = person('trap10', rows => [ { Name => 'Milk' }, { Name => 'Bread' } ]);
	my $options = sub { my ($source) = grep { $_->{id} eq $ann->{source} } @{ $notion->state($ann->{token})->{data_sources} };
		return join ',', sort map { $_->{name} } @{ $source->{properties}{Labels}{multi_select}{options} } };
	my $before = $options->();

	$ann->change('Milk', q{labels = '{food,brandnew}'});
	$ann->quiet;
	like($options->(), qr/brandnew/, 'a label makes an option');
	$ann->set_mapping({ labels => { property => 'Labels', create => $no } });
	$ann->quiet;
	$ann->change('Bread', q{labels = '{FOOD,another}'});
	$ann->quiet;
	unlike($options->(), qr/another|FOOD/, 'not where that was forbidden');
	is_deeply($ann->there('Bread')->{plain}{Labels}, ['food'], 'the one that exists in another case is used');
	is($ann->field('Bread', 'labels'), '{FOOD,another}', 'the others stay here');
	$ann->mark;
	$ann->sync for 1 .. 2;
	is($ann->writes, '', 'and are not tried again and again');
};

subtest 'trap 11: properties and options are renamed without touching a page' => sub {
	my $ann = person('trap11', rows => [ { Name => 'Milk', Status => 'In progress', Due => '2030-01-02', Labels => ['food'] } ]);
	my $versions = $ann->versions;

	$ann->edit(
		property_rename => { data_source_id => $ann->{source}, property => 'Due', name => 'Termin' },
		property_rename => { data_source_id => $ann->{source}, property => 'Status', name => 'Zustand' },
		option_rename => { data_source_id => $ann->{source}, property => 'Zustand', option => 'Done', name => 'Fertig' });
	$ann->sync;
	$ann->read_all;
	is($ann->versions . $ann->state, $versions . 'active', 'nothing changes here');
	$ann->change('Milk', q{status = 'done', due_date = '2030-03-04'});
	$ann->quiet;
	is($ann->there('Milk')->{plain}{Zustand} . ' ' . $ann->there('Milk')->{plain}{Termin}{start}, 'Fertig 2030-03-04', 'and what changes here arrives');
};

subtest 'trap 12: lists that are not shown whole are never written' => sub {
	my $ann = person('trap12', rows => [ { Name => 'Parent', temp_id => 'p' }, map { { Name => "Child $_", 'Parent item' => ['p'] } } 1 .. 30 ]);

	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u' AND parent_id IS NOT NULL}), 30, 'all children are below it');
	$ann->change('Parent', q{title = 'Parent, renamed'});
	$ann->change('Child 7', q{parent_id = NULL});
	$ann->quiet;
	is(scalar(@{ $ann->there('Parent, renamed')->{plain}{'Sub-item'} }), 29, 'one left, the others are where they were');
	$ann->edit(page_update => { id => $ann->there('Child 8')->{id}, properties => { 'Parent item' => [ $ann->there('Child 7')->{id}, $ann->there('Child 9')->{id} ] } });
	$ann->sync;
	$ann->change('Child 8', q{parent_id = NULL});
	$ann->quiet;
	is($ann->sql(q{SELECT error_code FROM tasksync.dead_letters WHERE user_id = :'u'}), 'several_parents', 'several parents are a person\'s matter');
	is(scalar(@{ $ann->there('Child 8')->{plain}{'Parent item'} }), 2, 'and stay');
};

subtest 'trap 13: a label added there and one removed here' => sub {
	my $ann = person('trap13', rows => [ { Name => 'Milk', Labels => [qw(food phone)] } ]);

	$ann->pause;
	$ann->write('Milk', Labels => [qw(food phone urgent)]);
	$ann->change('Milk', q{labels = '{food,mine}'});
	$ann->resume;
	is($ann->field('Milk', 'labels'), '{food,mine,urgent}', 'both hold here');
	is_deeply([ sort @{ $ann->there('Milk')->{plain}{Labels} } ], [qw(food mine urgent)], 'and there');
};

subtest 'trap 14: what is in the trash vanishes from queries; a whole read and a question prove it' => sub {
	my $ann = person('trap14', rows => [ map { { Name => "kept $_" } } 1 .. 9 ]);

	$ann->trash('kept 1');
	$ann->sync;
	is($ann->field('kept 1', 'count(*)'), 1, 'changes do not show it');
	$ann->mark;
	$ann->read_all;
	is($ann->field('kept 1', 'count(*)'), 0, 'a whole read does, and the page says so itself');
	is($ann->calls, 'search schema query page', 'at the cost of one question');
	is($ann->sql(q{SELECT proof FROM tasksync.graves WHERE user_id = :'u'}), 'point_read', 'which is the proof');
};

subtest 'trap 15: archived is not deleted' => sub {
	my $ann = person('trap15', rows => [ map { { Name => "kept $_" } } 1 .. 9 ]);
	my $id = $ann->there('kept 1')->{id};

	$ann->edit(page_archive => { id => $id, archived => $yes });
	$ann->read_all;
	is($ann->field('kept 1', 'status'), 'open', 'the task stays');
	is($ann->sql(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}), 0, 'nothing is buried');
	$ann->edit(page_archive => { id => $id, archived => $no });
	$ann->write('kept 1', Priority => 'High');
	$ann->sync;
	is($ann->field('kept 1', 'priority'), 3, 'when it is back it is the same task');
};

subtest 'trap 16: a change of what is in the trash there brings it back, as an edit wins' => sub {
	foreach my $status (400, 404)
	{
		with_switches({ trashed_edit => $status }, sub {
			my $ann = person("trap16x$status", rows => [ map { { Name => "kept $_" } } 1 .. 9 ]);

			$ann->pause;
			$ann->trash('kept 1');
			$ann->change('kept 1', q{title = 'Edited'});
			$ann->resume;
			$ann->sync;
			is($ann->field('Edited', 'count(*)'), 1, "$status: it is here");
			is($ann->there('Edited')->{in_trash} ? 1 : 0, 0, "$status: and there");
			is($ann->sql(q{SELECT count(*) FROM tasksync.dead_letters WHERE user_id = :'u'}), 0, "$status: nothing is stuck");
		});
	}
};

subtest 'trap 17: no ordinary change takes a page out of the trash' => sub {
	my $ann = person('trap17', rows => [ map { { Name => "kept $_" } } 1 .. 9 ]);
	my $id = $ann->there('kept 1')->{id};

	$ann->pause;
	$ann->trash('kept 1');
	$ann->change('kept 1', q{title = 'Edited'});
	$ann->resume;
	$ann->sync;
	my ($old) = grep { $_->{id} eq $id } @{ $notion->state($ann->{token})->{pages} };
	ok($old->{in_trash}, 'the old page is where the person put it');
};

subtest 'trap 18: a database that is not shared any more is a trouble, not ten deletions' => sub {
	my $ann = person('trap18', rows => [ map { { Name => "kept $_" } } 1 .. 10 ]);
	my $titles = $ann->titles;

	$notion->control(POST => 'unshare', { token => $ann->{token}, id => $ann->{database} });
	$ann->sync;
	$ann->read_all;
	is($ann->titles, $titles, 'nothing is deleted');
	is($ann->state . ' ' . $ann->trouble, 'container trouble unshared', 'the account says what is wrong');
	like($ann->reason, qr/share it with the connection/, 'and what to do');
	$notion->control(POST => 'share', { token => $ann->{token}, id => $ann->{database} });
	$ann->write('kept 1', Priority => 'High');
	$ann->sync;
	is($ann->state . $ann->field('kept 1', 'priority'), 'active3', 'then all is well again');
};

subtest 'trap 19: addresses name databases and views; a second data source changes nothing' => sub {
	my $ann = person('trap19', rows => [ { Name => 'Milk' } ]);
	my $hex = $ann->{database} =~ s/-//gr;

	$ann->sql(q{SELECT tasksync.unlink_project(:'l')}, l => $ann->{link});
	$ann->{link} = $ann->sql(q{SELECT tasksync.link_project(:'a', :'w')}, w => "https://www.notion.so/acme/Tasks-$hex?v=0123456789abcdef0123456789abcdef");
	$ann->quiet;
	is($ann->sql(q{SELECT remote_id FROM tasksync.project_links WHERE id = :'l'}, l => $ann->{link}), $ann->{source}, 'a pasted address is the data source of the database');
	$ann->edit(data_source_create => { database_id => $ann->{database}, name => 'Second' });
	$ann->read_all;
	$ann->change('Milk', q{title = 'Bread'});
	$ann->quiet;
	is($ann->titles_there . $ann->state, 'Breadactive', 'a second one does not disturb');
	my (undef, undef, $error) = $hub->try_sql(q{SELECT tasksync.link_project(:'a', :'w')}, a => $ann->{account_id}, w => $hex);
	like($error, qr/42P08.*holds several containers.*HINT:  Name one of them: .*\Q$ann->{source}\E/s, 'but now the database alone says too little');
};

subtest 'trap 20: ids of properties in either form' => sub {
	foreach my $form (qw(encoded decoded))
	{
		foreach my $unknown (qw(reject ignore))
		{
			with_switches({ body_property_ids => $form, unknown_property => $unknown }, sub {
				my $ann = person("trap20$form$unknown", plan => { sync_id => $yes }, rows => [ { Name => 'Milk' } ]);

				$ann->make('New');
				$ann->change('Milk', q{due_date = '2030-01-02', status = 'done'});
				$ann->quiet;
				$ann->change('New', q{priority = 4});
				$ann->quiet;
				my ($milk, $new) = ($ann->there('Milk')->{plain}, $ann->there('New')->{plain});
				is_deeply([ $milk->{Due}{start}, $milk->{Status}, $new->{Priority}, defined $new->{'Sync ID'} ], [ '2030-01-02', 'Done', 'Urgent', 1 ],
					"$form, unknown ones $unknown: everything is written") or diag explain [ $milk, $new ];
			});
		}
	}
};

subtest 'trap 21: dates stay dates, ends of ranges and zones stay' => sub {
	my $ann = person('trap21', rows => [
		{ Name => 'Day', Due => '2030-05-06' },
		{ Name => 'Range', Due => { start => '2030-05-06', end => '2030-05-09' } },
		{ Name => 'Zone', Due => { start => '2030-05-06T09:00:00', time_zone => 'America/Los_Angeles' } } ]);

	is($ann->field('Day', q{due_date || coalesce(due_time::text, '-')}), '2030-05-06-', 'a day');
	is($ann->field('Zone', q{due_date || ' ' || due_time || ' ' || due_timezone}), '2030-05-06 09:00:00 UTC-07:00', 'a time and its offset');
	$ann->change($_, q{title = title || '!'}) for qw(Day Range Zone);
	$ann->quiet;
	$ann->change('Range!', q{due_date = '2030-05-07'});
	$ann->change('Zone!', q{due_time = '10:30'});
	$ann->change('Day!', q{due_date = '2030-07-01', due_time = '14:30', due_timezone = 'Europe/Lisbon'});
	$ann->quiet;
	is_deeply($ann->there('Range!')->{plain}{Due}, { start => '2030-05-07', end => '2030-05-09', time_zone => undef }, 'the end stays');
	like($ann->there('Zone!')->{plain}{Due}{start}, qr/^2030-05-06T10:30:00/, 'the time there is the one here');
	is($ann->there('Zone!')->{plain}{Due}{time_zone}, 'America/Los_Angeles', 'in the zone that was there');
	foreach my $switches ({ date_form => 'utc' }, { echo_time_zone => $no }, { date_form => 'offset' })
	{
		with_switches($switches, sub {
			my $versions = $ann->versions;
			$ann->mark;
			$ann->read_all;
			is($ann->writes, '', 'however it is told, nothing is sent');
			is($ann->field('Day!', q{due_date || ' ' || due_time || ' ' || due_timezone}), '2030-07-01 14:30:00 Europe/Lisbon', 'and the zone here stays');
		}) unless ($switches->{date_form} // '') eq 'utc';
	}
	$ann->write('Day!', Due => { start => '2030-12-01T14:30:00+00:00' });
	$ann->sync;
	is($ann->field('Day!', q{due_date || ' ' || due_time || ' ' || due_timezone}), '2030-12-01 14:30:00 Europe/Lisbon',
		'moved there across the change of the clocks: the same local time, the same zone');
};

subtest 'trap 22: an automation that changes more rows after ours is taken, once' => sub {
	my $ann = person('trap22', rows => [ map { { Name => "step $_", Due => "2030-01-0$_" } } 1 .. 3 ]);

	$ann->change('step 1', q{due_date = '2030-02-01'});
	$ann->quiet;
	$ann->write('step 2', Due => '2030-02-02');
	$ann->write('step 3', Due => '2030-02-03');
	$ann->sync;
	is($ann->field('step 2', 'due_date') . ' ' . $ann->field('step 3', 'due_date'), '2030-02-02 2030-02-03', 'what it changed is here');
	$ann->mark;
	$ann->sync for 1 .. 2;
	is($ann->writes, '', 'and nothing goes back');
};

subtest 'trap 23: a list that is cut off proves nothing; windows show the rest' => sub {
	my $ann = person('trap23', rows => [ map { { Name => sprintf('kept %02d', $_) } } 1 .. 30 ]);

	with_switches({ query_cap => 20 }, sub {
		my $n = 0;

		foreach my $page (sort { $a->{title} cmp $b->{title} } $ann->pages)
		{
			$notion->control(POST => 'patch', { token => $ann->{token}, id => $page->{id}, fields => { created => 1000 * (time - 86400 + 300 * $n++) } });
		}
		$ann->trash('kept 17');
		$ann->mark;
		$ann->read_all;
		is($ann->calls, 'search schema query query page', 'two windows, and a question for what both lack');
		is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 29, 'the deleted one is gone, no other');
	});
	with_switches({ query_cap => 20 }, sub {
		my $ann = person('trap23b', rows => [ map { { Name => sprintf('kept %02d', $_) } } 1 .. 30 ]);

		is($ann->sql(q{SELECT count(*) FROM tasksync.graves WHERE user_id = :'u'}) . $ann->trouble, '0too_many_rows',
			'so many in one minute that no window helps: it says so, and nothing is missing');
	});
};

subtest 'trap 24: a search is no listing' => sub {
	my $ann = person('trap24', rows => [ { Name => 'Milk' } ]);
	with_switches({ search_lag_s => 3600 }, sub {
		$ann->write('Milk', Name => 'Bread');
		$ann->read_all;
		is($ann->titles . $ann->state, 'Breadactive', 'what is linked is read though a search does not show it');
	});
};

subtest 'trap 25: addresses of files change with every read, and are no change' => sub {
	my $ann = person('trap25', plan => { extra => $yes }, rows => [ { Name => 'Milk' } ]);
	my $file = { files => [ { name => 'a', type => 'external', external => { url => 'https://x.example/a' } } ] };

	$ann->edit(page_update => { id => $ann->there('Milk')->{id}, properties => { Files => $file } });
	$ann->sync;
	my $versions = $ann->versions;
	$ann->mark;
	$ann->sync for 1 .. 2;
	is($ann->versions . $ann->writes, $versions, 'nothing is written on either side');
	is($ann->sql(q{SELECT count(*) FROM tasksync.links WHERE user_id = :'u' AND raw::text LIKE '%x.example%'}), 0, 'and none is kept');
};

subtest 'trap 26: the number of a row is no key: the page id is, and a property of our own' => sub {
	my $ann = person('trap26', plan => { extra => $yes, sync_id => $yes }, rows => [ { Name => 'Milk' } ]);
	my $number = $ann->there('Milk')->{plain}{Number};
	my $new = $ann->make('New');

	$ann->change('Milk', q{title = 'Bread'});
	$ann->quiet;
	is_deeply($ann->there('Bread')->{plain}{Number}, $number, 'the number stays what it is');
	is($ann->there('New')->{plain}{'Sync ID'}, $new, 'our own id is in the property that is ours');
	is($ann->sql(q{SELECT remote_id FROM tasksync.links WHERE hub_id = :'h'}, h => $new), $ann->there('New')->{id}, 'the page id is the key');
};

subtest 'trap 31: people who are assigned stay, whoever they are' => sub {
	my $ann = person('trap31', plan => { extra => $yes }, rows => [ { Name => 'Milk' } ]);

	$ann->edit(page_update => { id => $ann->there('Milk')->{id}, properties => { Assignee => [ $ann->{person}{user_id} ], Effort => 3, Link => 'https://x.example/' } });
	$ann->sync;
	my %before = %{ $ann->there('Milk')->{plain} };
	$ann->change('Milk', q{title = 'Bread', priority = 3, status = 'done', labels = '{food}'});
	$ann->quiet;
	my %after = %{ $ann->there('Bread')->{plain} };
	is_deeply([ @after{qw(Assignee Effort Link)} ], [ @before{qw(Assignee Effort Link)} ], 'as do numbers and links');
	is(scalar(@{ $after{Assignee} }), 1, 'there is one');
};

subtest 'trap 27: a row that a person is still typing waits for its title' => sub {
	my $ann = person('trap27');

	$ann->add({ Priority => 'High' });
	$ann->sync;
	is($ann->titles, '', 'a row without a title is no task yet');
	$ann->edit(page_update => { id => ($ann->pages)[0]{id}, properties => { Name => 'Typed' } });
	$ann->sync;
	is($ann->titles . $ann->field('Typed', 'priority'), 'Typed3', 'with it, it is one');
	$ann->write('Typed', Name => '');
	$ann->mark;
	$ann->sync;
	is($ann->titles . $ann->writes, 'Typed', 'a title taken away there says nothing here');
};

subtest 'trap 28: content that a template fills in later is no edit of the task' => sub {
	my $ann = person('trap28');

	$ann->make('Milk');
	$ann->quiet;
	my $versions = $ann->versions;
	$ann->edit(body_write => { id => $ann->there('Milk')->{id}, markdown => "# From a template\n- [ ] a" });
	$ann->mark;
	$ann->sync;
	is($ann->versions . $ann->writes, $versions, 'nothing here changes, nothing is sent');
	like($ann->there('Milk')->{markdown}, qr/template/, 'and it stays');
};

subtest 'trap 29: a plan that takes no more pages stops creates, not changes' => sub {
	my $ann = person('trap29', rows => [ { Name => 'Milk' } ]);

	$notion->control(POST => 'workspaces/patch', { token => $ann->{token}, workspace_id => $ann->{person}{workspace_id}, creation_blocked => $yes });
	$ann->make('Too many');
	$ann->change('Milk', q{title = 'Bread'});
	$ann->quiet;
	is($ann->titles_there, 'Bread', 'a change arrives');
	is($ann->sql(q{SELECT error_code FROM tasksync.dead_letters WHERE user_id = :'u'}), 'block_limit', 'a new task waits');
	like($ann->sql(q{SELECT error_message FROM tasksync.dead_letters WHERE user_id = :'u'}), qr/plan takes no more pages/, 'and says why');
	$notion->control(POST => 'workspaces/patch', { token => $ann->{token}, workspace_id => $ann->{person}{workspace_id}, creation_blocked => $no });
	$ann->sql(q{SELECT tasksync.retry(:'a', hub_id) FROM tasksync.dead_letters WHERE user_id = :'u'});
	$ann->quiet;
	is($ann->titles_there, 'Bread,Too many', 'until it may');
};

subtest 'trap 30: a limit of the whole workspace parks the account for as long as it says' => sub {
	my $ann = person('trap30', rows => [ { Name => 'Milk' } ]);

	$ann->fault({ kind => 'status', status => 429, reason => 'public_api_space_request_rate_limit', retry_after => 400 });
	$ann->sql(q{SELECT tasksync.sync_now(:'a')});
	is($ann->failed, 'rate_limited', 'it is told to wait');
	is($ann->sql(q{SELECT next_due > now() + interval '390 s' FROM tasksync.schedules WHERE account_id = :'a'}), 't', 'more than a minute, if that was said');
	$ann->resume;
	$ann->fault({ kind => 'status', status => 429, reason => 'public_api_request_blocked' });
	$ann->sql(q{SELECT tasksync.sync_now(:'a')});
	$hub->wait_for(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}, 'paused', a => $ann->{account_id});
	like($ann->reason, qr/blocks the requests/, 'one that is blocked is not tried again');
	$ann->resume;
	is($ann->state, 'active', 'until somebody says so');
};

subtest 'trap 32: refusals from something in front of the service' => sub {
	my $ann = person('trap32', rows => [ { Name => 'Milk' } ]);

	foreach my $fault ([ { status => 403, html => $yes }, 'HTTP_403' ], [ { status => 502 }, 'HTTP_502' ])
	{
		$ann->fault({ kind => 'status', %{ $fault->[0] } });
		$ann->sql(q{SELECT tasksync.sync_now(:'a')});
		is($ann->failed . ' ' . $ann->state, "$fault->[1] backing off", 'the account waits and goes on by itself');
		$ann->resume;
	}
	is($ann->state . $ann->titles, 'activeMilk', 'nothing is lost');
};

subtest 'trap 33: the bot is the identity: another token of it goes on, another workspace is refused' => sub {
	my $ann = person('trap33', rows => [ { Name => 'Milk' } ]);
	my $bob = $notion->add_user(email => 'elsewhere@example.com');
	my $titles = $ann->titles;

	$notion->seed(token => $bob->{token}, tasks => 3);
	$ann->change('Milk', q{title = 'Bread'});
	$ann->quiet;
	$ann->sql(q{SELECT tasksync.reconnect_account(:'a', :'t')}, t => $bob->{token});
	$hub->wait_for(q{SELECT state FROM tasksync.account_health WHERE account_id = :'a'}, 'reauth required', a => $ann->{account_id});
	is(scalar(grep { $_->{kind} !~ /^users$/ } $notion->requests($bob->{token})), 0, 'another workspace is asked who it is, and nothing more');
	is($ann->titles, 'Bread', 'no task changes');
	$ann->sql(q{SELECT tasksync.reconnect_account(:'a', :'t')}, t => $ann->{token});
	$ann->quiet;
	is($ann->state, 'active', 'the same one goes on');
};

subtest 'trap 35: characters that cannot be stored do not stop anything' => sub {
	my $ann = person('trap35', rows => [ { Name => 'Milk' } ]);

	$ann->write('Milk', Priority => 'High');
	$ann->fault({ kind => 'nul_text', field => 'plain_text' }, { kind => 'lone_surrogate', field => 'plain_text' });
	$ann->sync for 1 .. 2;
	is($ann->state, 'active', 'all is well');
	is($ann->sql(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}), 1, 'the task is here');
};

subtest 'trap 36: titles of many pieces are one text' => sub {
	my $ann = person('trap36');

	$ann->edit(page_create => { data_source_id => $ann->{source}, properties => { Name => { title => [
		{ type => 'text', text => { content => 'E is ' } }, { type => 'equation', equation => { expression => 'mc^2' } }, { type => 'text', text => { content => '!' } } ] } } });
	$ann->sync;
	is($ann->titles, 'E is mc^2!', 'equations and all');
	$ann->change('E is mc^2!', q{title = 'E was mc^2!'});
	$ann->quiet;
	is($ann->there('E was mc^2!')->{properties}{Name}{title}[1]{type}, 'equation', 'and stay what they are');
};

subtest 'trap 34: no schema was written by us' => sub {
	is(scalar(grep { $_->{kind} eq 'schema_update' } $notion->requests), 0, 'in all of the above');
};

done_testing;
