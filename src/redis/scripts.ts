import type { RedisClient } from './connection/connection.js';

/*
 * Every script works on keys of one slot, and returns failures as replies: an error that Redis 6.2 raises
 * loses its code (`OOM`, `READONLY`).
 *
 * A full server refuses the first write of a script if it could need memory, and accepts all later ones
 * (checked on 7.0). Therefore scripts that store a text do so in their first write, so that it is refused.
 * Scripts that must succeed begin with a removal.
 */
const FAILED = `
local function failed(reply)
  return type(reply) == 'table' and reply.err ~= nil
end`;

/** Refuses a command that arrives too late: another process may have written in the meantime. */
const LATE = `
local function late(notAfter)
  if notAfter == '0' then return false end
  local now = redis.call('TIME')
  return now[1] * 1000 + now[2] / 1000 > tonumber(notAfter)
end
local function tooLate()
  return redis.error_reply('LATE The command came too late to be carried out.')
end`;

/** Reads the tag clock. If its hash is lost, the clock restarts ahead of all readings so far. */
const CLOCK = `
local function write(clock)
  return redis.pcall('HSET', KEYS[1], 'epoch', clock, 'clock', clock)
end
local function clock()
  local clock = redis.pcall('HGET', KEYS[1], 'clock')
  if type(clock) == 'string' and tonumber(clock) then return clock end
  local lost = redis.pcall('DEL', KEYS[1])
  if failed(lost) then return lost end
  local now = redis.call('TIME')
  clock = string.format('%.0f', now[1] * 1000000 + now[2])
  local written = write(clock)
  if failed(written) then return written end
  return clock
end`;

/**
 * Makes room among the versions of tags, one step per command. Versions up to the epoch are redundant, and
 * are removed as `HSCAN` reaches them. After each round, the epoch advances past about the oldest tenth of the
 * versions, estimated from a sample: only entries older than that become misses.
 */
const AGE = `
local function age(added)
  local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch')) or 0
  local cursor = redis.call('HGET', KEYS[1], 'cursor') or '0'
  if cursor == '0' then
    local versions = {}
    local sample = redis.call('HRANDFIELD', KEYS[1], 200, 'WITHVALUES')
    for i = 1, #sample, 2 do
      local version = tonumber(sample[i + 1])
      if string.sub(sample[i], 1, 2) == 't:' and version > epoch then table.insert(versions, version) end
    end
    table.sort(versions)
    if #versions > 0 then
      epoch = versions[math.ceil(#versions / 10)]
      redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
    end
  end
  local found = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 100 + 20 * added)
  for i = 1, #found[2], 2 do
    local field, version = found[2][i], tonumber(found[2][i + 1])
    if string.sub(field, 1, 2) == 't:' and version <= epoch then redis.call('HDEL', KEYS[1], field) end
  end
  return redis.pcall('HSET', KEYS[1], 'cursor', found[1])
end`;

/** Reads the first characters of a value; '' if there is none. */
const HEAD = `
local function head(name, characters)
  local text = redis.pcall('GETRANGE', name, 0, characters - 1)
  -- A value of another type has no text, but is there.
  if type(text) ~= 'string' or (text == '' and redis.call('EXISTS', name) == 1) then return '?' end
  return text
end`;

