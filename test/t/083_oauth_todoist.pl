# Consent at Todoist, the whole round: link, code, exchange by the worker, renewal, withdrawal,
# revocation; crashes in between; and that no secret of it is seen anywhere.
use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256 sha256_hex);
use MIME::Base64 qw(encode_base64url);
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

use TaskSync::Consent;
use TaskSync::Hub;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => TaskSync::Consent::settings(todoist => $todoist)
	  . "log_statement = 'none'\nlog_min_messages = debug1\nlog_min_error_statement = panic\n");

my %seen;       # secrets that must not be found anywhere

sub person
{
	my ($email) = @_;
	my $person = $todoist->add_user(email => $email, timezone => 'Europe/Berlin');
	$person->{hub} = $hub->value(q{SELECT tasksync.create_user(:'email')}, email => $email);
	return $person;
}

sub health
{
	my ($account) = @_;
	return $hub->value(q{SELECT state || ': ' || reason FROM tasksync.account_health WHERE account_id = :'a'}, a => $account);
}

sub agreed
{
	my ($person, $link, %more) = @_;
	my $back = TaskSync::Consent::agree($todoist, $link->{authorize_url}, token => $person->{token}, %more);
	$seen{"the code"} = $back->{code} if $back->{code};
	$seen{"the state"} = $back->{state};
	return $back;
}

sub tokens { return $hub->value(q{SELECT count(*) FROM tasksync.account_tokens WHERE account_id = :'a'}, a => $_[0]) }

sub oauth_requests { return grep { $_->{path} eq '/oauth/access_token' } @{ $todoist->log->{requests} } }

# ---- without an app ----
my $ann = person('ann@example.com');
my ($code, undef, $error) = $hub->try_sql(q{SELECT * FROM tasksync.connect_account('todoist', user_id => :'u')}, u => $ann->{hub});
like($error, qr/55000.*no app is registered.*HINT:.*set_provider_credentials\('todoist'/s, 'without an app it says which statement registers one');
my $client = TaskSync::Consent::register($hub, todoist => $todoist);

# ---- the whole round ----
$todoist->edit($ann->{token}, { type => 'item_add', temp_id => 't1', uuid => 'u1', args => { content => 'from there' } });
my $link = TaskSync::Consent::ask($hub, $ann->{hub}, 'todoist');
my $query = TaskSync::Consent::query_of($link->{authorize_url});
is($query->{client_id}, $client, 'the link names the app');
is($query->{redirect_uri}, 'https://hub.example/api/rpc/oauth_callback', 'and the one address to come back to');
like($query->{state}, qr/^[A-Za-z0-9_-]{43}$/, 'the state is 32 random bytes');
is($query->{code_challenge_method}, 'S256', 'PKCE');
is($hub->value(q{SELECT encode(state_hash, 'hex') FROM tasksync.oauth_states}), sha256_hex($query->{state}), 'the hub keeps its hash only');
like(health($link->{account_id}), qr/^awaiting consent: /, 'the account says what it waits for');
is($hub->value(q{SELECT tasksync.wait_for_sync(:'a', '1 min')}, a => $link->{account_id}), 'f', 'nobody waits for it in vain');

my $back = agreed($ann, $link);
is(TaskSync::Consent::complete($hub, $back), 'connecting', 'the code is taken');
$hub->sql(q{SELECT tasksync.link_all(:'a')}, a => $link->{account_id});
$hub->quiet($link->{account_id});
is($hub->value(q{SELECT title FROM tasksync.tasks}), 'from there', 'and the account syncs');
is($hub->value(q{SELECT is_grant AND refresh_sealed IS NOT NULL AND access_expires_at > now() + interval '50 min' AND scope LIKE '%data:delete%'
	FROM tasksync.account_tokens}), 't', 'with the pair, its end and its scope');
is($hub->value('SELECT (SELECT count(*) FROM tasksync.oauth_grants) + (SELECT count(*) FROM tasksync.oauth_states)'), '0', 'nothing of the consent is left');
my @exchanges = oauth_requests();
is(scalar @exchanges, 1, 'one exchange');
is($hub->value(q{SELECT external_id FROM tasksync.accounts}), $ann->{user_id}, 'it is known whose it is');

# ---- the state counts once, and for one only ----
($code, undef, $error) = $hub->try_sql(q{SELECT tasksync.complete_oauth(:'s', :'c')}, s => $back->{state}, c => $back->{code});
like($error, qr/22023.*unknown, was used or is too old/s, 'a second time it is unknown');
unlike($error, qr/\Q$back->{state}\E|\Q$back->{code}\E/, 'and not repeated in the message');

# ---- renewal ----
my $grant_of = sub { $hub->value(q{SELECT md5(access_sealed) || md5(refresh_sealed) FROM tasksync.account_tokens WHERE account_id = :'a'}, a => $_[0]) };
my $before = $grant_of->($link->{account_id});
$hub->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '100 s'});
$hub->sync($link->{account_id});
isnt($grant_of->($link->{account_id}), $before, 'less than two minutes left: the pair is renewed');
is($hub->value(q{SELECT is_grant FROM tasksync.account_tokens}), 't', 'and is still a consent');

