PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE nodes (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                   TEXT NOT NULL UNIQUE,
    name                   TEXT UNIQUE,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER,
    driver                 TEXT NOT NULL,
    driver_info            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(driver_info)),
    driver_internal_info   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(driver_internal_info)),
    instance_info          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(instance_info)),
    instance_uuid          TEXT UNIQUE,
    properties             TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    extra                  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    network_data           TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(network_data)),
    interfaces             TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(interfaces)), -- {"power": "ipmitool", ...}
    automated_clean        INTEGER,
    boot_mode              TEXT,
    secure_boot            INTEGER,
    chassis_uuid           TEXT,
    allocation_uuid        TEXT,
    clean_step             TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(clean_step)),
    deploy_step            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(deploy_step)),
    conductor              TEXT,
    conductor_group        TEXT NOT NULL DEFAULT '',
    console_enabled        INTEGER NOT NULL DEFAULT 0,
    description            TEXT,
    fault                  TEXT,
    inspection_started_at  INTEGER,
    inspection_finished_at INTEGER,
    last_error             TEXT,
    lessee                 TEXT,
    owner                  TEXT,
    maintenance            INTEGER NOT NULL DEFAULT 0,
    maintenance_reason     TEXT,
    power_state            TEXT,
    target_power_state     TEXT,
    protected              INTEGER NOT NULL DEFAULT 0,
    protected_reason       TEXT,
    provision_state        TEXT NOT NULL,
    target_provision_state TEXT,
    provision_updated_at   INTEGER,
    raid_config            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(raid_config)),
    target_raid_config     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(target_raid_config)),
    reservation            TEXT, -- the conductor that holds the lock
    resource_class         TEXT,
    retired                INTEGER NOT NULL DEFAULT 0,
    retired_reason         TEXT,
    shard                  TEXT,
    traits                 TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(traits)), -- a list
    -- To sort by.
    bios_interface         TEXT AS (interfaces ->> '$.bios'),
    boot_interface         TEXT AS (interfaces ->> '$.boot'),
    console_interface      TEXT AS (interfaces ->> '$.console'),
    deploy_interface       TEXT AS (interfaces ->> '$.deploy'),
    inspect_interface      TEXT AS (interfaces ->> '$.inspect'),
    management_interface   TEXT AS (interfaces ->> '$.management'),
    network_interface      TEXT AS (interfaces ->> '$.network'),
    power_interface        TEXT AS (interfaces ->> '$.power'),
    raid_interface         TEXT AS (interfaces ->> '$.raid'),
    rescue_interface       TEXT AS (interfaces ->> '$.rescue'),
    storage_interface      TEXT AS (interfaces ->> '$.storage'),
    vendor_interface       TEXT AS (interfaces ->> '$.vendor'),
    firmware_interface     TEXT AS (interfaces ->> '$.firmware'),
    service_step           TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(service_step)),
    disable_power_off      INTEGER DEFAULT 0,
    instance_name          TEXT,
    parent_node            TEXT, -- the UUID of one that may be gone
    health                 TEXT
) STRICT;
CREATE TABLE ports (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                  TEXT NOT NULL UNIQUE,
    node_uuid             TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    address               TEXT NOT NULL UNIQUE, -- MAC, lower case with colons
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER,
    extra                 TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    internal_info         TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(internal_info)),
    is_smartnic           INTEGER NOT NULL DEFAULT 0,
    local_link_connection TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(local_link_connection)),
    physical_network      TEXT,
    pxe_enabled           INTEGER NOT NULL DEFAULT 1,
    portgroup_uuid        TEXT,
    name                  TEXT,
    description           TEXT,
    vendor                TEXT,
    category              TEXT,
    available_for_dynamic_portgroup INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE volume_connectors (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT NOT NULL UNIQUE,
    node_uuid    TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    type         TEXT NOT NULL,
    connector_id TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER,
    extra        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    UNIQUE (type, connector_id)
) STRICT;
CREATE TABLE volume_targets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    node_uuid   TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    volume_type TEXT NOT NULL,
    boot_index  INTEGER NOT NULL,
    volume_id   TEXT NOT NULL,
    properties  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER,
    extra       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    UNIQUE (node_uuid, boot_index)
) STRICT;
CREATE TABLE leases (
    mac        TEXT PRIMARY KEY,
    address    TEXT NOT NULL UNIQUE,
    interface  TEXT NOT NULL,
    observed   INTEGER NOT NULL DEFAULT 0, -- another DHCP server gave it
    expires    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    node   TEXT, -- no foreign key: the log outlives the node
    mac    TEXT,
    kind   TEXT NOT NULL,
    step   TEXT, -- of a boot: what a refusal or an error kept from happening
    detail TEXT NOT NULL DEFAULT '',
    user   TEXT -- whose request caused it
) STRICT;
CREATE TABLE chassis (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    description TEXT,
    extra       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE portgroups (
    id                         INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                       TEXT NOT NULL UNIQUE,
    node_uuid                  TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    name                       TEXT UNIQUE,
    address                    TEXT UNIQUE, -- MAC, lower case with colons
    mode                       TEXT NOT NULL,
    properties                 TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    standalone_ports_supported INTEGER NOT NULL DEFAULT 1,
    internal_info              TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(internal_info)),
    extra                      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER,
    physical_network           TEXT,
    category                   TEXT,
    dynamic_portgroup          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE allocations (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    name            TEXT UNIQUE,
    node_uuid       TEXT REFERENCES nodes (uuid) ON DELETE CASCADE,
    state           TEXT NOT NULL,
    last_error      TEXT,
    resource_class  TEXT,
    traits          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(traits)),          -- a list
    candidate_nodes TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(candidate_nodes)), -- a list of UUIDs
    owner           TEXT,
    extra           TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER
) STRICT;
CREATE TABLE deploy_templates (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    steps      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(steps)), -- a list
    extra      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;
