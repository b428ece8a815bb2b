// created_time and last_edited_time: kept to the millisecond, shown and compared to the minute.

const MINUTE = 60000;

export const roundedMs = (ms, switches) => (switches.rounding === 'nearest'
	? Math.round(ms / MINUTE) : Math.floor(ms / MINUTE)) * MINUTE;

export const roundedTime = (ms, switches) => new Date(roundedMs(ms, switches)).toISOString();
