-- Appends one message and publishes it. The file before this one defines `enter`.
-- KEYS: meta hash, stream, highest order of the sender, and the idempotency key if there is one.
-- ARGV: 1 frame, 2 its order, 3 highest order known to be here, 4 generation, 5 fresh epoch,
-- 6 size, 7 ms for the stream, 8 ms for the meta hash, 9 ms for the order, 10 channel,
-- 11 command to publish by, 12 who sends it, 13 ms for the idempotency key.
-- Answers the number in the history; 0: the key was used before; -1: it is here already;
-- -2: the message before it never came, so it must not overtake that.
local order = tonumber(ARGV[2])
local sent = tonumber(redis.call('GET', KEYS[3]) or '0')
if sent < order - 1 and tonumber(ARGV[3]) < order - 1 then
  return -2
end
if KEYS[4] then
  local holder = redis.call('GET', KEYS[4])
  if holder and holder ~= ARGV[12] then
    if sent < order then
      redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[9])
    end
    return 0
  end
end
if sent >= order then
  return -1
end
local epoch = enter(ARGV[4], ARGV[5])
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], string.format('%.0f-0', seq), 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[9])
if KEYS[4] then
  redis.call('SET', KEYS[4], ARGV[12], 'PX', ARGV[13])
end
redis.call(ARGV[11], ARGV[10], '\2' .. epoch .. struct.pack('>I8', seq) .. ARGV[1])
return seq
