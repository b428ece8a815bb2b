# Webhooks over real PostgREST: the exact bytes count; a delivery brings the change at once; storms,
# losses and repetitions cost what they should.
use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(hmac_sha256_base64);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use TaskSync::Consent;
use TaskSync::Hub;
use TaskSync::PostgREST;
use TaskSync::Sandbox;
use TaskSync::Wait;

my $json = JSON::PP->new->utf8->canonical;
my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => TaskSync::Consent::settings(todoist => $todoist));
my $client = TaskSync::Consent::register($hub, todoist => $todoist);
my $rest = TaskSync::PostgREST->start($hub, anon => ['tasksync_api.webhook_todoist(json)']);

sub connected
{
	my ($email) = @_;
	my $person = $todoist->add_user(email => $email, timezone => 'Europe/Berlin');
	$person->{hub} = $hub->value(q{SELECT tasksync.create_user(:'email')}, email => $email);
	my $link = TaskSync::Consent::ask($hub, $person->{hub}, 'todoist');
	TaskSync::Consent::complete($hub, TaskSync::Consent::agree($todoist, $link->{authorize_url}, token => $person->{token}));
	$person->{account} = $link->{account_id};
	$hub->sql(q{SELECT tasksync.link_all(:'a')}, a => $person->{account});
	$hub->sync($person->{account});
	# nothing but webhooks shall be the reason for a read from here on
	$hub->sql(q{SELECT tasksync.set_sync_interval(:'a', '24 hours')}, a => $person->{account});
	$hub->sync($person->{account});
	return $person;
}

sub sign { my ($body) = @_; my $hmac = hmac_sha256_base64($body, $TaskSync::Consent::CLIENT_SECRET); $hmac .= '=' while length($hmac) % 4; return $hmac }

my $deliveries = 0;

sub deliver
{
	my ($body, %headers) = @_;
	return $rest->post('rpc/webhook_todoist', $body,
		{ 'X-Todoist-Hmac-SHA256' => sign($body), 'X-Todoist-Delivery-ID' => 'made-up-' . ++$deliveries, %headers });
}

sub reads { return scalar grep { $_->{path} eq '/api/v1/sync' } @{ $todoist->log($_[0]{token})->{requests} } }

my $ann = connected('ann@example.com');
my $bob = connected('bob@example.com');

# ---- bytes ----
my $body = qq({ "event_name" : "item:added",\t"user_id":"$ann->{user_id}",\n "x":"\\u00fc\xc3\xbc\\/", "x":1e2 });
is(deliver($body)->{status}, 200, 'white space, escapes, doubled keys: the bytes as they were signed');
is(deliver($body =~ s/ :/:/r, 'X-Todoist-Hmac-SHA256' => sign($body))->{status}, 401, 'one blank less is another body');
is(deliver($body, 'X-Todoist-Hmac-SHA256' => sign("$body\n"))->{status}, 401, 'and so is one line end more');
my $answer = deliver('{"a":1}', 'X-Todoist-Hmac-SHA256' => 'none');
is($answer->{status}, 401, 'a signature that is none');
is_deeply($json->decode($answer->{content}), { code => '28000', message => 'not authorized', details => undef, hint => undef }, 'says nothing more');
is($rest->post('rpc/webhook_wunderlist', '{}')->{status}, 404, 'an address that is none');
is(deliver('{"event_name":"x","user_id":"' . $ann->{user_id} . '","pad":"' . 'x' x 262144 . '"}')->{status}, 413, 'more than 256 KiB');
is(deliver('{"a":' . '[' x 5000 . ']' x 5000 . '}')->{status}, 200, 'nested five thousand deep: signed, and nothing we know') or diag $rest->output;
$hub->quiet($_->{account}) foreach $ann, $bob;

# ---- a change there is here ----
$todoist->control(POST => 'webhooks', { client_id => $client, callback_url => $rest->url . '/rpc/webhook_todoist',
		events => [qw(item:added item:updated item:completed item:deleted)] });
$todoist->clear_log;
$todoist->edit($ann->{token}, { type => 'item_add', temp_id => 'one', uuid => 'one', args => { content => 'at once' } });
$hub->wait_for(q{SELECT count(*) = 1 FROM tasksync.tasks WHERE title = 'at once'});
is(reads($ann), 1, 'a delivery costs one read');
is(reads($bob), 0, 'and none of anybody else\'s');
is(join(',', map { @{ $_->{statuses} } } @{ $todoist->control(GET => 'webhooks/deliveries') }), '200', 'Todoist heard the 200 that it wants');
$hub->quiet($ann->{account});

