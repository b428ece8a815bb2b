# Consent at Google and at Notion: what differs from Todoist. Boxes that were unticked, refresh tokens
# that stay, tokens without an end, JSON and Basic; Notion's handshake for webhooks.
use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(hmac_sha256_hex);
use JSON::PP ();
use Test::More;

use TaskSync::Consent;
use TaskSync::Hub;
use TaskSync::PostgREST;
use TaskSync::Sandbox;
use TaskSync::Wait;

my %service = map { $_ => TaskSync::Sandbox->start(service => $_) } qw(google_tasks notion);
my $hub = TaskSync::Hub->start(settings => TaskSync::Consent::settings(%service) . "log_statement = 'none'\nlog_min_error_statement = panic\n");
my $ann = $hub->value(q{SELECT tasksync.create_user('ann@example.com')});

sub health { return $hub->value(q{SELECT state || ': ' || reason FROM tasksync.account_health WHERE account_id = :'a'}, a => $_[0]) }
sub state_is { my ($account, $state) = @_; return $hub->wait_for(q{SELECT a.state = :'s' AND s.leased_until IS NULL AND s.requested_at IS NULL FROM tasksync.accounts a JOIN tasksync.schedules s ON s.account_id = a.id WHERE a.id = :'a'
	AND NOT EXISTS (SELECT FROM tasksync.oauth_grants g WHERE g.account_id = a.id)}, 't', a => $account, s => $state) }
sub seals { return $hub->value(q{SELECT md5(access_sealed) || ' ' || coalesce(md5(refresh_sealed), 'none') FROM tasksync.account_tokens WHERE account_id = :'a'}, a => $_[0]) }
sub paths { my ($name, $path) = @_; return grep { $_->{path} =~ $path } @{ $service{$name}->log->{requests} } }

# ---- Google ----
my $google = $service{google_tasks};
my $gina = $google->add_user(email => 'gina@example.com');
my $client = TaskSync::Consent::register($hub, google_tasks => $google);
my (undef, undef, $error) = $hub->try_sql(q{SELECT * FROM tasksync.connect_account('google_tasks', user_id => :'u', token => 'ya29.x')}, u => $ann);
like($error, qr/0A000.*no tokens that a person could bring along.*HINT:.*authorize_url/s, 'Google: a token by hand is refused, with the way that works');

my $link = TaskSync::Consent::ask($hub, $ann, 'google_tasks');
my $query = TaskSync::Consent::query_of($link->{authorize_url});
is("$query->{access_type} $query->{prompt} $query->{code_challenge_method}", 'offline consent S256', 'Google: asks for a refresh token every time');
my $back = TaskSync::Consent::agree($google, $link->{authorize_url}, token => $gina->{token}, scopes => [ 'openid', 'email' ]);
is(TaskSync::Consent::complete($hub, $back), 'connecting', 'the box for tasks was unticked');
state_is($link->{account_id}, 'reauth_required');
like(health($link->{account_id}), qr/^reauth required: Google did not grant access to Google Tasks.*ticked/, 'and the account says which');
$hub->wait_for('SELECT count(*) FROM tasksync.revocations', '0');
is($hub->value('SELECT count(*) FROM tasksync.account_tokens'), '0', 'no token is kept');
is(scalar(paths(google_tasks => qr{/revoke})), 1, 'what was granted is given back');

$link = TaskSync::Consent::ask_again($hub, $link->{account_id});
is(TaskSync::Consent::complete($hub, TaskSync::Consent::agree($google, $link->{authorize_url}, token => $gina->{token})), 'connecting', 'with the box ticked');
state_is($link->{account_id}, 'active');
is($hub->value(q{SELECT external_id || ' ' || display_name FROM tasksync.accounts WHERE id = :'a'}, a => $link->{account_id}), "$gina->{user_id} gina\@example.com", 'the subject is the identity, the address a name');
my $before = seals($link->{account_id});
$hub->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '100 s' WHERE account_id = :'a'}, a => $link->{account_id});
$hub->sync($link->{account_id});
my $after = seals($link->{account_id});
isnt((split / /, $after)[0], (split / /, $before)[0], 'renewal: another access token');
is((split / /, $after)[1], (split / /, $before)[1], 'and the refresh token stays');