const SCRIPTS = {
  /**
   * KEYS value and lease of each key; ARGV deadline, then for each key token, lease in ms, and 1 to force it.
   * Returns a reply for each key.
   */
  acquire: {
    lua: `${FAILED}${LATE}
if late(ARGV[1]) then return tooLate() end
local function acquire(value, lease, token, ms, isForced)
  local taken
  if isForced == '1' then
    taken = redis.pcall('SET', lease, token, 'PX', ms)
  else
    taken = redis.pcall('SET', lease, token, 'NX', 'PX', ms)
    -- A lease without an expiry has no holder that releases it: every load would wait for it.
    if not taken and redis.call('PTTL', lease) == -1 then
      taken = redis.pcall('SET', lease, token, 'PX', ms)
    end
  end
  if failed(taken) then return taken end
  if not taken then
    local holder = redis.pcall('GET', lease)
    if failed(holder) then holder = '' end
    return { 0, holder or '', redis.call('PTTL', lease) }
  end
  local text = redis.pcall('GET', value)
  if failed(text) then text = false end
  return { 1, text }
end
local replies = {}
for i = 1, #KEYS / 2 do
  local at = 3 * i - 1
  local reply = acquire(KEYS[2 * i - 1], KEYS[2 * i], ARGV[at], ARGV[at + 1], ARGV[at + 2])
  if failed(reply) then return reply end
  replies[i] = reply
end
return replies`,
  },
  /** KEYS lease; ARGV token, lease in ms. */
  renew: {
    numberOfKeys: 1,
    lua: `
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.pcall('PEXPIRE', KEYS[1], ARGV[2])`,
  },
  /** KEYS lease; ARGV token, channel, message. */
  release: {
    numberOfKeys: 1,
    lua: `${FAILED}
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local ended = redis.pcall('DEL', KEYS[1])
local published = redis.pcall('PUBLISH', ARGV[2], ARGV[3])
if failed(published) then return published end
return ended`,
  },
  /**
   * KEYS value and lease of each key; ARGV channel, message, then for each key token, text and ttl in ms.
   * Returns for each key 1 if it was stored, 0 if the lease is not held, -1 if the text was refused; then the
   * failure.
   */
  fill: {
    lua: `${FAILED}
local outcomes = {}
local failure
local held = false
for i = 1, #KEYS / 2 do
  local value, lease, at = KEYS[2 * i - 1], KEYS[2 * i], 3 * i
  outcomes[i] = 0
  if redis.pcall('GET', lease) == ARGV[at] then
    held = true
    local stored = failure or redis.pcall('SET', value, ARGV[at + 1], 'PX', ARGV[at + 2])
    outcomes[i] = 1
    if failed(stored) then
      failure = stored
      outcomes[i] = -1
      redis.pcall('UNLINK', value)
    end
    redis.pcall('DEL', lease)
  end
end
if held then
  local published = redis.pcall('PUBLISH', ARGV[1], ARGV[2])
  if failed(published) and not failure then return published end
end
return { outcomes, failure and failure.err or '' }`,
  },
  /**
   * KEYS value and lease of each key; ARGV deadline, channel, message, then for each key text and ttl in ms.
   * After a failure it stores nothing more, although a full server accepts writes again after a removal.
   */
  set: {
    lua: `${FAILED}${LATE}
local failure
if late(ARGV[1]) then failure = tooLate() end
local stored = 0
local leases = {}
for i = 1, #KEYS, 2 do
  local outcome = failure or redis.pcall('SET', KEYS[i], ARGV[i + 3], 'PX', ARGV[i + 4])
  if failed(outcome) then
    failure = outcome
    redis.pcall('UNLINK', KEYS[i])
  else
    stored = stored + 1
  end
  leases[#leases + 1] = KEYS[i + 1]
end
redis.pcall('DEL', unpack(leases))
local published = redis.pcall('PUBLISH', ARGV[2], ARGV[3])
if failure then return { stored, failure.err } end
if failed(published) then return published end
return { stored, '' }`,
  },
  /** KEYS value and lease of each key; ARGV channel, message, number of characters to return of each value. */
  delete: {
    lua: `${FAILED}${HEAD}
local heads, values, leases = {}, {}, {}
for i = 1, #KEYS, 2 do
  heads[#heads + 1] = head(KEYS[i], ARGV[3])
  values[#values + 1] = KEYS[i]
  leases[#leases + 1] = KEYS[i + 1]
end
local ended = redis.pcall('DEL', unpack(leases))
local removed = redis.pcall('UNLINK', unpack(values))
local published = redis.pcall('PUBLISH', ARGV[1], ARGV[2])
if failed(ended) then return ended end
if failed(removed) then return removed end
if failed(published) then return published end
return heads`,
  },
  /** KEYS values; ARGV number of characters to return of each. */
  unlink: {
    lua: `${HEAD}
local heads = {}
for i = 1, #KEYS do heads[i] = head(KEYS[i], ARGV[1]) end
redis.call('UNLINK', unpack(KEYS))
return heads`,
  },
  /** KEYS tags. */
  tagClock: { numberOfKeys: 1, lua: `${FAILED}${CLOCK}\nreturn clock()` },
  /** KEYS tags; ARGV channel, the message's halves, maximum number of fields, and the fields of the tags. */
  invalidateTags: {
    numberOfKeys: 1,
    lua: `${FAILED}${CLOCK}${AGE}
local before = clock()
if failed(before) then return before end
-- At least the current time, so that it exceeds every version in a state that was lost.
local now = redis.call('TIME')
local version = string.format('%.0f', math.max(before + 1, now[1] * 1000000 + now[2]))
for i = 5, #ARGV do
  local removed = redis.pcall('HDEL', KEYS[1], ARGV[i])
  if failed(removed) then return removed end
  local written = redis.pcall('HSET', KEYS[1], 'clock', version, ARGV[i], version)
  if failed(written) then return written end
end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then
  local aged = age(#ARGV - 4)
  if failed(aged) then return aged end
end
local published = redis.pcall('PUBLISH', ARGV[1], ARGV[2] .. version .. ARGV[3])
if failed(published) then return published end
return version`,
  },
  /** KEYS tags; ARGV channel, the message's halves. */
  raiseFloor: {
    numberOfKeys: 1,
    lua: `${FAILED}${CLOCK}
local known = clock()
if failed(known) then return known end
local now = redis.call('TIME')
local floor = string.format('%.0f', now[1] * 1000 + math.ceil(now[2] / 1000))
local written = redis.pcall('HSET', KEYS[1], 'floor', floor)
if failed(written) then return written end
local published = redis.pcall('PUBLISH', ARGV[1], ARGV[2] .. floor .. ARGV[3])
if failed(published) then return published end
return floor`,
  },
} as const;

type Script = keyof typeof SCRIPTS;
type Command = (...words: (string | number)[]) => Promise<unknown>;

/**
 * The scripts, as commands of a client. ioredis sends the digest of a script, and the text if the server has
 * not cached it.
 *
 * @internal
 */
export class Scripts {
  private readonly commands = new Map<Script, Command>();

  constructor(client: RedisClient) {
    for (const [script, definition] of Object.entries(SCRIPTS)) {
      const name = `aurora${script.charAt(0).toUpperCase()}${script.slice(1)}`;
      client.defineCommand(name, definition);
      // Read at once: another copy of the package may define a command of this name on the same client.
      const command = (client as unknown as Record<string, Command>)[name] as Command;
      this.commands.set(script as Script, command.bind(client));
    }
  }

  /** @param words - The keys, then the arguments; for a script without `numberOfKeys`, that number first. */
  async run(script: Script, ...words: (string | number)[]): Promise<unknown> {
    return await (this.commands.get(script) as Command)(...words);
  }
}

/**
 * Milliseconds as Redis accepts them: a whole number, at least 1.
 *
 * @internal
 */
export function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}
