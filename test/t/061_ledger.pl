# Random histories of edits on three sides, and a ledger: no edit is lost, and all sides end up equal.
#
# Every edit carries a token of its own inside its value. In the end each token is in the hub, or in
# what the hub wrote down (journal, conflicts), unless the same person overwrote it in the same place
# before anybody had read it.
#
#   SEED=17 repeats history 17 alone; HISTORIES=40 takes as many fresh ones; STEPS (60) makes them
#   longer. The suite takes the same four each time, so that a failure belongs to the change at hand.

use strict;
use warnings FATAL => 'all';

use List::Util qw(first);
use Test::More;

use TaskSync::Sides;

my $steps = $ENV{STEPS} || 60;
my @seeds =
	$ENV{SEED} ? ($ENV{SEED})
  : $ENV{HISTORIES} ? map { 1 + int rand 1_000_000 } 1 .. $ENV{HISTORIES}
  : 1 .. 4;
my ($sides, %ledger, %pending, $count, $base);

sub pick { return $_[ int rand @_ ] }

# A new token, and the place where it is written.
sub token_for
{
	my ($side, $id, $field) = @_;
	my $token = $field eq 'due' ? sprintf('20%02d-%02d-%02d', 30 + int($count / 300), 1 + int($count / 25) % 12, 1 + $count % 25)
	  : "~$count~";
	$count++;
	$ledger{$token} = { side => $side, id => $id, field => $field, step => $base };
	return $token;
}

# What was there before and unread is overwritten, unless the new value only adds to it.
sub written
{
	my ($token, $adds) = @_;
	my $entry = $ledger{$token};
	return if $entry->{side} eq 'hub';
	my $unread = $pending{ $entry->{side} }{ $entry->{id} }{ $entry->{field} } //= [];
	$ledger{$_}{superseded} = 1 foreach $adds ? () : splice @$unread;
	push @$unread, $token;
	return;
}

# Nobody will read what was written into these.
sub forget
{
	my ($side, @ids) = @_;
	foreach my $id (@ids)
	{
		$_->{superseded} = 1 foreach grep { $_->{side} eq $side && $_->{id} eq $id && !$_->{read} } values %ledger;
	}
	return;
}

sub items
{
	my ($side) = @_;
	my $tasks = $sides->todoist->tasks($sides->token($side));
	return sort { $a->{content} cmp $b->{content} || $a->{id} cmp $b->{id} } values %$tasks;
}

