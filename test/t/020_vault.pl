# The vault from outside: key files that are missing, open to others or wrong; a server that starts
# in any case; rotation killed at each of its steps; no plaintext on disk.

use strict;
use warnings FATAL => 'all';

use lib 'test/perl';

use File::Copy qw(copy);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use TaskSync::Hub;
use TaskSync::Wait;

my $hub = TaskSync::Hub->start(key => 0, settings => "restart_after_crash = on\n");
my $file = $hub->key_file;
my $ok = q{SELECT tasksync.decrypt_token(tasksync.encrypt_token('text', 'c'), 'c')};

sub write_file
{
	my ($bytes, $mode, $path) = @_;
	$path //= $file;
	unlink $path;
	open(my $out, '>:raw', $path) or die "$path: $!";
	print {$out} $bytes;
	close($out) or die "$path: $!";
	chmod($mode, $path) or die "$path: $!";
	return;
}

sub read_file
{
	my ($path) = @_;
	open(my $in, '<:raw', $path // $file) or die "$file: $!";
	local $/ = undef;
	return scalar <$in>;
}

# One key that no random source would give twice: 32 different bytes from $start on.
sub key_from { my ($start) = @_; return pack('C32', map { ($start + $_) % 256 } 0 .. 31) }

sub refused
{
	my ($what, $reason) = @_;
	my ($code, undef, $error) = $hub->try_sql($ok);
	isnt($code, 0, "$what: sealing is refused");
	like($error, qr/ERROR:\s+TS001: the vault is locked: $reason/, "$what: with code and reason");
	like($error, qr/HINT:\s+\S/, "$what: with a hint");
	is($hub->sql('SELECT count(*), count(key_id), count(hint) FROM tasksync.key_status'),
		'1|0|1', "$what: key_status says so in one row");
	like($hub->sql('SELECT message FROM tasksync.key_status'), qr/^$reason/, "$what: and why");
	return;
}

# ---- no usable key: the server runs, and each function says what is wrong ----

refused('no file', 'the key file does not exist');
my ($code, $out, $error) = $hub->try_sql($ok);
like($error, qr{HINT:.*head -c 32 /dev/urandom > \Q$file\E}, 'no file: the hint is the command');
($code, $out, $error) =
  $hub->try_sql(q{SELECT tasksync.set_provider_credentials('todoist', 'id', 'secret')});
like($error, qr/TS001/, 'a provider secret is refused too');
is($hub->sql('SELECT count(*) FROM tasksync.provider_credentials'), '0', 'and not stored at all');
is( $hub->sql(q{SELECT tasksync.set_provider_credentials('todoist', 'id')}),
	'', 'a public client needs no key');
($code, $out, $error) = $hub->try_sql('SELECT tasksync.rotate_key()');
like($error, qr/TS001/, 'nor is there a key to rotate');

for my $mode (0644, 0640, 0660, 0604, 0700, 0000)
{
	write_file(key_from(7), $mode);
	my $text = sprintf('%04o', $mode);
	refused("mode $text",
		$mode ? "the key file has mode $text" : 'the key file could not be opened');
}
write_file(key_from(7), 0600, "$file.real");
unlink $file;
symlink("$file.real", $file) or die $!;
refused('symbolic link', 'the key file is a symbolic link');
unlink $file, "$file.real";
mkdir $file or die $!;
refused('folder', 'the key file is not a regular file');
rmdir $file;
system_or_bail('mkfifo', '-m', '600', $file);
refused('named pipe', 'the key file is not a regular file');
for my $case (
	[ 'empty', '', 'the key file has 0 bytes' ],
	[ '31 bytes', substr(key_from(7), 1), 'the key file has 31 bytes' ],
	[ '33 bytes', key_from(7) . 'x', 'the key file has 33 bytes' ],
	[ 'hexadecimal', '0123456789abcdef' x 4, 'key 1 of the key file is text' ],
	[ 'zeros', "\0" x 32, 'key 1 of the key file is text or a repeated byte' ],
	[ 'second key bad', key_from(7) . "\0" x 32, 'key 2 of the key file is text' ],
	[ 'twice the same', key_from(7) x 2, 'keys 1 and 2 of the key file are the same' ],
	[ '65 keys', join('', map { key_from($_) } 1 .. 65), 'the key file holds more than 64 keys' ])
{
	my ($what, $bytes, $reason) = @$case;
	write_file($bytes, 0600);
	refused($what, $reason);
}

# A role without rights on settings learns the reason, not the path.
unlink $file;
$hub->sql(<<'EOS');
CREATE ROLE app;
GRANT USAGE ON SCHEMA tasksync TO app;
GRANT EXECUTE ON FUNCTION tasksync.encrypt_token(text, text) TO app;
EOS
($code, $out, $error) = $hub->try_sql(q{SET ROLE app; SELECT tasksync.encrypt_token('x', 'c')});
like($error, qr/TS001: the vault is locked/, 'an application role gets the reason');
unlike($error, qr/\Q$file\E/, 'but not the path');

# ---- a file that comes, changes and goes is noticed by sessions that are open ----

write_file(key_from(0x80), 0400);
is($hub->sql('SELECT key_id, is_primary, is_usable FROM tasksync.key_status'),
	'fe147dc4|t|t', 'the id of a key is what another implementation computes');
$ENV{VAULT_KEY_FILE} = $file;
my $session = $hub->sql(<<"EOS");
$ok;
\\! chmod 644 "\$VAULT_KEY_FILE"
SELECT is_usable, message LIKE '%mode 0644%' FROM tasksync.key_status;
\\! chmod 600 "\$VAULT_KEY_FILE"
$ok;
\\! rm "\$VAULT_KEY_FILE"
SELECT is_usable, message FROM tasksync.key_status;
EOS
is($session, "text\nf|t\ntext\nf|the key file does not exist", 'one session follows the file');

# ---- the keys are kept out of core dumps and swap ----

write_file(key_from(0x80), 0600);
my $flags = $hub->sql(<<"EOS");
SELECT pid FROM pg_backend_pid() AS b(pid), (SELECT tasksync.encrypt_token('x', 'c')) AS t(s) WHERE s IS NOT NULL \\gset
\\set flags `grep VmFlags /proc/:pid/smaps | grep ' dd' | grep -c ' lo'`
SELECT :flags > 0;
EOS
my $unlocked = $hub->log_text =~ /could not lock the memory of the keys/;
ok($flags eq 't' || $unlocked, 'the memory of the keys is locked and not dumped, or the log says so');

# ---- wrong key ----

my $user = $hub->value(q{INSERT INTO tasksync.users (email, email_canonical)
	VALUES ('ann@example.com', 'ann@example.com') RETURNING user_id});
$hub->sql(q{INSERT INTO tasksync.accounts (user_id, provider)
	SELECT :'user'::uuid, 'todoist' FROM generate_series(1, 40)}, user => $user);
$hub->sql(q{SELECT tasksync.store_account_token(user_id, id, 'canary-' || 'token-' || id) FROM tasksync.accounts});
$hub->sql(q{SELECT tasksync.set_provider_credentials('todoist', 'id', 'canary-' || 'secret')});
$hub->sql(q{CREATE TABLE own AS SELECT tasksync.encrypt_token('canary-' || 'own', 'own/1') AS sealed});
$hub->sql(<<'EOS');
CREATE FUNCTION open_token(text, text, text, text, bytea) RETURNS text
	AS '$libdir/tasksync', 'tasksync_test_open_token' LANGUAGE c STRICT;
CREATE VIEW opened AS SELECT open_token(user_id::text, account_id::text, 'todoist', 'access', access_sealed)
	= 'canary-' || 'token-' || account_id AS good FROM tasksync.account_tokens;
EOS
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', 'tokens open with their key');

write_file(key_from(0x10), 0600);
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '0', 'and not with another');
($code, $out, $error) = $hub->try_sql(q{SELECT tasksync.decrypt_token(sealed, 'own/1') FROM own});
like($error, qr/TS005: sealed with key fe147dc4, which the key file does not hold/,
	'the missing key is named');
