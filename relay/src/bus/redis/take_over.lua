-- Gives the lease KEYS[1] of ARGV[1], which is gone, to ARGV[2] for ARGV[3] milliseconds; nothing, if
-- somebody else has it, or nobody.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
