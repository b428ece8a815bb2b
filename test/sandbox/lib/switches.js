// The switches of a stand-in: a frozen table of defaults, and what a test has set.

export function makeSwitches(defaults) {
	const values = { ...defaults };
	// Rendered objects depend on the switches; a counter tells caches that one has changed.
	let epoch = 0;

	function set(changes) {
		for (const [name, value] of Object.entries(changes)) {
			if (!(name in defaults))
				throw new Error(`unknown switch "${name}"`);
			values[name] = value;
		}
		epoch++;
	}
	return { values, set, epoch: () => epoch, reset: () => set(defaults) };
}