# what a delivery says is not believed
deliver($json->encode({ event_name => 'item:deleted', user_id => $ann->{user_id}, event_data => { id => (keys %{ $todoist->tasks($ann->{token}) })[0], is_deleted => JSON::PP::true } }));
$hub->quiet($ann->{account});
is($hub->value(q{SELECT count(*) FROM tasksync.tasks WHERE title = 'at once'}), '1', 'a signed lie about a deletion deletes nothing');

# our own write comes back as a delivery and is no news
$todoist->clear_log;
$hub->sql(q{UPDATE tasksync.tasks SET title = 'from here' WHERE title = 'at once'});
wait_until('the echo is delivered', sub { grep { $_->{event} eq 'item:updated' && $_->{done} } @{ $todoist->control(GET => 'webhooks/deliveries') } });
$hub->quiet($ann->{account});
is($hub->value(q{SELECT string_agg(title, ',') FROM tasksync.tasks}), 'from here', 'an echo changes nothing');

# ---- scenario 31: a thousand deliveries, doubled and in reversed order ----
$hub->quiet($_->{account}) foreach $ann, $bob;
$todoist->control(POST => 'config', { webhook_timeout_ms => 150_000 });    # a busy machine is no loss
$todoist->control(POST => 'webhooks/behaviour', { duplicate => 19, reorder => JSON::PP::true });
$todoist->edit($ann->{token}, map { { type => 'item_add', temp_id => "s$_", uuid => "s$_", args => { content => "storm $_" } } } 1 .. 50);
$todoist->clear_log;
my $runs = $hub->value(q{SELECT runs FROM tasksync.schedules WHERE account_id = :'a'}, a => $ann->{account});
my $began = time;
$todoist->control(POST => 'webhooks/behaviour', { reorder => JSON::PP::false });
wait_until('all deliveries have arrived', sub { !grep { !$_->{done} || $_->{attempts} < 20 } grep { $_->{event} eq 'item:added' && $_->{attempts} != 1 } @{ $todoist->control(GET => 'webhooks/deliveries') } }, 150);
$hub->wait_for(q{SELECT count(*) = 50 FROM tasksync.tasks WHERE title LIKE 'storm %'});
$hub->quiet($ann->{account});
my $seconds = time - $began;
my $most = 2 + int($seconds / 2);
cmp_ok(reads($ann), '<=', $most, sprintf 'scenario 31: a thousand deliveries in %.1f s are at most %d reads', $seconds, $most);
is($hub->value(q{SELECT count(*) FROM tasksync.hints}), '0', 'and no hint is left');
is($hub->value(q{SELECT count(DISTINCT title) FROM tasksync.tasks WHERE title LIKE 'storm %'}), '50', 'everything is there, once');
$todoist->control(POST => 'webhooks/behaviour', { duplicate => 0 });

# ---- scenario 32: one that never arrives ----
$hub->sql(q{SELECT tasksync.set_sync_interval(:'a', '5 minutes')}, a => $ann->{account});
$hub->sync($ann->{account});
$todoist->control(POST => 'webhooks/behaviour', { lose => 1 });
$todoist->edit($ann->{token}, { type => 'item_add', temp_id => 'l', uuid => 'l', args => { content => 'unheard' } });
is($hub->value(q{SELECT next_due <= now() + interval '5 minutes 30 seconds' FROM tasksync.schedules WHERE account_id = :'a'}, a => $ann->{account}), 't', 'scenario 32: the next poll is at most an interval and a tenth away');
$hub->sql(q{UPDATE tasksync.schedules SET next_due = now() WHERE account_id = :'a'; SELECT tasksync.wake()}, a => $ann->{account});
$hub->wait_for(q{SELECT count(*) = 1 FROM tasksync.tasks WHERE title = 'unheard'});
pass('and finds what no delivery told');

# ---- old deliveries go ----
my $kept = $hub->value('SELECT count(*) FROM tasksync.webhook_deliveries');
$hub->sql(q{INSERT INTO tasksync.webhook_deliveries (provider, delivery_id, body_hash, received_at)
	SELECT 'todoist', 'old ' || i, sha256(i::text::bytea), now() - interval '7 days 1 minute' FROM generate_series(1, 2500) i});
$hub->sql(q{INSERT INTO tasksync.oauth_states (user_id, state_hash, account_id, provider, verifier_sealed, redirect_uri, created_at)
	VALUES (:'u', sha256('x'), :'a', 'todoist', '\x00', 'x', now() - interval '11 minutes')}, u => $ann->{hub}, a => $ann->{account});
$hub->node->append_conf('postgresql.conf', "tasksync.poll_interval = '200ms'");
$hub->node->reload;
$hub->wait_for('SELECT count(*) FROM tasksync.webhook_deliveries', $kept);
$hub->wait_for('SELECT count(*) FROM tasksync.oauth_states', '0');
pass('after seven days the worker forgets them, and links that nobody came back from');

$rest->stop;
$hub->stop;
done_testing();