is($hub->sql('SELECT key_id, secrets, message FROM tasksync.key_status WHERE NOT is_usable'),
	'fe147dc4|41|the key file does not hold this key: these secrets are locked',
	'key_status shows what needs it');
is($hub->sql('SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key()'),
	't|0|0|41', 'a rotation without the key loses nothing');
write_file(key_from(0x80) . key_from(0x10), 0600);
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', 'the key back in the file opens all');

# ---- rotation, killed at each step ----

# Runs rotate_key() with a test point armed and waits until the server is there again.
sub rotate_and_crash
{
	my ($point) = @_;
	unlink $hub->node->data_dir . '/tasksync_test_points.fired';
	my ($code) = $hub->try_sql("SET tasksync.test_points = '$point'; SELECT tasksync.rotate_key()");
	isnt($code, 0, "$point: the rotation was killed");
	wait_until('the server has recovered', sub { ($hub->try_sql('SELECT 1'))[0] == 0 });
	return;
}

my $before = read_file();
for my $point (
	'rotate-row:crash:1', 'rotate-row:crash:17', 'rotate-row:crash:40', 'rotate-written:crash:1',
	'rotate-renamed:crash:1')
{
	# these are secrets of the first key: the call finishes them; when all are done it makes a key
	my $makes_key = $point !~ /row/;
	$hub->sql('SELECT tasksync.rotate_key()') if $makes_key;
	my $keys = length(read_file()) / 32;
	rotate_and_crash($point);
	is(length(read_file()) / 32, $keys + ($point =~ /renamed/ ? 1 : 0), "$point: the file is whole");
	is(substr(read_file(), 0, length $before), $before, "$point: with its old keys first");
	is((stat $file)[2] & 07777, 0600, "$point: and closed");
	is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', "$point: every token opens");
}
is($hub->sql('SELECT key_added, resealed, remaining FROM tasksync.rotate_key()'),
	'f|41|0', 'the next call finishes what was interrupted');
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', 'every token opens');
is($hub->sql('SELECT count(*), sum(secrets) FROM tasksync.key_status WHERE secrets > 0'),
	'1|41', 'one key seals them all');
