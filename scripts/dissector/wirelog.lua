-- SPDX-License-Identifier: BSD-3-Clause
--
-- wirelog in Wireshark and tshark. `make dissector` puts what tables.c prints in front of this: VERSION, HEADER_BYTES, MESSAGES,
-- LAYOUTS and STATUSES, made from the sources. Here is how they are shown; docs/WIRE.md says what they mean.
--
--   tshark -X lua_script:wirelog.lua -r FILE -O wirelog                    all fields
--   tshark -X lua_script:wirelog.lua -r FILE -Y 'wirelog.append.term > 3'  each has a name: wirelog.LAYOUT.FIELD
--
-- A datagram is known by its first bytes, whatever its ports are. Tags are not verified: that takes the cluster's key.

local protocol = Proto("wirelog", "wirelog")
local MAGIC = 0x31464c57
local TAG_OFFSET, TAG_BYTES = 56, 16
local LEVELS = {[0] = "DEFAULT", "SEQUENCED", "RECEIVED", "COMMITTED", "EVERYWHERE"}
local BYTES = {u8 = 1, u16 = 2, u32 = 4, u64 = 8, i16 = 2, i32 = 4}

local HEADER = {
	{name = "version", type = "u8", offset = 4},
	{name = "type", type = "u8", offset = 5},
	{name = "payload_bytes", type = "u16", offset = 6},
	{name = "cluster", type = "u64", offset = 8, unit = "id"},
	{name = "sender", type = "u32", offset = 16, unit = "id"},
	{name = "destination", type = "u32", offset = 20, unit = "id"},
	{name = "sender_boot", type = "u64", offset = 24, unit = "id"},
	{name = "destination_boot", type = "u64", offset = 32, unit = "id"},
	{name = "sequence", type = "u64", offset = 40},
	{name = "journal", type = "u16", offset = 48},
	{name = "key", type = "u32", offset = 52, unit = "id"},
}

-- What follows a fixed part: how many (the field `count`), each laid out as `layout`. Where the field `fragment` is not 0 it is a piece
-- of one record's payload instead.
local LISTS = {
	hello_reply = {count = "member_count", layout = "member"},
	client_append = {count = "record_count", layout = "record", fragment = "record_bytes"},
	append_reply = {count = "result_count", layout = "append_result"},
	deliver = {count = "record_count", layout = "delivered_record", fragment = "record_bytes"},
}

-- ---- one ProtoField for each field of a layout ---------------------------------------------------

local fields = {}

local function make(maker, key, label, ...)
	local field = maker("wirelog." .. key, label, ...)
	fields[key] = field
end

local function make_field(group, what)
	local key = group .. "." .. what.name
	local shown = (what.unit == "id" or what.unit == "bits") and base.HEX or base.DEC
	local names = what.unit == "status" and STATUSES or what.unit == "level" and LEVELS or nil
	local makers = {
		u8 = ProtoField.uint8, u16 = ProtoField.uint16, u32 = ProtoField.uint32,
		u64 = ProtoField.uint64, i16 = ProtoField.int16, i32 = ProtoField.int32,
	}

	if what.type == "position" then
		make(ProtoField.uint64, key .. ".term", what.name .. ", term", base.DEC)
		make(ProtoField.uint64, key .. ".index", what.name .. ", index", base.DEC)
	elseif what.type == "facts" then
		make(ProtoField.uint32, key .. ".count", what.name .. ", count", base.DEC)
		make(ProtoField.uint64, key .. ".fact", what.name, base.DEC)
	elseif what.type == "histories" then
		make(ProtoField.uint64, key, what.name .. ", of a journal", shown)
	elseif what.type == "endpoint" or what.type == "label" then
		make(ProtoField.stringz, key, what.name)
	elseif makers[what.type] then
		make(makers[what.type], key, what.name, shown, names)
	elseif what.type ~= "members" then
		make(ProtoField.bytes, key, what.name)
	end
end

for _, what in ipairs(HEADER) do make_field("header", what) end
make(ProtoField.bytes, "header.tag", "tag")
for layout, list in pairs(LAYOUTS) do
	for _, what in ipairs(list) do
		if what.name then make_field(layout, what) end
	end
end

local errors = {
	version = ProtoExpert.new("wirelog.error.version", "another version of the protocol than this dissector's",
		expert.group.PROTOCOL, expert.severity.WARN),
	cut = ProtoExpert.new("wirelog.error.cut", "shorter than its layout", expert.group.MALFORMED, expert.severity.ERROR),
	reserved = ProtoExpert.new("wirelog.error.reserved", "a reserved field is not zero", expert.group.MALFORMED,
		expert.severity.ERROR),
	snapped = ProtoExpert.new("wirelog.note.snapped", "captured up to here: the frame goes on", expert.group.UNDECODED,
		expert.severity.NOTE),
	unknown = ProtoExpert.new("wirelog.error.unknown", "no such message", expert.group.UNDECODED, expert.severity.WARN),
}

local listed, listed_errors = {}, {}
for _, field in pairs(fields) do table.insert(listed, field) end
for _, one in pairs(errors) do table.insert(listed_errors, one) end
protocol.fields = listed
protocol.experts = listed_errors

-- ---- a layout at an offset -----------------------------------------------------------------------

local function is_zero(range)
	for at = 0, range:len() - 1 do
		if range(at, 1):uint() ~= 0 then return false end
	end
	return true
end

local function value_of(range, kind)
	if kind == "i16" or kind == "i32" then return range:le_int() end
	if kind == "u64" then return range:le_uint64() end
	return range:le_uint()
end

