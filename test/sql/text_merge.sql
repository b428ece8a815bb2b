-- merge_text(): three-way merge of a text, by lines and then by words.

-- different lines
SELECT * FROM tasksync.merge_text(E'a\nb\nc', E'A\nb\nc', E'a\nb\nC');
-- neighbouring lines
SELECT * FROM tasksync.merge_text(E'a\nb', E'A\nb', E'a\nB');
-- different words of one line
SELECT * FROM tasksync.merge_text('Call Ann at noon about the invoice',
	'Call Bob at noon about the invoice', 'Call Ann at noon about the contract');
-- the same word: ours is taken, and it is said
SELECT * FROM tasksync.merge_text('buy milk', 'buy bread', 'buy wine');
-- words side by side are not mixed
SELECT * FROM tasksync.merge_text('at 5 pm', 'at 6 am', 'at 7 pm');
-- two lines added at one place
SELECT * FROM tasksync.merge_text(E'a', E'a\nours', E'a\ntheirs');
-- a line added at the end here, at the start there
SELECT * FROM tasksync.merge_text(E'a', E'a\nb', E'c\na');
-- deleted here, added there; deleted here, changed there
SELECT * FROM tasksync.merge_text(E'a\nb\nc', E'a\nc', E'a\nb\nc\nd');
SELECT * FROM tasksync.merge_text(E'a\nb\nc', E'a\nc', E'a\nB\nc');
-- no markers
SELECT merged LIKE '%<<<%' AS marked, clean FROM tasksync.merge_text('a b', 'c d', 'e f');
-- words without blanks between them, and emoji made of several code points
SELECT * FROM tasksync.merge_text('一二三四五六', '甲二三四五六', '一二三四五乙');
SELECT * FROM tasksync.merge_text('👩‍👩‍👧 milk and bread', '👨 milk and bread', '👩‍👩‍👧 milk and wine');

-- an unchanged side gives way, equal sides agree, whatever the text
SELECT bool_and(merged = x AND clean) FROM unnest(ARRAY['', E'\n', E'\n\n', 'x', E'a\nb\n', E'\r\n ']) AS x,
	unnest(ARRAY['', E'\n', 'y', E'a\n']) AS b, LATERAL (
	SELECT * FROM tasksync.merge_text(b, x, b) UNION ALL
	SELECT * FROM tasksync.merge_text(b, b, x) UNION ALL
	SELECT * FROM tasksync.merge_text(b, x, x)) AS m;

-- null counts as empty
SELECT * FROM tasksync.merge_text(NULL, 'a', NULL);
SELECT merged = '' AS empty, clean FROM tasksync.merge_text(NULL, NULL, NULL);

-- 64 kB of equal lines, of different lines and of one line end in time
SELECT length(merged) > 60000 AS whole FROM tasksync.merge_text(repeat(E'\n', 65536),
	repeat(E'a\n', 32768), repeat(E'\na', 32768));
SELECT clean, length(merged) = length(base) + 4 AS whole
FROM (SELECT string_agg('line ' || n, E'\n') AS base FROM generate_series(1, 6000) AS n) AS t,
	tasksync.merge_text(base, E'a\n' || base, base || E'\nb');

-- may be used in an index and in a parallel plan, and is nobody's by default
SELECT proname, provolatile, proparallel, proisstrict, proacl::text NOT LIKE '%{=%' AND
	proacl::text NOT LIKE '%,=%' AS not_public
FROM pg_proc WHERE pronamespace = 'tasksync'::regnamespace
	AND proname IN ('merge_task', 'merge_text', 'project_task') ORDER BY proname;
