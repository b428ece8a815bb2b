# A first sync of many tasks: people see it move, triggers that an operator added see every row, the
# journal has every row, and the planner hears of the new rows although autovacuum sleeps.
use strict;
use warnings FATAL => 'all';

use Test::More;

use TaskSync::Hub;
use TaskSync::Sandbox;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "autovacuum = off\n");

$hub->sql(<<'EOS');
CREATE TABLE public.progress (n integer GENERATED ALWAYS AS IDENTITY, account_id uuid, done integer, total integer);
CREATE TABLE public.arrived (user_id uuid, title text);
CREATE FUNCTION public.note_progress() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO public.progress (account_id, done, total) VALUES (NEW.account_id, NEW.done, NEW.total);
	RETURN NULL;
END $$;
CREATE FUNCTION public.note_arrival() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO public.arrived VALUES (NEW.user_id, NEW.title);
	RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER UPDATE OF done ON tasksync.sync_runs
	FOR EACH ROW WHEN (NEW.total > 0 AND NEW.finished_at IS NULL) EXECUTE FUNCTION public.note_progress();
CREATE TRIGGER watch AFTER INSERT ON tasksync.tasks FOR EACH ROW EXECUTE FUNCTION public.note_arrival();
EOS

sub person
{
	my ($email, $tasks) = @_;
	my $person = $todoist->add_user(email => $email, timezone => 'Europe/Berlin');

	$todoist->seed(token => $person->{token}, tasks => $tasks);
	return $hub->connect($todoist, email => $email, token => $person->{token}, link_all => 1);
}

sub steps
{
	my ($person) = @_;
	return $hub->sql(q{SELECT string_agg(done || '/' || total, ' ' ORDER BY n) FROM public.progress
		WHERE account_id = :'a'}, a => $person->{account_id});
}

my $ann = person('ann@example.com', 300);
is(steps($ann), '50/300 100/300 150/300 200/300 250/300 300/300', 'three hundred tasks come in six steps');
is($hub->value(q{SELECT count(*) FROM public.arrived WHERE user_id = :'u'}, u => $ann->{user_id}),
	300, 'a trigger that an operator added sees every row');
is($hub->value(<<'EOS', u => $ann->{user_id}), 300, 'the journal has every row as it is');
SELECT count(*) FROM tasksync.journal j JOIN tasksync.tasks t ON t.user_id = j.user_id AND t.id = j.hub_id
WHERE j.user_id = :'u' AND j.op = 'insert' AND j.version = t.version AND j.before IS NULL
	AND j.after = tasksync.task_record(t) AND j.run_id IS NOT NULL
EOS
is($hub->value(<<'EOS', u => $ann->{user_id}), 300, 'and so has its link');
SELECT count(*) FROM tasksync.links l JOIN tasksync.tasks t ON t.user_id = l.user_id AND t.id = l.hub_id
WHERE l.user_id = :'u' AND l.state = 'live' AND NOT l.dirty AND l.base ->> 'title' = t.title
	AND (l.base -> 'priority')::integer = t.priority
	AND ARRAY(SELECT jsonb_array_elements_text(l.base -> 'labels')) = t.labels
EOS

my $bea = person('bea@example.com', 2000);
is(steps($bea), join(' ', map { 200 * $_ . '/2000' } 1 .. 10), 'two thousand come in ten steps');
$hub->wait_for(<<'EOS', 2);
SELECT count(*) FROM pg_class WHERE oid IN ('tasksync.tasks'::regclass, 'tasksync.links'::regclass)
	AND reltuples > 1200 AND EXISTS (SELECT FROM pg_stats WHERE schemaname = 'tasksync' AND tablename = relname AND attname = 'user_id')
EOS
pass('the worker analyzed what had outgrown its statistics');

# the same for rows that an application brings
$hub->sql(<<'EOS', u => $bea->{user_id});
INSERT INTO tasksync.tasks (user_id, title) SELECT :'u', 'imported ' || n FROM generate_series(1, 250) n
EOS
$hub->quiet($bea->{account_id}, '120 s');
is(scalar(grep { $_->{content} =~ /^imported / } values %{ $todoist->tasks($bea->{token}) }),
	250, 'an import goes out');

$hub->stop;
$todoist->stop;
done_testing();
