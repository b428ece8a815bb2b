# docs/reference.md says what the catalog says: it is made from the comments, and this test makes it
# again and compares. After a change: TASKSYNC_WRITE_REFERENCE=1 prove … test/t/031_reference.pl
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TaskSync::Hub;

my $page = ($ENV{TASKSYNC_TREE} // '.') . '/docs/reference.md';
my $hub = TaskSync::Hub->start(preload => 0);

$hub->sql('CREATE ROLE app; SELECT tasksync.grant_user(\'app\')');
$hub->sql('CREATE ROLE operator; SELECT tasksync.grant_operator(\'operator\')');

# Public is what somebody may be granted, or what the owner calls: not trigger functions, not
# functions whose comment says that they are internal, not the insides of a view.
my $functions = <<'SQL';
SELECT string_agg(format(E'#### `%s(%s)`%s\n\n%s\n', CASE WHEN p.pronamespace = 'tasksync_api'::regnamespace THEN 'tasksync_api.' ELSE '' END || p.proname,
	regexp_replace(pg_get_function_arguments(p.oid), ', OUT .*|^OUT .*|::\w+', '', 'g'),
	CASE WHEN p.prorettype = 'void'::regtype THEN '' ELSE ' → `' || replace(pg_get_function_result(p.oid), 'tasksync.', '') || '`' END,
	obj_description(p.oid, 'pg_proc')), E'\n' ORDER BY p.proname)
FROM pg_proc p
WHERE p.pronamespace IN ('tasksync'::regnamespace, 'tasksync_api'::regnamespace) AND p.prorettype <> 'trigger'::regtype
	AND obj_description(p.oid, 'pg_proc') !~ '^Internal' AND p.proname NOT IN ('worker_status_rows', 'key_ring')
	AND CONDITION
SQL

my $relations = <<'SQL';
SELECT string_agg(format(E'#### `%s`\n\n%s\n\n| column | type | |\n|---|---|---|\n%s\n', c.relname, obj_description(c.oid, 'pg_class'), columns),
	E'\n' ORDER BY c.relname)
FROM pg_class c, LATERAL (
	SELECT string_agg(format('| `%s` | %s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
		replace(col_description(c.oid, a.attnum), '|', '\|')), E'\n' ORDER BY a.attnum) AS columns
	FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) x
WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'CONDITION'
SQL

sub functions { return $hub->sql($functions =~ s/CONDITION/$_[0]/r) }
sub relations { return $hub->sql($relations =~ s/CONDITION/$_[0]/r) }

my $app = q{has_function_privilege('app', p.oid, 'EXECUTE')};
my $operator = q{has_function_privilege('operator', p.oid, 'EXECUTE')};

my $text = <<'MD' . join("\n",
# Reference

Everything in the schema `tasksync` that is meant to be used, as its comments in the database say it
(`\df+ tasksync.*`, `\d+ tasksync.tasks`). This page is made from them by `test/t/031_reference.pl`.

Three kinds of roles use it. **Applications** (`SELECT tasksync.grant_user('role')`) authenticate
people themselves and then call `act_as()`; from there on they see and change the rows of that person
only. **Operators** (`grant_operator('role')`) watch and steer everybody's accounts and see no task's
text and no token. The **owner** of the extension, a superuser, does the rest.

- [Functions for applications](#functions-for-applications)
- [More functions for operators](#more-functions-for-operators)
- [Functions for the owner](#functions-for-the-owner)
- [Views](#views)
- [Tables](#tables)
- [Errors](#errors)

MD
	'## Functions for applications', '', functions($app), '## More functions for operators', '',
	'Operators may also call `pause_account`, `resume_account`, `set_sync_interval`, `sync_now`, `wait_for_sync`,',
	'`approve_held`, `reject_held` and `retry` for any account.', '',
	functions("$operator AND NOT $app"), '## Functions for the owner', '',
	functions("NOT $operator AND NOT $app"), '## Views', '', relations('v'), '## Tables', '',
	'Applications write `tasks`, `projects`, `sections`, `labels` and `task_dependencies`; in the others they',
	'change a few settings (`users`, `accounts`, `project_links`) or read.', '', relations('r'), <<'MD');
## Errors

Every error has an SQLSTATE, a message and, where something can be done, a hint with the command to
type. Those that a program may want to tell apart:

| SQLSTATE | condition | raised when |
|---|---|---|
| `TS001` | key missing | a secret is to be sealed or opened and there is no usable key file |
| `TS002` | not preloaded | a function needs the worker and the server does not preload tasksync |
| `TS003` | not home | this database is a copy: `adopt()` first |
| `TS004` | version | library and SQL objects are of different versions |
| `TS005` | unseal | a sealed secret does not open: wrong key, wrong context or damaged |
| `TS006` | restoring | rows are being restored: `post_restore()` ends that |
| `TS007` | no person | no `user_id` was given and the session acts for nobody |
| `P0002` | no data found | the person, account, container, project, link or conflict does not exist, or belongs to somebody else: the two are not told apart |
| `22023` | invalid parameter value | an argument is out of its range or not among the words it may be; the hint says which |
| `0A000` | feature not supported | a token was given for a provider that has consent only, or consent was asked for where there is none |
| `54000` | program limit exceeded | five links to pages of consent are open |
| `23503` | foreign key violation | a task's project, parent or section does not exist for this person, or a subtask would be in another project than its parent (`subtask_in_project_of_parent`) |
| `23505` | unique violation | e-mail address, container or project taken |
| `23514` | check violation | a task or project would be its own ancestor, an id would change, the inbox would be deleted, or a value breaks a rule of its column |
| `25001` | active SQL transaction | waiting for the worker inside the transaction that it would have to see |
| `40001`, `40P01` | serialization failure, deadlock | two transactions met; run yours again |
| `42501` | insufficient privilege | the role was not granted this, or row-level security refuses the row |
| `55000` | object not in prerequisite state | the account is paused, disconnected or could not be read; the conflict is resolved already; no app or no `public_url` is set |
MD

if ($ENV{TASKSYNC_WRITE_REFERENCE})
{
	open my $out, '>', $page or die "$page: $!";
	print $out $text;
	close $out or die "$page: $!";
}
my $is = -e $page ? PostgreSQL::Test::Utils::slurp_file($page) : '';
ok($is eq $text, 'docs/reference.md is what the comments make it')
  or diag('write it anew with TASKSYNC_WRITE_REFERENCE=1');
unlike($text, qr{^\| `.*\|\s+\|$}m, 'nothing is without a word');

$hub->stop;
done_testing();
