/**
 * Several changes at one moment, in one wait for the pool, and only while what they rest on still holds: a channel program
 * (zfs-program(8)), which OpenZFS runs for root. The script is this constant; what it is to do comes as words, four to a step. Pure.
 *
 * Checked first, then changed: there is no way back. What could not be changed is told by its place, and why zfs then says to a
 * call of its own. `zfs program -n` does not simulate, and is not used.
 */

/** What has to hold, looked at in the same moment as the change. */
export type Premise =
  /** `target` itself has that local value of a user property, or has none of its own. */
  | {
      readonly holds: 'value';
      readonly target: string;
      readonly property: string;
      readonly value: string | undefined;
    }
  /** `target` is what has that GUID, in decimal as zfs prints it. */
  | { readonly holds: 'guid'; readonly target: string; readonly guid: string };

/** One change. Of a user property, a snapshot (DATASET@NAME), or a bookmark (DATASET#NAME). */
export type Change =
  | { readonly does: 'set'; readonly target: string; readonly property: string; readonly value: string }
  | { readonly does: 'inherit'; readonly target: string; readonly property: string }
  /** The same at the end of all, and only once nothing of them is left to be done: for a lock. */
  | { readonly does: 'release'; readonly target: string; readonly property: string }
  | { readonly does: 'snapshot'; readonly target: string }
  | { readonly does: 'bookmark'; readonly target: string; readonly snapshot: string }
  | { readonly does: 'destroy'; readonly target: string };

/** What came of a program. */
export type Ran =
  /** All was done but what stands at the places `left` among the changes. */
  | { readonly ran: 'done'; readonly left: readonly number[] }
  /** Nothing was: the premise at that place does not hold. */
  | { readonly ran: 'changed'; readonly premise: number }
  /** Nothing was: zfs says beforehand that it would not. */
  | { readonly ran: 'cannot' };

/**
 * The script. A change whose refusal can be known beforehand, and must not leave others done without it, is asked about first:
 * what is in the way of a bookmark or of destroying does not keep the rest.
 */
export const PROGRAM = `local words = (...)["argv"]
local steps = {}
for i = 1, #words, 4 do
  steps[#steps + 1] = { verb = words[i], target = words[i + 1], name = words[i + 2], value = words[i + 3] }
end

local function own(step)
  local value, source = zfs.get_prop(step.target, step.name)
  if source == step.target then return value end
  return nil
end

local premises = {
  value = function(step) return own(step) == step.value end,
  none = function(step) return own(step) == nil end,
  guid = function(step)
    local guid = zfs.get_prop(step.target, "guid")
    return string.format("%d", guid) == step.value
  end,
}
local checks = {
  set = function(step) return zfs.check.set_prop(step.target, step.name, step.value) end,
  inherit = function(step) return zfs.check.inherit(step.target, step.name) end,
  release = function(step) return zfs.check.inherit(step.target, step.name) end,
  snapshot = function(step) return zfs.check.snapshot(step.target) end,
}
local left = {}
local changes = {
  set = function(step) return zfs.sync.set_prop(step.target, step.name, step.value) end,
  inherit = function(step) return zfs.sync.inherit(step.target, step.name) end,
  release = function(step)
    if #left > 0 then return 1 end
    return zfs.sync.inherit(step.target, step.name)
  end,
  snapshot = function(step) return zfs.sync.snapshot(step.target) end,
  bookmark = function(step) return zfs.sync.bookmark(step.name, step.target) end,
  destroy = function(step)
    if not string.find(step.target, "@", 1, true) then error("no snapshot") end
    return zfs.sync.destroy(step.target)
  end,
}

local first = #steps + 1
for i, step in ipairs(steps) do
  local premise = premises[step.verb]
  if premise == nil then
    first = i
    break
  end
  if not zfs.exists(step.target) or not premise(step) then return { changed = i } end
end
for i = first, #steps do
  local check = checks[steps[i].verb]
  if check ~= nil and check(steps[i]) ~= 0 then return { cannot = i } end
end
for i = first, #steps do
  if changes[steps[i].verb](steps[i]) ~= 0 then left[#left + 1] = i end
end
return { left = left }
`;

/** The words behind `zfs`; the script comes on standard input. All is of one pool. */
export function programArgv(premises: readonly Premise[], changes: readonly Change[]): string[] {
  const words = [...premises.map(premiseWords), ...changes.map(changeWords)].flat();
  const [pool = ''] = (changes[0] ?? premises[0])?.target.split(/[/@#]/) ?? [];
  // A GUID can have a minus in front, and would be taken for an option.
  return ['program', '-j', '--', pool, '-', ...words];
}

function premiseWords(premise: Premise): string[] {
  if (premise.holds === 'guid') return ['guid', premise.target, '', signed(premise.guid)];
  const { target, property, value } = premise;
  return value === undefined ? ['none', target, property, ''] : ['value', target, property, value];
}

function changeWords(change: Change): string[] {
  switch (change.does) {
    case 'set':
      return ['set', change.target, change.property, change.value];
    case 'inherit':
    case 'release':
      return [change.does, change.target, change.property, ''];
    case 'bookmark':
      return ['bookmark', change.target, change.snapshot, ''];
    case 'snapshot':
    case 'destroy':
      return [change.does, change.target, '', ''];
  }
}

/** A GUID has 64 bits without a sign, and a channel program's numbers have one. What stands for one in `explain` is left as it is. */
function signed(guid: string): string {
  return guid.startsWith('<') ? guid : String(BigInt.asIntN(64, BigInt(guid)));
}

/** What a program of so many premises printed; undefined where that is not its answer. */
export function readProgram(output: string, premises: number): Ran | undefined {
  try {
    const { return: answer } = JSON.parse(output) as { return?: Record<string, unknown> };
    const { left, changed, cannot } = answer ?? {};
    if (typeof changed === 'number') return { ran: 'changed', premise: changed - 1 };
    if (typeof cannot === 'number') return { ran: 'cannot' };
    if (typeof left !== 'object' || left === null) return undefined;
    const places = Object.values(left).map((place) => Number(place) - 1 - premises);
    return places.every((place) => place >= 0) ? { ran: 'done', left: places } : undefined;
  } catch {
    return undefined;
  }
}