CREATE TABLE runbooks (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL UNIQUE,
    steps           TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(steps)), -- a list
    disable_ramdisk INTEGER NOT NULL DEFAULT 0,
    public          INTEGER NOT NULL DEFAULT 0,
    owner           TEXT,
    description     TEXT,
    traits          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(traits)), -- a list
    extra           TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER
) STRICT;
CREATE TABLE inspection_rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    description TEXT,
    phase       TEXT NOT NULL,
    priority    INTEGER NOT NULL DEFAULT 0,
    sensitive   INTEGER NOT NULL DEFAULT 0,
    conditions  TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(conditions)), -- a list
    actions     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(actions)),    -- a list
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE inventories (
    node_uuid   TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE images (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid             TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL DEFAULT '', -- need not be unique, as in OpenStack
    status           TEXT NOT NULL,
    disk_format      TEXT,
    container_format TEXT,
    visibility       TEXT NOT NULL,
    protected        INTEGER NOT NULL DEFAULT 0,
    hidden           INTEGER NOT NULL DEFAULT 0,
    min_disk         INTEGER NOT NULL DEFAULT 0, -- GiB
    min_ram          INTEGER NOT NULL DEFAULT 0, -- MiB
    size             INTEGER NOT NULL DEFAULT 0, -- bytes; 0 while there are none
    virtual_size     INTEGER NOT NULL DEFAULT 0, -- bytes of a volume made from it
    checksum         TEXT, -- MD5
    hash_value       TEXT, -- SHA-512
    owner            TEXT,
    tags             TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)), -- a list
    properties       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    message          TEXT, -- why there are no bytes
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER
) STRICT;
CREATE TABLE volumes (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid           TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL DEFAULT '', -- need not be unique, as in OpenStack
    description    TEXT,
    status         TEXT NOT NULL,
    size           INTEGER NOT NULL, -- bytes
    bootable       INTEGER NOT NULL DEFAULT 0,
    read_only      INTEGER NOT NULL DEFAULT 0,
    image_uuid     TEXT, -- what it was made from, and what a reset goes back to
    snapshot_uuid  TEXT,
    source_uuid    TEXT,
    node_uuid      TEXT, -- whose deployment made it, and whose end is its own
    metadata       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
    image_metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(image_metadata)),
    message        TEXT, -- what went wrong
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER
) STRICT;
CREATE TABLE snapshots (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL DEFAULT '',
    description TEXT,
    volume_uuid TEXT NOT NULL REFERENCES volumes (uuid),
    status      TEXT NOT NULL,
    size        INTEGER NOT NULL, -- bytes
    metadata    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE attachments (
    uuid        TEXT PRIMARY KEY,
    volume_uuid TEXT NOT NULL REFERENCES volumes (uuid),
    instance    TEXT, -- the client's own name for it
    host        TEXT,
    mountpoint  TEXT,
    read_only   INTEGER NOT NULL DEFAULT 0,
    status      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE grants (
    iqn             TEXT PRIMARY KEY,
    target_uuid     TEXT UNIQUE REFERENCES volume_targets (uuid) ON DELETE CASCADE,
    node_uuid       TEXT REFERENCES nodes (uuid) ON DELETE CASCADE, -- of the target
    attachment_uuid TEXT UNIQUE REFERENCES attachments (uuid) ON DELETE CASCADE,
    volume          TEXT NOT NULL, -- a UUID, or the name of a raw file
    serial          TEXT NOT NULL, -- of the unit, as the initiator sees it
    read_only       INTEGER NOT NULL DEFAULT 0,
    initiator       TEXT NOT NULL,
    portal          TEXT, -- where the node reaches the target
    user            TEXT NOT NULL,
    secret          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    CHECK ((target_uuid IS NULL) <> (attachment_uuid IS NULL)),
    CHECK ((target_uuid IS NULL) = (node_uuid IS NULL))
) STRICT;
CREATE TABLE appliance (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL
) STRICT;
CREATE TABLE kept_serials (
    volume TEXT PRIMARY KEY
) STRICT;
CREATE INDEX ports_node ON ports (node_uuid);
CREATE UNIQUE INDEX ports_name ON ports (name);
CREATE INDEX volume_connectors_node ON volume_connectors (node_uuid);
CREATE INDEX events_node ON events (node, seq);
CREATE INDEX events_mac ON events (mac, seq);
CREATE INDEX portgroups_node ON portgroups (node_uuid);
CREATE INDEX allocations_node ON allocations (node_uuid);
CREATE INDEX images_name ON images (name);
CREATE INDEX volumes_name ON volumes (name);
CREATE INDEX volumes_node ON volumes (node_uuid);
CREATE INDEX snapshots_volume ON snapshots (volume_uuid);
CREATE INDEX attachments_volume ON attachments (volume_uuid);
CREATE INDEX grants_node ON grants (node_uuid);
CREATE INDEX grants_volume ON grants (volume);
INSERT INTO "allocations" (id, uuid, name, node_uuid, state, last_error, resource_class, traits, candidate_nodes, owner, extra, created_at, updated_at) VALUES (1, '2d388273-2049-4eaf-af46-607b7e901a03', 'wanted', NULL, 'error', 'Failed to process allocation 2d388273-2049-4eaf-af46-607b7e901a03: no available nodes match the resource class none.', 'none', '[]', '[]', NULL, '{}', 1796061890007789, 1796061890007789);
INSERT INTO "appliance" (id, uuid) VALUES (1, '7a2c0e0f-6dca-479f-ad3b-30ffe8a7e297');
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('a8df860e-04e3-447c-878a-b701695f6cc7', '946e431a-6960-4c3a-84c8-9111339f5d7a', '00000000-0000-4000-8000-00000000000a', NULL, NULL, 0, 'reserved', 1796061890009431, NULL);
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('13eff700-2d73-4c59-95e3-d3986ddc462f', '2cd23bcb-f94c-4240-9311-5e6b3317ea67', '00000000-0000-4000-8000-00000000000b', 'host-a', '/dev/vdb', 0, 'attaching', 1796061890011765, NULL);
INSERT INTO "chassis" (id, uuid, description, extra, created_at, updated_at) VALUES (1, 'ee33f567-290e-4dd1-bffb-26d017d8e31f', 'rack 1', '{"row":1}', 1796061889953257, NULL);
INSERT INTO "deploy_templates" (id, uuid, name, steps, extra, created_at, updated_at) VALUES (1, 'b57b3132-0ecd-4df9-9d4f-b9a9b5dd4f86', 'CUSTOM_HOT', '[{"args":{},"interface":"bios","priority":150,"step":"apply"}]', '{}', 1796061890008807, NULL);
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (1, 1796061889955561, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', NULL, 'node', NULL, 'created plain', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (2, 1796061889956999, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', NULL, 'node', NULL, 'maintenance on', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (3, 1796061889957952, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', NULL, 'node', NULL, 'traits changed', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (4, 1796061889965502, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'node', NULL, 'created active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (5, 1796061889967340, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', '52:54:00:00:00:02', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (6, 1796061889968033, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', '52:54:00:00:00:03', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (7, 1796061889968553, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'node', NULL, 'volume connector 52be4806-50d7-4d9b-838c-4e122b6d056c created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (8, 1796061889969164, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'node', NULL, 'volume target e6f9eb7f-8ac0-4546-85cc-70bbff945804 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (9, 1796061889969736, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', NULL, 'node', NULL, 'volume target dad8849b-84d5-4fd7-b0ff-da9f4fb576a8 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (10, 1796061889970724, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'enroll -> verifying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (11, 1796061889971876, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'verifying -> manageable', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (12, 1796061889984490, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'manageable -> cleaning', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (13, 1796061889990684, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'cleaning -> available', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (14, 1796061890003328, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'available -> deploying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (15, 1796061890006312, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', NULL, 'provision', NULL, 'deploying -> active', 'admin');
INSERT INTO "grants" (iqn, target_uuid, node_uuid, attachment_uuid, volume, serial, read_only, initiator, portal, user, secret, created_at) VALUES ('iqn.2026-11.local.ironhook:13eff700-2d73-4c59-95e3-d3986ddc462f', NULL, NULL, '13eff700-2d73-4c59-95e3-d3986ddc462f', '2cd23bcb-f94c-4240-9311-5e6b3317ea67', '2cd23bcb-f94c-4240-9311-5e6b3317ea67', 0, 'iqn.1993-08.org.debian:01:host', NULL, '2cd23bcb-f94c-4240-9311-5e6b3317ea67', 'AFY9AecBEDPRlaiS', 1796061890011765);
INSERT INTO "images" (id, uuid, name, status, disk_format, container_format, visibility, protected, hidden, min_disk, min_ram, size, virtual_size, checksum, hash_value, owner, tags, properties, message, created_at, updated_at) VALUES (1, 'ce0643e8-a532-4a35-bb95-d66d5c8765c8', 'golden', 'active', 'raw', 'bare', 'shared', 0, 0, 0, 0, 65536, 65536, '6547bb26664a677f942ee157c3fbe9c0', 'd45bcc09234b54662f7000ae38e0056c65658ec64fc82e8eb17d86b2a5e2a0492082d5ffc7a4de1b0630d3fe341fa9fb355ee81df0782f09cca06a348f04f409', NULL, '["lab"]', '{"os":"debian"}', NULL, 1796061889958349, 1796061889960405);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:02', '10.0.0.2', 'eth0', 0, 1800000000000000, 1790000000000000);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:09', '10.0.0.3', 'eth0', 0, 1, 1);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (1, '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', 'plain', 1796061889955561, 1796061889957952, 'fake-hardware', '{"ipmi_address":"10.0.0.9","ipmi_password":"o''clock"}', '{}', '{}', NULL, '{"cpus":4,"note":"naïve ✓"}', '{"deep":{"list":[1,null,"x"]}}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"noop","vendor":"fake"}', NULL, NULL, NULL, 'ee33f567-290e-4dd1-bffb-26d017d8e31f', NULL, '{}', '{}', NULL, '', 0, 'it''s here', NULL, NULL, NULL, NULL, NULL, NULL, 1, 'fan; broken', NULL, NULL, 0, NULL, 'enroll', NULL, NULL, '{}', '{}', NULL, 'small', 0, NULL, NULL, '["CUSTOM_BIG","CUSTOM_FAST"]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (2, '17953064-ffa8-4c67-b5c5-2bc15bed8c97', 'active', 1796061889965502, 1796061890006471, 'fake-hardware', '{}', '{"deploy_steps":null}', '{}', NULL, '{"capabilities":"iscsi_boot:True"}', '{}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', NULL, '', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 'active', NULL, 1796061890006312, '{}', '{}', NULL, NULL, 0, NULL, NULL, '[]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "portgroups" (id, uuid, node_uuid, name, address, mode, properties, standalone_ports_supported, internal_info, extra, created_at, updated_at, physical_network, category, dynamic_portgroup) VALUES (1, 'e363220b-78f4-420c-acea-d896427d3438', '17953064-ffa8-4c67-b5c5-2bc15bed8c97', 'bond', '52:54:00:00:00:01', '802.3ad', '{}', 1, '{}', '{}', 1796061889966446, NULL, NULL, NULL, 0);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (1, 'c34b91fd-3f03-4426-a0ae-5a19da465c1a', '17953064-ffa8-4c67-b5c5-2bc15bed8c97', '52:54:00:00:00:02', 1796061889967340, NULL, '{"slot":3}', '{}', 0, '{}', NULL, 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (2, 'e82db743-a7e7-435e-89ac-586b2c4357b0', '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', '52:54:00:00:00:03', 1796061889968033, NULL, '{}', '{}', 0, '{}', NULL, 0, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "snapshots" (id, uuid, name, description, volume_uuid, status, size, metadata, created_at, updated_at) VALUES (1, '7ec3a49b-d154-4e25-b2b3-672eb99b89e4', 'before', NULL, '5304b545-3f39-475b-b156-31420938ad45', 'available', 1073741824, '{"by":"me"}', 1796061889964028, 1796061889964742);
INSERT INTO "volume_connectors" (id, uuid, node_uuid, type, connector_id, created_at, updated_at, extra) VALUES (1, '52be4806-50d7-4d9b-838c-4e122b6d056c', '17953064-ffa8-4c67-b5c5-2bc15bed8c97', 'iqn', 'iqn.1993-08.org.debian:01:active', 1796061889968553, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (1, 'e6f9eb7f-8ac0-4546-85cc-70bbff945804', '17953064-ffa8-4c67-b5c5-2bc15bed8c97', 'iscsi', 0, '5304b545-3f39-475b-b156-31420938ad45', '{"keep":true}', 1796061889969164, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (2, 'dad8849b-84d5-4fd7-b0ff-da9f4fb576a8', '7d74d16b-a5c0-48cf-ae5c-a4e031d9479e', 'iscsi', 0, 'lun-7', '{"auth_method":"CHAP","auth_password":"long-secret-pass","auth_username":"u","target_iqn":"iqn.2003-01.example:array","target_lun":7,"target_portal":"10.0.0.7:3260"}', 1796061889969736, NULL, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at) VALUES (1, '5304b545-3f39-475b-b156-31420938ad45', 'disk', NULL, 'available', 1073741824, 1, 0, 'ce0643e8-a532-4a35-bb95-d66d5c8765c8', NULL, NULL, NULL, '{"owner":"me"}', '{"checksum":"6547bb26664a677f942ee157c3fbe9c0","container_format":"bare","disk_format":"raw","image_id":"ce0643e8-a532-4a35-bb95-d66d5c8765c8","image_name":"golden","min_disk":"0","min_ram":"0","os":"debian","size":"65536"}', NULL, 1796061889960982, 1796061889961522);
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at) VALUES (2, '946e431a-6960-4c3a-84c8-9111339f5d7a', 'other', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796061889962848, 1796061889963012);
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at) VALUES (3, '2cd23bcb-f94c-4240-9311-5e6b3317ea67', 'shared', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796061890010077, 1796061890010502);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('chassis', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('nodes', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('events', 15);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('images', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volumes', 3);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('snapshots', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('portgroups', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('ports', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volume_connectors', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volume_targets', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('allocations', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('deploy_templates', 1);
PRAGMA user_version = 4;
COMMIT;
