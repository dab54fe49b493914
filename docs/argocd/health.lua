-- Health of a RelayCluster for Argo CD, from its conditions; how to use it is in README.md beside this file.
local health = { status = "Progressing", message = "the operator has not looked at it yet" }
if obj.metadata.deletionTimestamp ~= nil then
  health.message = "it is being deleted"
  return health
end
if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "the operator has not looked at the newest spec yet"
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

-- Takes over what a condition says if it has this status, and tells whether it has.
local function says(kind, status, verdict)
  local condition = conditions[kind]
  if condition == nil or condition.status ~= status then
    return false
  end
  health.status = verdict
  health.message = condition.reason
  if condition.message ~= nil and condition.message ~= "" then
    health.message = condition.reason .. ": " .. condition.message
  end
  return true
end

-- The first that holds: stuck, told to wait, on its way, worse than promised, well.
local _ = says("Stalled", "True", "Degraded")
  or says("Paused", "True", "Suspended")
  or says("Reconciling", "True", "Progressing")
  or says("Degraded", "True", "Degraded")
  or says("Ready", "True", "Healthy")
  or says("Ready", "False", "Degraded")
return health
