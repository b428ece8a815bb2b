// The stand-in's own time. It runs like the machine's clock until a test sets or advances it, so
// that an hour of token life or a rate window passes at once instead of being slept through.

export function virtualClock() {
	let offset = 0;
	let frozenAt = null;
	let settings = 0;
	const waiting = new Set();

	const now = () => (frozenAt === null ? Date.now() + offset : frozenAt);

	function runDue() {
		const due = [...waiting].filter((job) => job.at <= now()).sort((a, b) => a.at - b.at);
		for (const job of due)
			if (waiting.delete(job)) {
				clearTimeout(job.timer);
				job.run();
			}
	}

	return {
		now,
		// Whole seconds, the coarse form some fields have.
		seconds: (ms = now()) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z'),
		// A source of microseconds that never repeat: two objects made in one millisecond still
		// differ. Each account has its own, so that its times do not depend on other accounts.
		microSource() {
			let last = 0;
			let seen = settings;
			return () => {
				last = Math.max(seen === settings ? last + 1 : 0, now() * 1000);
				seen = settings;
				const text = new Date(Math.floor(last / 1000)).toISOString();
				return text.replace('Z', String(last % 1000).padStart(3, '0') + 'Z');
			};
		},
		set(ms, freeze = false) {
			offset = ms - Date.now();
			frozenAt = freeze ? ms : null;
			settings++;
			runDue();
		},
		advance(ms) {
			if (frozenAt === null)
				offset += ms;
			else
				frozenAt += ms;
			runDue();
		},
		// Runs a job when this clock reaches its time, by itself or because a test moved the clock.
		after(ms, run) {
			const job = { at: now() + ms, run };
			// The margin keeps a timer that fires a moment early from looking at a job not yet due.
			job.timer = setTimeout(runDue, Math.min(ms + 1, 2 ** 31 - 1));
			job.timer.unref();
			waiting.add(job);
			return job;
		},
	};
}
