# From a webhook to the row in the hub, over PostgREST: one request to the provider lies in between.
#
# The stand-in answers after 100 ms. What that makes of one request is measured beside it, with the
# same client and in the same minute, and is the round trip of the bound. The row is there when its
# transaction has committed, as track_commit_timestamp tells. Twenty accounts take turns,
# so that each call is the first one for its account since tasksync.webhook_interval.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl', 'test/bench';

use Bench;

use Digest::SHA qw(hmac_sha256_base64);
use HTTP::Tiny;
use Time::HiRes qw(sleep time);

use TaskSync::Hub;
use TaskSync::PostgREST;
use TaskSync::Sandbox;

my $CALLS = $ENV{BENCH_CALLS} || 100;
my $ACCOUNTS = 20;
my $LATENCY_MS = 100;
my $ALLOWED_MS = 100;
my $SECRET = 'secret-of-the-benchmark';

my $todoist = TaskSync::Sandbox->start;
my $hub = TaskSync::Hub->start(todoist => $todoist, settings => "log_statement = none\ntrack_commit_timestamp = on\n");
$hub->sql(q{SELECT tasksync.set_provider_credentials('todoist', 'client', :'s')}, s => $SECRET);
my @people = map { $hub->connect($todoist, email => "p$_\@example.com", link_all => 1) } 1 .. $ACCOUNTS;
$hub->sql(q{UPDATE tasksync.accounts SET sync_interval = '24 hours'});
$hub->quiet($_->{account_id}) foreach @people;
$hub->sync($_->{account_id}) foreach @people;
my $rest = TaskSync::PostgREST->start($hub, anon => ['tasksync_api.webhook_todoist(json)']);
$todoist->latency(ms => $LATENCY_MS);

sub round_trip
{
	my $began = time;
	my $answer = HTTP::Tiny->new->get($todoist->url . '/api/v1/user',
		{ headers => { authorization => "Bearer $people[0]{token}" } });
	die "the stand-in: $answer->{status}" unless $answer->{success};
	return 1000 * (time - $began);
}

my %there_id = map { split /\|/ } split /\n/, $hub->sql('SELECT id, external_id FROM tasksync.accounts');
my (@ms, @round_trips, @intake);
foreach my $n (1 .. $CALLS)
{
	my $person = $people[ $n % $ACCOUNTS ];
	$todoist->edit($person->{token}, { type => 'item_add', temp_id => "c$n", uuid => "c$n", args => { content => "call $n" } });
	my $body = qq({"event_name":"item:added","user_id":"$there_id{$person->{account_id}}","n":$n});
	my $hmac = hmac_sha256_base64($body, $SECRET);
	$hmac .= '=' while length($hmac) % 4;

	my $began = time;
	my $answer = $rest->post('rpc/webhook_todoist', $body,
		{ 'X-Todoist-Hmac-SHA256' => $hmac, 'X-Todoist-Delivery-ID' => "call-$n" });
	push @intake, 1000 * (time - $began);
	die "the webhook: $answer->{status} $answer->{content}" unless $answer->{content} =~ /accepted/;
	$hub->wait_for(q{SELECT count(*) = 1 FROM tasksync.tasks WHERE title = 'call ' || :'n'}, 't', n => $n);
	my $there = $hub->value(q{SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))
		FROM tasksync.tasks WHERE title = 'call ' || :'n'}, n => $n);
	push @ms, 1000 * ($there - $began);
	push @round_trips, round_trip();
	$hub->quiet($person->{account_id});
}
$rest->stop;
$hub->stop;
$todoist->stop;

@ms = sort { $a <=> $b } @ms;
@round_trips = sort { $a <=> $b } @round_trips;
my $round_trip = $round_trips[ $#round_trips / 2 ];
figure('answer to the webhook, median, ms', sprintf('%.1f', median(@intake)), '', '');
figure('round trip to the stand-in, median, ms', sprintf('%.1f', $round_trip), '', '');
within('webhook to row, p50, ms', $ms[ $#ms / 2 ], '<=', $round_trip + $ALLOWED_MS, '%.1f');
within('webhook to row, p95, ms', $ms[ int(0.95 * $#ms) ], '<=', $round_trip + $ALLOWED_MS, '%.1f');
finish;