sub below
{
	my ($side, $id) = @_;
	my @tasks = items($side);
	my @found = ($id);
	foreach my $above (@found)
	{
		push @found, map { $_->{id} } grep { ($_->{parent_id} // '') eq $above } @tasks;
	}
	return @found;
}

# What a person in the app may not do there is no edit.
sub try_edit
{
	my ($side, $type, %args) = @_;
	my $id = eval { $sides->edit($side, $type, %args) // 'done' };
	return $id;
}

sub edit_at
{
	my ($side) = @_;
	my @items = items($side);
	my $item = pick(@items);
	my $what = pick(qw(title title notes notes append due labels unlabel priority add add complete reopen delete move parent));

	if ($what eq 'add' || !$item)
	{
		my $token = token_for($side, 'new', 'content');
		my @projects = sort { $a->{name} cmp $b->{name} } grep { !$_->{is_deleted} }
		  @{ $sides->todoist->state($sides->token($side))->{projects} };
		$ledger{$token}{id} = try_edit($side, 'item_add', content => "new $token", project_id => pick(@projects)->{id});
		written($token);
		return "add $token";
	}
	my ($id, $field) = ($item->{id}, { title => 'content', notes => 'description', append => 'description' }->{$what});
	if ($field)
	{
		my $token = token_for($side, $id, $field);
		my $text = $what eq 'append' ? "$item->{description}\nline $token" : "$what $token";
		try_edit($side, 'item_update', id => $id, $field => $text) or delete $ledger{$token}, return 'refused';
		written($token, $what eq 'append');
		return "$what $token";
	}
	if ($what eq 'due')
	{
		my $token = token_for($side, $id, 'due');
		try_edit($side, 'item_update', id => $id, due => { date => $token }) or delete $ledger{$token}, return 'refused';
		written($token);
		return "due $token";
	}
	if ($what eq 'labels')
	{
		my $token = token_for($side, $id, 'labels');
		try_edit($side, 'item_update', id => $id, labels => [ @{ $item->{labels} }, "l$token" ])
		  or delete $ledger{$token}, return 'refused';
		written($token, 1);
		return "label $token";
	}
	if ($what eq 'unlabel')
	{
		my ($gone, @rest) = @{ $item->{labels} };
		try_edit($side, 'item_update', id => $id, labels => \@rest) or return 'refused';
		$ledger{$1}{superseded} = 1 if defined $gone && $gone =~ /(~\d+~)/;
	}
	elsif ($what eq 'delete')
	{
		my @ids = below($side, $id);
		try_edit($side, 'item_delete', id => $id) or return 'refused';
		forget($side, @ids);
	}
	elsif ($what eq 'move')
	{
		my @projects = sort { $a->{name} cmp $b->{name} } grep { !$_->{is_deleted} }
		  @{ $sides->todoist->state($sides->token($side))->{projects} };
		try_edit($side, 'item_move', id => $id, project_id => pick(@projects)->{id}) or return 'refused';
	}
	elsif ($what eq 'parent')
	{
		try_edit($side, 'item_move', id => $id, parent_id => pick(@items)->{id}) or return 'refused';
	}
	else
	{
		my %command = (priority => 'item_update', complete => 'item_close', reopen => 'item_uncomplete');
		try_edit($side, $command{$what}, id => $id, $what eq 'priority' ? (priority => 1 + int rand 4) : ())
		  or return 'refused';
	}
	return "$what '$item->{content}'";
}

sub edit_hub
{
	my @rows = map { [ split /\|/ ] } split /\n/, $sides->sql(
		q{SELECT id, title FROM tasksync.tasks WHERE user_id = :'user' ORDER BY title, id});
	my $row = pick(@rows);
	my $what = pick(qw(title title notes append due labels priority add complete reopen delete move parent));
	my $id = $row ? $row->[0] : 'new';
	my %set = (
		title => q{title = 'hub ' || :'token'},
		notes => q{description = 'hub ' || :'token'},
		append => q{description = ltrim(description || E'\nhub ' || :'token', E'\n')},
		due => q{due_date = :'token', due_time = NULL, due_timezone = NULL},
		labels => q{labels = labels || ('l' || :'token')},
		priority => q{priority = (priority + 1) % 5},
		complete => q{status = 'done'},
		reopen => q{status = 'open'},
		move => q{section_id = NULL, parent_id = NULL, project_id =
			(SELECT id FROM tasksync.projects WHERE user_id = :'user' ORDER BY name LIMIT 1 OFFSET :nth)},
		parent => q{parent_id = (SELECT id FROM tasksync.tasks WHERE user_id = :'user' ORDER BY title, id LIMIT 1 OFFSET :nth)});
	my $token = token_for('hub', $id, $what);

	$what = 'add' unless $row;
	my $sql = $what eq 'add' ? q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'user', 'hub ' || :'token')}
	  : $what eq 'delete' ? q{DELETE FROM tasksync.tasks WHERE id = :'id'}
	  : "UPDATE tasksync.tasks SET $set{$what} WHERE id = :'id'";
	my $nth = int rand($what eq 'move' ? 3 : scalar @rows || 1);
	# a ring, for example, is refused
	my $done = eval { $sides->sql($sql, id => $id, token => $token, nth => $nth); 1 };
	delete $ledger{$token} if !$done || $sql !~ /:'token'/;
	return ($done ? '' : 'refused ') . "$what " . ($row ? "'$row->[1]'" : '');
}

# One side is read and written, the other one is not.
sub sync_side
{
	my ($side) = @_;
	my $ok = $sides->sql(qq{SELECT tasksync.resume_account(:'$side'); SELECT tasksync.wait_for_sync(:'$side', '30 s');
		SELECT tasksync.pause_account(:'$side')});
	die "side $side is not quiet:\n" . $sides->trouble if $ok =~ /^f$/m;
	$pending{$side} = {};
	$_->{read} = 1 foreach grep { $_->{side} eq $side } values %ledger;
	return;
}

sub lost
{
	my $known = $sides->sql(q{
		SELECT t::text FROM tasksync.tasks t WHERE user_id = :'user'
		UNION ALL SELECT before::text || coalesce(after::text, '') FROM tasksync.journal WHERE user_id = :'user' AND before IS NOT NULL
		UNION ALL SELECT after::text FROM tasksync.journal WHERE user_id = :'user' AND after IS NOT NULL
		UNION ALL SELECT concat(base, hub, remote, result) FROM tasksync.conflicts WHERE user_id = :'user'});
	my @lost;

	foreach my $token (sort keys %ledger)
	{
		my $entry = $ledger{$token};
		next if $entry->{superseded} || index($known, $token) >= 0;
		# a label alone saves no task from its deletion
		next if $entry->{field} eq 'labels' && !first { $_->{id} eq $entry->{id} } items($entry->{side});
		push @lost, "$token ($entry->{field} of $entry->{id} at $entry->{side}, step $entry->{step})";
	}
	return @lost;
}

sub history
{
	my ($seed) = @_;
	my @log;

	(%ledger, %pending) = ();
	($count, $base) = (100, 0);
	$sides = TaskSync::Sides->start(name => "history$seed", on => $sides);
	$sides->sql(q{SELECT tasksync.set_policy(a, '{"hold_deletes": "off"}') FROM unnest(ARRAY[:'a', :'b']::uuid[]) a});
	$sides->edit(a => 'project_add', name => $_) foreach 'P', 'Q';
	$sides->edit(a => 'item_add', content => "task $_") foreach 1 .. 6;
	$sides->settle;
	$sides->sql(q{SELECT tasksync.pause_account(:'a'); SELECT tasksync.pause_account(:'b')});
	# not before: looking for a free port is random, too
	srand $seed;
	foreach (1 .. $steps)
	{
		$base++;
		my $what = pick(qw(a a a a b b b b hub hub hub sync_a sync_b));
		my $did = $what =~ /sync_(.)/ ? do { sync_side($1); 'sync' } : $what eq 'hub' ? edit_hub() : edit_at($what);
		push @log, "$base $what: $did";
	}
	sync_side($_) foreach qw(a b a b);
	$sides->sql(q{SELECT tasksync.resume_account(:'a'); SELECT tasksync.resume_account(:'b')});
	$sides->settle;
	is(join("\n", lost()), '', 'each of ' . scalar(keys %ledger) . ' edits is accounted for')
	  or diag(join "\n", @log);
	$sides->is_equal;
	$sides->is_quiet;
	diag(join "\n", @log) unless Test::More->builder->is_passing;
	is($sides->sql(q{SELECT count(*) FROM tasksync.dead_letters d JOIN tasksync.accounts a ON a.id = d.account_id
			WHERE a.user_id = :'user'}), 0, 'nothing was refused for good') or diag(join "\n", @log, $sides->trouble);
	return;
}

foreach my $seed (@seeds)
{
	note("SEED=$seed");
	subtest "history $seed" => sub { history($seed) };
}

done_testing();
