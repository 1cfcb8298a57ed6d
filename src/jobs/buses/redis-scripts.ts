// Each is one atomic step of one key, on a cluster too. A key is a hash: `p` how far the job is, `s` the snapshot as JSON,
// `c` when its status was last claimed, by the clock of redis, in milliseconds.

/** ARGV: position, snapshot, time to live in milliseconds, channel. */
export const PUBLISH = `local known = redis.call('HGET', KEYS[1], 'p')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'p', ARGV[1], 's', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[2])
return 1`;

export const READ = `return redis.call('HGET', KEYS[1], 's')`;

/** ARGV: how young a claim must be to count, in milliseconds, time to live. */
export const CLAIM = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claimed = redis.call('HGET', KEYS[1], 'c')
if claimed and now - tonumber(claimed) < tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'c', tostring(now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

export const UNCLAIM = `return redis.call('HDEL', KEYS[1], 'c')`;