# withdrawn: named, nothing dropped; another identity is refused, the same one goes on
$google->control(POST => 'oauth/revoke', { client_id => $client, token => $gina->{token} });
$hub->sql(q{UPDATE tasksync.account_tokens SET access_expires_at = now() + interval '100 s' WHERE account_id = :'a'}, a => $link->{account_id});
$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $link->{account_id});
state_is($link->{account_id}, 'reauth_required');
like(health($link->{account_id}), qr/^reauth required: Google does not accept the refresh token any more/, 'invalid_grant: one sentence');
is($hub->value(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}, a => $link->{account_id}), 'invalid_grant', 'and its code');
my $hugo = $google->add_user(email => 'hugo@example.com');
$google->clear_log;
$link = TaskSync::Consent::ask_again($hub, $link->{account_id});
is(TaskSync::Consent::complete($hub, TaskSync::Consent::agree($google, $link->{authorize_url}, token => $hugo->{token})), 'connecting', 'somebody else agrees');
$hub->wait_for(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}, 'other_identity', a => $link->{account_id});
state_is($link->{account_id}, 'reauth_required');
is(scalar(paths(google_tasks => qr{/tasks/v1|userinfo})), 0, 'and is refused before any other request: the identity token tells');
$link = TaskSync::Consent::ask_again($hub, $link->{account_id});
is(TaskSync::Consent::complete($hub, TaskSync::Consent::agree($google, $link->{authorize_url}, token => $gina->{token})), 'connecting', 'the same person again');
state_is($link->{account_id}, 'active');
$google->clear_log;
$hub->sql(q{SELECT tasksync.disconnect_account(:'a')}, a => $link->{account_id});
$hub->wait_for('SELECT count(*) FROM tasksync.revocations', '0');
is(join(',', map { $_->{status} } paths(google_tasks => qr{/revoke})), '200', 'disconnected: the consent is given back');

# ---- Notion ----
my $notion = $service{notion};
my $nora = $notion->add_user(email => 'nora@example.com');
my $app = TaskSync::Consent::register($hub, notion => $notion);
$link = TaskSync::Consent::ask($hub, $ann, 'notion');
$query = TaskSync::Consent::query_of($link->{authorize_url});
ok(!exists $query->{code_challenge} && !exists $query->{scope} && $query->{owner} eq 'user', 'Notion: neither PKCE nor scopes');
my $agreed = sub { TaskSync::Consent::agree($notion, $_[0]{authorize_url}, token => $nora->{token}, pages => 'all') };
is(TaskSync::Consent::complete($hub, $agreed->($link)), 'connecting', 'the code is taken');
state_is($link->{account_id}, 'active');
is($hub->value(q{SELECT is_grant AND access_expires_at IS NULL AND refresh_sealed IS NOT NULL FROM tasksync.account_tokens WHERE account_id = :'a'}, a => $link->{account_id}), 't', 'a pair without an end');
like($hub->value(q{SELECT workspace_id FROM tasksync.accounts WHERE id = :'a'}, a => $link->{account_id}), qr/^[0-9a-f-]{36}$/, 'the workspace is known');
my ($exchange) = paths(notion => qr{/v1/oauth/token});
is($exchange->{status}, 200, 'exchanged with Basic and JSON');

# a token that is refused is renewed once
$before = seals($link->{account_id});
$notion->faults({ kind => 'status', status => 401, match => { path => '/v1/(search|data_sources|users)' } });
$hub->sync($link->{account_id});
$after = seals($link->{account_id});
isnt((split / /, $after)[0], (split / /, $before)[0], 'a 401: renewed once');
isnt((split / /, $after)[1], (split / /, $before)[1], 'with a new refresh token');

# withdrawn: the same person in the same workspace is the same identity, whichever bot comes of it
my $bot = $hub->value(q{SELECT external_id FROM tasksync.accounts WHERE id = :'a'}, a => $link->{account_id});
my $links = q{SELECT count(*) || ' ' || coalesce(md5(string_agg(hub_id || coalesce(remote_id, '') || base::text, ',' ORDER BY hub_id)), '') FROM tasksync.links WHERE account_id = :'a'};
my $known = $hub->value($links, a => $link->{account_id});
my $withdraw = sub {
	$notion->control(POST => 'oauth/revoke', { bot_id => $_[0] });
	$hub->sql(q{SELECT tasksync.sync_now(:'a')}, a => $link->{account_id});
	state_is($link->{account_id}, 'reauth_required');
};
$withdraw->($bot);
like(health($link->{account_id}), qr/^reauth required: .*connect the account again/, 'Notion: withdrawn, one sentence');
my $olga = $notion->add_user(email => 'olga@example.com');
my $olgas = TaskSync::Consent::ask_again($hub, $link->{account_id});
is(TaskSync::Consent::complete($hub, TaskSync::Consent::agree($notion, $olgas->{authorize_url}, token => $olga->{token}, pages => 'all')), 'connecting', 'somebody else agrees');
$hub->wait_for(q{SELECT error_code FROM tasksync.schedules WHERE account_id = :'a'}, 'other_identity', a => $link->{account_id});
state_is($link->{account_id}, 'reauth_required');
is($hub->value($links, a => $link->{account_id}), $known, 'and is refused; what is known stays');
foreach my $reading (qw(same_bot new_bot))
{
	$notion->control(POST => 'config', { reauthorize => $reading });
	is(TaskSync::Consent::complete($hub, $agreed->(TaskSync::Consent::ask_again($hub, $link->{account_id}))), 'connecting', "the same person agrees again ($reading)");
	state_is($link->{account_id}, 'active');
	$hub->sync($link->{account_id});
	is($hub->value($links, a => $link->{account_id}), $known, 'what both sides shared is still known');
}
isnt($hub->value(q{SELECT external_id FROM tasksync.accounts WHERE id = :'a'}, a => $link->{account_id}), $bot, 'also with another bot');
# connected once more as a new account, with yet another bot
my $twin = TaskSync::Consent::ask($hub, $ann, 'notion');
is(TaskSync::Consent::complete($hub, $agreed->($twin)), 'connecting', 'connect_account() for the same account');
state_is($twin->{account_id}, 'disconnected');
like(health($twin->{account_id}), qr/already connected/, 'finds that out');
$hub->sync($link->{account_id});
pass('and the first one goes on with the new bot');
$notion->control(POST => 'config', { reauthorize => 'same_bot' });

