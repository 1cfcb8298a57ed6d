// Each is one atomic step. All keys of a store are in one slot of a cluster, by the braces around its prefix:
//   record:KEY   the record as JSON, which runs out by itself; then, on a line of its own, which try has added it
//   all, of:GROUP   sorted sets of keys, by the time at which the record was made
//   ends   the same by the time at which it runs out
//   id:JOB   a set of keys: two servers may give the same id
//   lease:KEY   its holder

/**
 * Compare and set: writes where the record is as expected, else answers what is there, behind a `=`.
 *
 * KEYS: record, all, ends, of, id. ARGV: expected, empty for none; text, empty to delete; key; milliseconds to live; made
 * at; now; whether there is a group, an id ('1').
 */
export const SWAP = `local stored = redis.call('GET', KEYS[1]) or ''
if stored ~= ARGV[1] then return '=' .. stored end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[6], 'LIMIT', 0, 10)) do
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[3]) end
  redis.call('SREM', KEYS[5], ARGV[3])
  return 'done'
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[6] + ARGV[4], ARGV[3])
if ARGV[7] == '1' then
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[3])
  if redis.call('PTTL', KEYS[4]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[4], ARGV[4]) end
end
if ARGV[8] == '1' then
  redis.call('SADD', KEYS[5], ARGV[3])
  if redis.call('PTTL', KEYS[5]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[5], ARGV[4]) end
end
return 'done'`;

export const GET = `return redis.call('GET', KEYS[1])`;

export const MEMBERS = `return redis.call('SMEMBERS', KEYS[1])`;

/** KEYS: all, or of. ARGV: from which time on, how many. Answers key, time, key, time and so on. */
export const PAGE = `return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])`;

/** KEYS: all, or of; records. ARGV: their keys. What has run out is empty in the answer, and taken off the list where redis may be written. */
export const RECORDS = `local found = {}
for i, key in ipairs(ARGV) do
  local stored = redis.call('GET', KEYS[i + 1])
  if not stored then redis.pcall('ZREM', KEYS[1], key) end
  found[i] = stored or ''
end
return found`;

/** KEYS: lease. ARGV: holder, for how many milliseconds. */
export const LEASE = `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 'taken' end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) else redis.call('DEL', KEYS[1]) end
return 'done'`;
