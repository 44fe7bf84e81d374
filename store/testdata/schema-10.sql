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
CREATE TABLE imports (
    source     TEXT PRIMARY KEY, -- of URL, checksum and format, SHA-256
    image_uuid TEXT NOT NULL UNIQUE REFERENCES images (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
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
, admin_metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(admin_metadata))) STRICT;
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
CREATE TABLE logins (
    token  TEXT PRIMARY KEY, -- SHA-256 of the cookie's, in hex
    user   TEXT NOT NULL,
    proof  TEXT NOT NULL, -- of the account as it was; another password ends the login
    begun  INTEGER NOT NULL,
    used   INTEGER NOT NULL,
    keep   INTEGER NOT NULL -- for months: a wall display
) STRICT;
CREATE TABLE users (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL, -- viewer, operator, admin
    digest     TEXT NOT NULL, -- bcrypt, of the password
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;
CREATE TABLE walls (
    name       TEXT PRIMARY KEY,
    token      TEXT NOT NULL, -- SHA-256 of the link's, in hex
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE views (
    name       TEXT PRIMARY KEY,
    query      TEXT NOT NULL, -- of the address of the page
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ports_node ON ports (node_uuid);
CREATE UNIQUE INDEX ports_name ON ports (name);
CREATE INDEX volume_connectors_node ON volume_connectors (node_uuid);
CREATE INDEX volume_targets_volume ON volume_targets (volume_id);
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
INSERT INTO "allocations" (id, uuid, name, node_uuid, state, last_error, resource_class, traits, candidate_nodes, owner, extra, created_at, updated_at) VALUES (1, '0d618479-2876-4736-84aa-98a9c163f493', 'wanted', NULL, 'error', 'Failed to process allocation 0d618479-2876-4736-84aa-98a9c163f493: no available nodes match the resource class none.', 'none', '[]', '[]', NULL, '{}', 1796062609376650, 1796062609376650);
INSERT INTO "appliance" (id, uuid) VALUES (1, '0aa19de6-eb23-4588-a55a-6ec39867372d');
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('45de542c-e7ea-414d-9594-8393910d700c', '3f49a3a8-80fc-4836-ba4e-3b411598ff8d', '00000000-0000-4000-8000-00000000000a', NULL, NULL, 0, 'reserved', 1796062609378943, NULL);
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('77065c1b-8bfb-4e59-81c4-423198c5ef8a', '43af73d5-0da6-41c5-a763-d06d8adcc3fe', '00000000-0000-4000-8000-00000000000b', 'host-a', '/dev/vdb', 0, 'attaching', 1796062609382660, NULL);
INSERT INTO "chassis" (id, uuid, description, extra, created_at, updated_at) VALUES (1, '5ce124c9-de1f-4739-9361-d3a48741fdb7', 'rack 1', '{"row":1}', 1796062609275112, NULL);
INSERT INTO "deploy_templates" (id, uuid, name, steps, extra, created_at, updated_at) VALUES (1, '2772f9c0-91cd-40bf-bef5-6a945ad86e94', 'CUSTOM_HOT', '[{"args":{},"interface":"bios","priority":150,"step":"apply"}]', '{}', 1796062609378077, NULL);
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (1, 1796062609286421, '1c60143b-849c-4bef-b2b4-381d209d0152', NULL, 'node', NULL, 'created plain', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (2, 1796062609288479, '1c60143b-849c-4bef-b2b4-381d209d0152', NULL, 'node', NULL, 'maintenance on', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (3, 1796062609290242, '1c60143b-849c-4bef-b2b4-381d209d0152', NULL, 'node', NULL, 'traits changed', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (4, 1796062609328945, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'node', NULL, 'created active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (5, 1796062609330633, '8e7f2861-968e-402e-9dde-f6a899f0237d', '52:54:00:00:00:02', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (6, 1796062609331498, '1c60143b-849c-4bef-b2b4-381d209d0152', '52:54:00:00:00:03', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (7, 1796062609332263, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'node', NULL, 'volume connector e3539618-cf3c-44b2-9e55-480e62bd1ddd created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (8, 1796062609333043, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'node', NULL, 'volume target e035c809-be46-4e65-97ee-319f16bba207 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (9, 1796062609333936, '1c60143b-849c-4bef-b2b4-381d209d0152', NULL, 'node', NULL, 'volume target 138ad93b-8d85-4111-bf7f-c37134d6c30e created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (10, 1796062609335281, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'enroll -> verifying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (11, 1796062609336999, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'verifying -> manageable', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (12, 1796062609348729, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'manageable -> cleaning', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (13, 1796062609349700, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'cleaning -> available', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (14, 1796062609362835, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'available -> deploying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (15, 1796062609365123, '8e7f2861-968e-402e-9dde-f6a899f0237d', NULL, 'provision', NULL, 'deploying -> active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (16, 1796062609447143, NULL, NULL, 'user', NULL, 'user reader created, role viewer', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (17, 1796062609452303, NULL, NULL, 'user', NULL, 'link to the wall lobby created', 'admin');
INSERT INTO "grants" (iqn, target_uuid, node_uuid, attachment_uuid, volume, serial, read_only, initiator, portal, user, secret, created_at) VALUES ('iqn.2026-11.local.ironhook:77065c1b-8bfb-4e59-81c4-423198c5ef8a', NULL, NULL, '77065c1b-8bfb-4e59-81c4-423198c5ef8a', '43af73d5-0da6-41c5-a763-d06d8adcc3fe', '43af73d5-0da6-41c5-a763-d06d8adcc3fe', 0, 'iqn.1993-08.org.debian:01:host', NULL, '43af73d5-0da6-41c5-a763-d06d8adcc3fe', '.szBv1B8ejF.zel6', 1796062609382660);
INSERT INTO "images" (id, uuid, name, status, disk_format, container_format, visibility, protected, hidden, min_disk, min_ram, size, virtual_size, checksum, hash_value, owner, tags, properties, message, created_at, updated_at) VALUES (1, '005305de-96ac-4f3f-8768-2b685e25a744', 'golden', 'active', 'raw', 'bare', 'shared', 0, 0, 0, 0, 65536, 65536, '6547bb26664a677f942ee157c3fbe9c0', 'd45bcc09234b54662f7000ae38e0056c65658ec64fc82e8eb17d86b2a5e2a0492082d5ffc7a4de1b0630d3fe341fa9fb355ee81df0782f09cca06a348f04f409', NULL, '["lab"]', '{"os":"debian"}', NULL, 1796062609291108, 1796062609303597);
INSERT INTO "inspection_rules" (id, uuid, description, phase, priority, sensitive, conditions, actions, created_at, updated_at) VALUES (1, 'eb3b6f3d-7ac3-4580-b6a0-f3342c34ee1c', 'big ones', 'main', 0, 0, '[{"args":{"values":["{node.driver}","fake-hardware"]},"op":"eq"}]', '[{"args":{"path":"/extra/big","value":true},"op":"set-attribute"}]', 1796062609384330, NULL);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:02', '10.0.0.2', 'eth0', 0, 1800000000000000, 1790000000000000);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:09', '10.0.0.3', 'eth0', 0, 1, 1);
INSERT INTO "logins" (token, user, proof, begun, used, keep) VALUES ('862c857003d85587869f213af6ee8ef1df273a80c8ce1fee58af13cceecc25ce', 'admin', '862b8b512056e8569c140b726cc1da8c2266a9c18ec245f567e93acb309c8fab', 1796062609454699, 1796062609454699, 0);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (1, '1c60143b-849c-4bef-b2b4-381d209d0152', 'plain', 1796062609286421, 1796062609290242, 'fake-hardware', '{"ipmi_address":"10.0.0.9","ipmi_password":"o''clock"}', '{}', '{}', NULL, '{"cpus":4,"note":"naïve ✓"}', '{"deep":{"list":[1,null,"x"]}}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"noop","vendor":"fake"}', NULL, NULL, NULL, '5ce124c9-de1f-4739-9361-d3a48741fdb7', NULL, '{}', '{}', NULL, '', 0, 'it''s here', NULL, NULL, NULL, NULL, NULL, NULL, 1, 'fan; broken', NULL, NULL, 0, NULL, 'enroll', NULL, NULL, '{}', '{}', NULL, 'small', 0, NULL, NULL, '["CUSTOM_BIG","CUSTOM_FAST"]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (2, '8e7f2861-968e-402e-9dde-f6a899f0237d', 'active', 1796062609328945, 1796062609365661, 'fake-hardware', '{}', '{"deploy_steps":null}', '{}', NULL, '{"capabilities":"iscsi_boot:True"}', '{}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', NULL, '', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 'active', NULL, 1796062609365123, '{}', '{}', NULL, NULL, 0, NULL, NULL, '[]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "portgroups" (id, uuid, node_uuid, name, address, mode, properties, standalone_ports_supported, internal_info, extra, created_at, updated_at, physical_network, category, dynamic_portgroup) VALUES (1, 'a4ef4b6d-225a-4e90-b184-ae010dab1759', '8e7f2861-968e-402e-9dde-f6a899f0237d', 'bond', '52:54:00:00:00:01', '802.3ad', '{}', 1, '{}', '{}', 1796062609329814, NULL, NULL, NULL, 0);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (1, 'aca49656-7fbe-4dcb-963e-66364919a085', '8e7f2861-968e-402e-9dde-f6a899f0237d', '52:54:00:00:00:02', 1796062609330633, NULL, '{"slot":3}', '{}', 0, '{}', NULL, 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (2, '232073bf-5a88-4cce-92bb-f32795cdcb6d', '1c60143b-849c-4bef-b2b4-381d209d0152', '52:54:00:00:00:03', 1796062609331498, NULL, '{}', '{}', 0, '{}', NULL, 0, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "runbooks" (id, uuid, name, steps, disable_ramdisk, public, owner, description, traits, extra, created_at, updated_at) VALUES (1, '1922bc17-e5d6-41de-886b-21a368b84c62', 'CUSTOM_WEEKLY', '[{"args":{},"interface":"bios","order":1,"step":"apply"}]', 0, 0, NULL, NULL, '[]', '{}', 1796062609383577, NULL);
INSERT INTO "snapshots" (id, uuid, name, description, volume_uuid, status, size, metadata, created_at, updated_at) VALUES (1, '956aea53-1909-488d-82cb-d1ef35813623', 'before', NULL, '052e055d-6227-48bc-85f1-9cf395aa0f84', 'available', 1073741824, '{"by":"me"}', 1796062609321351, 1796062609326125);
INSERT INTO "users" (name, role, digest, created_at, updated_at) VALUES ('reader', 'viewer', '$2a$10$gorK9cL24jUOP.sxIAWQzOkxWBKdt6pt4mpIOGaev/IpLQ3gVOmWa', 1796062609447143, NULL);
INSERT INTO "views" (name, query, created_at) VALUES ('red', 'only=trouble', 1796062609453040);
INSERT INTO "volume_connectors" (id, uuid, node_uuid, type, connector_id, created_at, updated_at, extra) VALUES (1, 'e3539618-cf3c-44b2-9e55-480e62bd1ddd', '8e7f2861-968e-402e-9dde-f6a899f0237d', 'iqn', 'iqn.1993-08.org.debian:01:active', 1796062609332263, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (1, 'e035c809-be46-4e65-97ee-319f16bba207', '8e7f2861-968e-402e-9dde-f6a899f0237d', 'iscsi', 0, '052e055d-6227-48bc-85f1-9cf395aa0f84', '{"keep":true}', 1796062609333043, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (2, '138ad93b-8d85-4111-bf7f-c37134d6c30e', '1c60143b-849c-4bef-b2b4-381d209d0152', 'iscsi', 0, 'lun-7', '{"auth_method":"CHAP","auth_password":"long-secret-pass","auth_username":"u","target_iqn":"iqn.2003-01.example:array","target_lun":7,"target_portal":"10.0.0.7:3260"}', 1796062609333936, NULL, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (1, '052e055d-6227-48bc-85f1-9cf395aa0f84', 'disk', NULL, 'available', 1073741824, 1, 0, '005305de-96ac-4f3f-8768-2b685e25a744', NULL, NULL, NULL, '{"owner":"me"}', '{"checksum":"6547bb26664a677f942ee157c3fbe9c0","container_format":"bare","disk_format":"raw","image_id":"005305de-96ac-4f3f-8768-2b685e25a744","image_name":"golden","min_disk":"0","min_ram":"0","os":"debian","size":"65536"}', NULL, 1796062609308589, 1796062609315661, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (2, '3f49a3a8-80fc-4836-ba4e-3b411598ff8d', 'other', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796062609318273, 1796062609319489, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (3, '43af73d5-0da6-41c5-a763-d06d8adcc3fe', 'shared', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796062609379865, 1796062609380999, '{}');
INSERT INTO "walls" (name, token, created_at) VALUES ('lobby', '16e7c81745d5d369d69d8725a4b30e3d6232dd4c14d7f007393aedcd9ca61a41', 1796062609452303);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('chassis', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('nodes', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('events', 17);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('images', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volumes', 3);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('snapshots', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('portgroups', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('ports', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volume_connectors', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('volume_targets', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('allocations', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('deploy_templates', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('runbooks', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('inspection_rules', 1);
PRAGMA user_version = 10;
COMMIT;
