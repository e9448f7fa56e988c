-- Replaces the record if it still is what the caller saw, and tells those who watch.
-- KEYS[1]  the hash: "format" says how to read it, "record" is the record, missing if there is none
-- ARGV[1]  channel
-- ARGV[2]  last moment to begin, in the server's milliseconds since 1970; "" for none
-- ARGV[3]  "1" if the hash is known to exist
-- ARGV[4]  "1" if a record is expected, and ARGV[5] it
-- ARGV[6]  "1" if a record is to be written, and ARGV[7] it
-- Returns what became of it, and the server's time.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[2] ~= '' and now > tonumber(ARGV[2]) then return {'late', now} end

local found = redis.call('HMGET', KEYS[1], 'format', 'record')
if found[1] and found[1] ~= '1' then return {'format', now} end
if not found[1] then
  if ARGV[3] == '1' then return {'lost', now} end
  if ARGV[4] == '1' then return {'absent', now} end
end

local record = found[2]
if ARGV[4] == '1' then
  if record ~= ARGV[5] then return {'other', now} end
elseif record then
  return {'other', now}
end

-- First of all, because after an error in what follows nothing may have been written.
if record or ARGV[6] == '1' then redis.call('PUBLISH', ARGV[1], '') end
if ARGV[6] == '1' then
  redis.call('HSET', KEYS[1], 'format', '1', 'record', ARGV[7])
elseif record then
  redis.call('HDEL', KEYS[1], 'record')
end
return {'swapped', now}