# ---- withdrawn there, agreed to again ----
my $base = $hub->value(q{SELECT string_agg(hub_id || remote_id || base::text, ',' ORDER BY hub_id) FROM tasksync.links});
$todoist->control(POST => 'oauth/revoke', { client_id => $client, token => $ann->{token} });
$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $link->{account_id});
$hub->wait_for(q{SELECT state = 'reauth_required' FROM tasksync.accounts WHERE id = :'a'}, 't', a => $link->{account_id});
like(health($link->{account_id}), qr/^reauth required: .*connect the account again/, 'withdrawn there: one sentence and the next step');
is($hub->value(q{SELECT string_agg(hub_id || remote_id || base::text, ',' ORDER BY hub_id) FROM tasksync.links}), $base, 'nothing of what is known is dropped');
$hub->sql(q{UPDATE tasksync.tasks SET title = 'from here' WHERE title = 'from there'});

# somebody else agrees
my $bob = person('bob@example.com');
$todoist->clear_log;
is(TaskSync::Consent::complete($hub, agreed($bob, TaskSync::Consent::ask_again($hub, $link->{account_id}))), 'connecting', 'another person agrees');
$hub->wait_for(q{SELECT error_code = 'other_identity' FROM tasksync.schedules WHERE account_id = :'a' AND leased_until IS NULL}, 't', a => $link->{account_id});
like(health($link->{account_id}), qr/^reauth required: .*another account of the provider/, 'and is refused');
is(scalar(grep { $_->{method} eq 'POST' && $_->{path} eq '/api/v1/sync' } @{ $todoist->log->{requests} }), 0, 'before anything was read or written');
is($hub->value('SELECT count(*) FROM tasksync.oauth_grants'), '0', 'the consent is gone');

# the right one does
is(TaskSync::Consent::complete($hub, agreed($ann, TaskSync::Consent::ask_again($hub, $link->{account_id}))), 'connecting', 'the same person agrees again');
$hub->quiet($link->{account_id});
is((values %{ $todoist->tasks($ann->{token}) })[0]{content}, 'from here', 'and what waited arrives');
is(scalar keys %{ $todoist->tasks($ann->{token}) }, 1, 'once');

# connecting the same account anew: the one that is there gets the tokens
$todoist->control(POST => 'oauth/revoke', { client_id => $client, token => $ann->{token} });
$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $link->{account_id});
$hub->wait_for(q{SELECT state = 'reauth_required' FROM tasksync.accounts WHERE id = :'a'}, 't', a => $link->{account_id});
my $second = TaskSync::Consent::ask($hub, $ann->{hub}, 'todoist');
isnt($second->{account_id}, $link->{account_id}, 'connect_account() makes another account');
is(TaskSync::Consent::complete($hub, agreed($ann, $second)), 'connecting', 'which turns out to be the same one');
$hub->wait_for(q{SELECT state = 'active' FROM tasksync.accounts WHERE id = :'a'}, 't', a => $link->{account_id});
$hub->sync($link->{account_id});
like(health($second->{account_id}), qr/^disconnected: .*already connected/, 'the second one says so');
is(tokens($second->{account_id}), '0', 'and keeps no token');

# ---- refused ----
my $cas = person('cas@example.com');
my $refused = TaskSync::Consent::ask($hub, $cas->{hub}, 'todoist');
is(TaskSync::Consent::complete($hub, agreed($cas, $refused, decision => 'deny')), 'refused', 'the person says no');
like(health($refused->{account_id}), qr/^reauth required: Consent refused/, 'and the account says so');
$refused = TaskSync::Consent::ask_again($hub, $refused->{account_id});
is(TaskSync::Consent::complete($hub, agreed($cas, $refused), iss => 'https://accounts.google.com'), 'refused', 'an answer of another provider is none');
is(tokens($refused->{account_id}), '0', 'no token is stored');
is($hub->value('SELECT count(*) FROM tasksync.oauth_grants'), '0', 'nor a code');