local function add_facts(tree, key, range)
	local count = range(0, 4):le_uint()

	tree:add_le(fields[key .. ".count"], range(0, 4))
	for at = 0, math.min(count, (range:len() - 4) / 8) - 1 do
		tree:add_le(fields[key .. ".fact"], range(4 + 8 * at, 8))
	end
end

-- One of each journal, in the order of their numbers.
local function add_histories(tree, key, range)
	for at = 0, range:len() / 8 - 1 do
		tree:add_le(fields[key], range(8 * at, 8))
	end
end

local function add_field(tree, group, what, range)
	local key = group .. "." .. (what.name or "")

	if what.type == "zero" then
		if not is_zero(range) then tree:add_proto_expert_info(errors.reserved) end
	elseif what.type == "position" then
		tree:add_le(fields[key .. ".term"], range(0, 8))
		tree:add_le(fields[key .. ".index"], range(8, 8))
	elseif what.type == "facts" then
		add_facts(tree, key, range)
	elseif what.type == "histories" then
		add_histories(tree, key, range)
	elseif BYTES[what.type] then
		tree:add_le(fields[key], range)
	else
		tree:add(fields[key], range)
	end
end

-- A capture with a snap length has the beginning of a frame: what is missing then says nothing of the frame.
local snapped = false

local function say_cut(tree)
	tree:add_proto_expert_info(snapped and errors.snapped or errors.cut)
end

-- The fixed part. Returns the offset behind it, nil when it is cut, and what its numbers are.
local function add_layout(tree, layout, buffer, offset)
	local values = {}

	for _, what in ipairs(LAYOUTS[layout]) do
		if what.bytes > 0 then
			if offset + what.bytes > buffer:len() then
				say_cut(tree)
				return nil, values
			end
			local range = buffer(offset, what.bytes)

			add_field(tree, layout, what, range)
			if BYTES[what.type] then values[what.name] = value_of(range, what.type) end
			offset = offset + what.bytes
		end
	end
	return offset, values
end

-- The field that stands for what follows; "members" are a list alone.
local function rest_of(layout)
	local last = LAYOUTS[layout][#LAYOUTS[layout]]

	return last and last.type == "rest" and fields[layout .. "." .. last.name] or nil
end

local function add_list(tree, list, values, buffer, offset)
	for at = 1, values[list.count] do
		local item = tree:add(protocol, buffer(offset), string.format("%s %d", list.layout, at))
		local behind, of_item = add_layout(item, list.layout, buffer, offset)

		if not behind then return end
		local payload = rest_of(list.layout)

		if payload and of_item.bytes > 0 then
			if behind + of_item.bytes > buffer:len() then
				say_cut(item)
				return
			end
			item:add(payload, buffer(behind, of_item.bytes))
			behind = behind + of_item.bytes
		end
		item:set_len(behind - offset)
		if behind >= buffer:len() then return end
		offset = behind
	end
end

local function add_message(tree, layout, buffer)
	local behind, values = add_layout(tree, layout, buffer, 0)
	local list = LISTS[layout]

	if not behind or behind >= buffer:len() then return values end
	if list and (not list.fragment or values[list.fragment] == 0) then
		add_list(tree, list, values, buffer, behind)
	elseif rest_of(layout) then
		tree:add(rest_of(layout), buffer(behind))
	end
	return values
end

-- ---- a datagram ----------------------------------------------------------------------------------

local function name_of(identity)
	if identity == 0 then return "any" end
	if identity >= 0x80000000 then return string.format("client %08x", identity) end
	return string.format("node %d.%d", math.floor(identity / 256), identity % 256)
end

local function add_header(tree, buffer)
	local header = tree:add(protocol, buffer(0, HEADER_BYTES), "header")

	for _, what in ipairs(HEADER) do
		header:add_le(fields["header." .. what.name], buffer(what.offset, BYTES[what.type]))
	end
	header:add(fields["header.tag"], buffer(TAG_OFFSET, TAG_BYTES))
end

local function summary(name, buffer, values)
	local text = string.format("%s  %s > %s  journal %d", name, name_of(buffer(16, 4):le_uint()),
		name_of(buffer(20, 4):le_uint()), buffer(48, 2):le_uint())

	for _, key in ipairs({"term", "commit", "first_number", "number", "status"}) do
		if values[key] ~= nil then text = text .. string.format("  %s %s", key, tostring(values[key])) end
	end
	return text
end

function protocol.dissector(buffer, packet, root)
	if buffer:len() < HEADER_BYTES or buffer(0, 4):le_uint() ~= MAGIC then return 0 end
	local message = MESSAGES[buffer(5, 1):uint()]
	local tree = root:add(protocol, buffer())
	local bytes = math.min(buffer(6, 2):le_uint(), buffer:len() - HEADER_BYTES)
	local values = {}

	snapped = buffer:reported_len() > buffer:len()
	packet.cols.protocol = "wirelog"
	add_header(tree, buffer)
	if buffer(4, 1):uint() ~= VERSION then
		tree:add_proto_expert_info(errors.version)
	elseif not message then
		tree:add_proto_expert_info(errors.unknown)
	elseif bytes > 0 then
		local range = buffer(HEADER_BYTES, bytes)

		values = add_message(tree:add(protocol, range, message.name), message.layout, range:tvb())
	end
	local text = summary(message and message.name or "?", buffer, values)

	tree:append_text(", " .. text)
	packet.cols.info = text
	return buffer:len()
end

protocol:register_heuristic("udp", function(buffer, packet, root)
	return protocol.dissector(buffer, packet, root) > 0
end)