# ---- Notion's webhooks ----
my $rest = TaskSync::PostgREST->start($hub, anon => ['tasksync_api.webhook_notion(json)']);
my $url = $rest->url . '/rpc/webhook_notion';
my $json = JSON::PP->new->utf8->canonical;
sub offer { my ($token) = @_; return $rest->post('rpc/webhook_notion', $json->encode({ verification_token => $token }))->{status} }
sub deliver
{
	my ($key, %event) = @_;
	my $body = $json->encode({ id => 'made-up', type => 'page.content_updated', timestamp => '2026-11-28T12:00:00.000Z', %event });
	return $rest->post('rpc/webhook_notion', $body, { 'X-Notion-Signature' => 'sha256=' . hmac_sha256_hex($body, $key) })->{status};
}
is(offer('secret_attacker'), 404, 'nobody waits for a handshake: refused');
(undef, undef, $error) = $hub->try_sql(q{SELECT tasksync.webhook_token('notion')});
like($error, qr/55000.*no handshake.*expect_webhook/s, 'and no token to show');
$hub->sql(q{SELECT tasksync.expect_webhook('notion')});
my $made = $notion->control(POST => 'webhooks', { client_id => $app, callback_url => $url, activate => JSON::PP::false });
is($made->{handshake_status}, 200, 'the handshake is taken while it is waited for');
is(offer('secret_attacker'), 401, 'once');
my $token = $hub->value(q{SELECT tasksync.webhook_token('notion')});
is($token, $made->{verification_token}, 'the operator sees the token');
(undef, undef, $error) = $hub->try_sql(q{SELECT set_config('request.jwt.claims', '{"role":"x"}', false); SELECT tasksync.webhook_token('notion')});
like($error, qr/42501/, 'but not through the web');
$notion->control(POST => 'webhooks/activate', { subscription_id => $made->{subscription_id}, verification_token => $token });
is(deliver('secret_attacker', id => 'x1'), 401, 'an event that somebody else signed');
is(deliver($token, id => 'x2', workspace_id => '00000000-0000-4000-8000-000000000000'), 200, 'one that the token signed');
is($hub->value(q{SELECT string_agg(position, ',') FROM tasksync.webhook_secrets}), 'current', 'makes it the one in use');
(undef, undef, $error) = $hub->try_sql(q{SELECT tasksync.webhook_token('notion')});
like($error, qr/55000/, 'and from then on it is not shown any more');
is(deliver($token, id => 'x2', workspace_id => '00000000-0000-4000-8000-000000000000'), 200, 'the same event again');
is($hub->value(q{SELECT count(*) FROM tasksync.webhook_deliveries WHERE provider = 'notion'}), '1', 'is one delivery');
$hub->quiet($link->{account_id});
my $runs = $hub->value(q{SELECT runs FROM tasksync.schedules WHERE account_id = :'a'}, a => $link->{account_id});
my $workspace = $hub->value(q{SELECT replace(upper(workspace_id), '-', '') FROM tasksync.accounts WHERE id = :'a'}, a => $link->{account_id});
is(deliver($token, id => 'x3', workspace_id => $workspace), 200, 'an event of the workspace, its id spelt differently');
$hub->wait_for(q{SELECT runs > } . $runs . q{ FROM tasksync.schedules WHERE account_id = :'a'}, 't', a => $link->{account_id});
pass('wakes the account');

# another subscription: the old secret stays good meanwhile
$hub->sql(q{SELECT tasksync.expect_webhook('notion')});
is(offer('secret_second'), 200, 'a second handshake');
is(deliver($token, id => 'x4'), 200, 'the first secret goes on counting');
is(deliver('secret_second', id => 'x5'), 200, 'and so does the second');
is(deliver($token, id => 'x6'), 200, 'both for a day');
is($hub->value(q{SELECT string_agg(position, ',' ORDER BY position) FROM tasksync.webhook_secrets}), 'current,previous', 'as the current one and the one before');

# ---- the end ----
$notion->clear_log;
$hub->sql(q{SELECT tasksync.disconnect_account(:'a')}, a => $link->{account_id});
$hub->wait_for('SELECT count(*) FROM tasksync.revocations', '0');
is(join(',', map { $_->{status} } paths(notion => qr{/v1/oauth/revoke})), '200', 'Notion: the consent is given back');
my $log = $hub->log_text;
ok(index($log, $_) < 0, 'no secret in the log') foreach $TaskSync::Consent::CLIENT_SECRET, $back->{code};

$rest->stop;
$hub->stop;
done_testing();