# a code that is no good: PKCE of another link
my $one = TaskSync::Consent::ask_again($hub, $refused->{account_id});
my $stolen = agreed($cas, $one);
my $two = TaskSync::Consent::ask_again($hub, $refused->{account_id});
my $state = TaskSync::Consent::query_of($two->{authorize_url})->{state};
is(TaskSync::Consent::complete($hub, $stolen, state => $state), 'connecting', 'a code that was made for another link');
$hub->wait_for(q{SELECT state = 'reauth_required' AND error_code IS NOT NULL FROM tasksync.accounts a JOIN tasksync.schedules s ON s.account_id = a.id WHERE a.id = :'a' AND leased_until IS NULL}, 't', a => $refused->{account_id});
like(health($refused->{account_id}), qr/^reauth required: .*connect the account again/, 'is refused by the provider');
is(tokens($refused->{account_id}), '0', 'and brings no token');

# the provider is away for a moment: the same code goes again
$todoist->faults({ kind => 'status', status => 503, match => { path => 'access_token' }, times => 2 });
is(TaskSync::Consent::complete($hub, agreed($cas, TaskSync::Consent::ask_again($hub, $refused->{account_id}))), 'connecting', 'a provider in trouble');
$hub->quiet($refused->{account_id});
pass('the exchange is tried again');

# answers that are none: longer than any token answer, and one that sends us elsewhere
foreach my $fault ({ kind => 'huge_body', mb => 2 }, { kind => 'status', status => 302, body => '' })
{
	$todoist->clear_log;
	$todoist->faults({ %$fault, match => { path => 'access_token' } });
	is(TaskSync::Consent::complete($hub, agreed($cas, TaskSync::Consent::ask_again($hub, $refused->{account_id}))), 'connecting', "an answer to the exchange: $fault->{kind}");
	$hub->wait_for(q{SELECT error_code IS NOT NULL OR NOT EXISTS (SELECT FROM tasksync.oauth_grants) FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $refused->{account_id});
	$hub->wait_for('SELECT count(*) FROM tasksync.oauth_grants', '0');
	cmp_ok(scalar(oauth_requests()), '>=', 2, 'is not believed, and the exchange tried again');
	$hub->wait_for(q{SELECT leased_until IS NULL FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $refused->{account_id});
}

# ---- crashes ----
my $fired = $hub->node->data_dir . '/tasksync_test_points.fired';
my $dan = person('dan@example.com');
my $dans = TaskSync::Consent::ask($hub, $dan->{hub}, 'todoist');
my $dans_back = agreed($dan, $dans);
$hub->node->append_conf('postgresql.conf', "restart_after_crash = on\ntasksync.test_points = 'grant-answered:crash:1'");
$hub->node->reload;
$hub->wait_for(q{SELECT current_setting('tasksync.test_points') <> ''});
eval { TaskSync::Consent::complete($hub, $dans_back) };
wait_until('grant-answered crashes', sub { -e $fired && slurp_file($fired) =~ /grant-answered/ });
$hub->node->poll_query_until('hub', q{SELECT error_code IS NOT NULL FROM tasksync.schedules s JOIN tasksync.accounts a ON a.id = s.account_id WHERE state = 'reauth_required' AND a.user_id = '} . $dan->{hub} . q{'}) or die 'no end';
like(health($dans->{account_id}), qr/^reauth required: .*consent.*connect the account again/, 'a crash between exchange and commit: connect again');
$hub->node->append_conf('postgresql.conf', "tasksync.test_points = 'grant-stored:crash:1'");
$hub->node->reload;
$hub->node->poll_query_until('hub', q{SELECT current_setting('tasksync.test_points') LIKE 'grant-stored%'}) or die 'no reload';
unlink $fired;
$dans_back = agreed($dan, TaskSync::Consent::ask_again($hub, $dans->{account_id}));
eval { TaskSync::Consent::complete($hub, $dans_back) };
wait_until('grant-stored crashes', sub { -e $fired && slurp_file($fired) =~ /grant-stored/ });
$hub->node->poll_query_until('hub', q{SELECT state = 'active' FROM tasksync.accounts WHERE user_id = '} . $dan->{hub} . q{'}) or die 'no end';
pass('a crash after the commit loses nothing');
$hub->node->append_conf('postgresql.conf', "tasksync.test_points = ''");
$hub->node->reload;

# ---- disconnected and back ----
$hub->sql(q{INSERT INTO tasksync.tasks (user_id, title) VALUES (:'u', 'kept')}, u => $ann->{hub});
$hub->sync($link->{account_id});
my $there = join ',', sort keys %{ $todoist->tasks($ann->{token}) };
$todoist->clear_log;
$todoist->faults({ kind => 'status', status => 503, match => { path => 'revoke' } });
$hub->sql(q{SELECT tasksync.disconnect_account(:'a')}, a => $link->{account_id});
is(tokens($link->{account_id}), '0', 'disconnected: no token is left with the account');
$hub->wait_for('SELECT count(*) = 0 FROM tasksync.revocations');
my @revocations = grep { $_->{path} eq '/api/v1/revoke' } @{ $todoist->log->{requests} };
is(join(',', map { $_->{status} } @revocations), '503,200', 'the consent is given back, at the second attempt');
like(health($link->{account_id}), qr/^disconnected: /, 'the account says what it is');
$hub->sql(q{UPDATE tasksync.tasks SET title = 'kept and changed' WHERE title = 'kept'});
my $third = TaskSync::Consent::ask($hub, $ann->{hub}, 'todoist');
is(TaskSync::Consent::complete($hub, agreed($ann, $third)), 'connecting', 'connected once more, under another id');
$hub->wait_for(q{SELECT state = 'active' FROM tasksync.accounts WHERE id = :'a'}, 't', a => $third->{account_id});
$hub->quiet($third->{account_id});
is(join(',', sort keys %{ $todoist->tasks($ann->{token}) }), $there, 'the new account knows the old one\'s tasks: none is made twice');
ok((grep { $_->{content} eq 'kept and changed' } values %{ $todoist->tasks($ann->{token}) }), 'and sends what was edited meanwhile');
is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{hub}), '2', 'here, too');

