# Settings that depend on each other: plain http for a stand-in needs tasksync.allow_private_hosts,
# but the two may stand in a file in any order.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl';

use Test::More;

use TaskSync::Hub;

my $hub = TaskSync::Hub->start(settings => "tasksync.allow_private_hosts = off\n");

my ($code, $out, $error) =
  $hub->try_sql(q{ALTER SYSTEM SET tasksync.todoist_url = 'http://127.0.0.1:8080'});
like($error, qr/ERROR:\s+22023: invalid value for parameter "tasksync.todoist_url"/,
	'http is refused while private hosts are');
like($error, qr{DETAIL:\s+The URL must begin with https://\.}, 'with the reason');
like($error, qr/HINT:.*tasksync\.allow_private_hosts = on/, 'and the setting that allows it');
is($hub->sql(q{ALTER SYSTEM SET tasksync.todoist_url = 'https://example.com/base'}),
	'', 'https needs nothing');

# Both at once, the address first: what a configuration tool would write.
$hub->sql('ALTER SYSTEM RESET ALL');
$hub->node->append_conf('postgresql.conf', <<'EOC');
tasksync.todoist_oauth_url = 'http://127.0.0.1:8081/oauth'
tasksync.allow_private_hosts = on
EOC
my $offset = $hub->log_size;
$hub->sql('SELECT pg_reload_conf()');
$hub->wait_for(q{SELECT current_setting('tasksync.todoist_oauth_url') = 'http://127.0.0.1:8081/oauth'});
unlike($hub->log_text($offset), qr/invalid value for parameter/, 'a file may name them in any order');
is($hub->sql(q{ALTER SYSTEM SET tasksync.todoist_url = 'http://127.0.0.1:8080'}),
	'', 'and now http may be set by hand too');

# A bad value in the file leaves the old one in force and names the setting in the log.
$hub->sql('ALTER SYSTEM RESET ALL');
$hub->node->append_conf('postgresql.conf', "tasksync.todoist_url = 'http://user\@127.0.0.1/'\n"
	  . "tasksync.max_concurrent_accounts = 2000\ntasksync.poll_interval = '250ms'\n");
$offset = $hub->log_size;
$hub->sql('SELECT pg_reload_conf()');
$hub->wait_for(q{SELECT count(*) >= 1 FROM pg_file_settings WHERE name = 'tasksync.poll_interval' AND setting = '250ms'});
TaskSync::Wait::wait_until('the postmaster has read the file',
	sub { $hub->log_text($offset) =~ /max_concurrent_accounts.* \(1 \.\. 1024\)/ });
like($hub->log_text($offset), qr/invalid value for parameter "tasksync.todoist_url"/,
	'bad values are named in the log');
is($hub->sql('SHOW tasksync.max_concurrent_accounts'), '64', 'the value in force stays');

$hub->stop;
done_testing();