is($hub->sql(q{SELECT tasksync.decrypt_token(sealed, 'own/1') FROM own}),
	'canary-own', 'an old key still opens what an application sealed');

# ---- two rotations at a time ----

sub arm
{
	my ($points) = @_;
	$hub->sql("ALTER SYSTEM SET tasksync.test_points = '$points'");
	$hub->sql('SELECT pg_reload_conf()');
	return;
}
my $offset = $hub->log_size;
arm('rotate-written:wait');
my $first = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $hub->node->connstr('hub'), '-c',
		'SELECT key_added, remaining FROM tasksync.rotate_key()' ],
	'>', \my $first_out, '2>', \my $first_error);
wait_until('the first rotation waits', sub { $hub->log_text($offset) =~ /test point "rotate-written:wait": waiting/ });
($code, $out, $error) =
  $hub->try_sql(q{SET tasksync.test_points = ''; SELECT tasksync.rotate_key()});
like($error, qr/55P03: another session is rotating the key/, 'the second one is sent away');
my $keys = length(read_file()) / 32;
arm('');
$first->finish;
is("$first_out$first_error", "t|0\n", 'the first one ends well');
is(length(read_file()) / 32, $keys + 1, 'with one key more');
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', 'and every token opens');

# ---- a folder that the server may not write to ----

my $folder = $hub->node->basedir . '/closed';
mkdir $folder or die $!;
copy($file, "$folder/keyfile") or die $!;
chmod 0600, "$folder/keyfile";
chmod 0500, $folder;
# whatever happens, the folder must be removable afterwards
END { chmod 0700, $folder if defined $folder }
$hub->sql("ALTER SYSTEM SET tasksync.key_file = '$folder/keyfile'");
$hub->sql('SELECT pg_reload_conf()');
$hub->wait_for("SELECT current_setting('tasksync.key_file') = '$folder/keyfile'");
($code, $out, $error) = $hub->try_sql('SELECT tasksync.rotate_key()');
like($error, qr/could not create file .*HINT:\s+Append a key yourself/s, 'the hint is the way out');
is(read_file("$folder/keyfile"), read_file(), 'the file is as it was');
open(my $append, '>>:raw', "$folder/keyfile") or die $!;
print {$append} key_from(0xb0);
close $append or die $!;
is($hub->sql('SELECT key_added, resealed, remaining FROM tasksync.rotate_key()'),
	'f|41|0', 'a key appended by hand becomes the one that seals');
is($hub->sql('SELECT count(*) FROM opened WHERE good'), '40', 'and every token opens');

# ---- nothing of it in clear on disk (the statements above put the words together, because the
# ---- server of a test logs every statement) ----

$hub->sql('CHECKPOINT');
my $hits = '';
for my $place ($hub->node->data_dir, $hub->node->logfile)
{
	IPC::Run::run([ 'grep', '-rlae', 'canary-token\|canary-secret\|canary-own', $place ],
		'>', \my $found, '2>', '/dev/null');
	$hits .= $found;
}
is($hits, '', 'no plaintext in the data directory, the WAL or the log');
IPC::Run::run([ 'grep', '-rlaF', key_from(0xb0), $hub->node->data_dir ], '>', \$hits, '2>', '/dev/null');
is($hits, '', 'and no key');

$hub->stop;
done_testing();