# without keeping the tasks
$hub->sql(q{SELECT tasksync.disconnect_account(:'a', keep_tasks => false)}, a => $third->{account_id});
is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE user_id = :'u'}, u => $ann->{hub}), '0', 'keep_tasks => false: they are gone here');
$hub->wait_for('SELECT count(*) = 0 FROM tasksync.revocations');
is(join(',', sort keys %{ $todoist->tasks($ann->{token}) }), $there, 'and stay there');

# a token that the person brought along is the person's
my $eve = person('eve@example.com');
my $eves = $hub->connect($todoist, token => $eve->{token}, user_id => $eve->{hub}, link_all => 1);
$todoist->clear_log;
$hub->sql(q{SELECT tasksync.disconnect_account(:'a')}, a => $eves->{account_id});
is($hub->value('SELECT count(*) FROM tasksync.revocations'), '0', 'a personal token is not given back');
$hub->sql(q{SELECT tasksync.reconnect_account(:'a', :'t')}, a => $eves->{account_id}, t => $eve->{token});
$hub->quiet($eves->{account_id});
pass('and connects the same account again');

# ---- secrets are nowhere ----
$seen{'the client secret'} = $TaskSync::Consent::CLIENT_SECRET;
$hub->sql('CHECKPOINT');
my $log = $hub->log_text;
my $activity = $hub->sql('SELECT string_agg(query, chr(10)) FROM pg_stat_activity WHERE backend_type LIKE \'tasksync%\'');
foreach my $what (sort keys %seen)
{
	ok(index($log, $seen{$what}) < 0, "$what is not in the log");
	ok(index($activity, $seen{$what}) < 0, "nor in pg_stat_activity");
}
foreach my $what (sort keys %seen)
{
	isnt(system('grep', '-rqaF', '--', $seen{$what}, $hub->node->data_dir), 0, "$what is in no file of the server, its WAL included");
}
my $state_dump = $hub->node->basedir . '/dump.sql';
PostgreSQL::Test::Utils::system_or_bail('pg_dump', '-d', $hub->node->connstr('hub'), '-f', $state_dump);
my $dump = slurp_file($state_dump);
ok(index($dump, $seen{$_}) < 0 && index($dump, unpack('H*', $seen{$_})) < 0, "$_ is not in a dump") foreach sort keys %seen;

$hub->stop;
done_testing();
