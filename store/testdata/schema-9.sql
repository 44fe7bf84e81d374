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
INSERT INTO "allocations" (id, uuid, name, node_uuid, state, last_error, resource_class, traits, candidate_nodes, owner, extra, created_at, updated_at) VALUES (1, 'ea322dd7-f739-43ad-9cc7-917b5e99776f', 'wanted', NULL, 'error', 'Failed to process allocation ea322dd7-f739-43ad-9cc7-917b5e99776f: no available nodes match the resource class none.', 'none', '[]', '[]', NULL, '{}', 1796060569482296, 1796060569482296);
INSERT INTO "appliance" (id, uuid) VALUES (1, 'cf7b7b8b-a3ee-4190-aac2-9435bcf865f0');
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('2db2aaa7-7830-46cf-b959-b14b6dde281d', '65f231df-b3c2-4d9d-9ef6-af600b5d0de5', '00000000-0000-4000-8000-00000000000a', NULL, NULL, 0, 'reserved', 1796060569483514, NULL);
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('9dda4e04-8890-434b-a282-348d7d420661', '1cf19ada-dbd7-4dec-ac59-9ba05ffcee7f', '00000000-0000-4000-8000-00000000000b', 'host-a', '/dev/vdb', 0, 'attaching', 1796060569484890, NULL);
INSERT INTO "chassis" (id, uuid, description, extra, created_at, updated_at) VALUES (1, 'acf2c73f-c51b-4c2b-b89d-c995cbbd56dd', 'rack 1', '{"row":1}', 1796060569452301, NULL);
INSERT INTO "deploy_templates" (id, uuid, name, steps, extra, created_at, updated_at) VALUES (1, '7240b90c-582e-4a87-86df-bfe0c402e971', 'CUSTOM_HOT', '[{"args":{},"interface":"bios","priority":150,"step":"apply"}]', '{}', 1796060569483054, NULL);
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (1, 1796060569452988, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', NULL, 'node', NULL, 'created plain', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (2, 1796060569453837, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', NULL, 'node', NULL, 'maintenance on', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (3, 1796060569454737, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', NULL, 'node', NULL, 'traits changed', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (4, 1796060569461799, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'node', NULL, 'created active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (5, 1796060569462683, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', '52:54:00:00:00:02', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (6, 1796060569463182, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', '52:54:00:00:00:03', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (7, 1796060569463587, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'node', NULL, 'volume connector 898fa104-a93a-4562-9448-24261cd684ce created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (8, 1796060569464052, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'node', NULL, 'volume target 908b9fdb-a1ed-49bb-985a-95fcd4e91052 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (9, 1796060569464486, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', NULL, 'node', NULL, 'volume target 6b9e53f5-2339-48dc-8f74-a0b0abc29fc9 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (10, 1796060569465129, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'enroll -> verifying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (11, 1796060569465607, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'verifying -> manageable', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (12, 1796060569478746, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'manageable -> cleaning', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (13, 1796060569479048, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'cleaning -> available', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (14, 1796060569480852, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'available -> deploying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (15, 1796060569481602, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', NULL, 'provision', NULL, 'deploying -> active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (16, 1796060569567938, NULL, NULL, 'user', NULL, 'user reader created, role viewer', 'admin');
INSERT INTO "grants" (iqn, target_uuid, node_uuid, attachment_uuid, volume, serial, read_only, initiator, portal, user, secret, created_at) VALUES ('iqn.2026-11.local.ironhook:9dda4e04-8890-434b-a282-348d7d420661', NULL, NULL, '9dda4e04-8890-434b-a282-348d7d420661', '1cf19ada-dbd7-4dec-ac59-9ba05ffcee7f', '1cf19ada-dbd7-4dec-ac59-9ba05ffcee7f', 0, 'iqn.1993-08.org.debian:01:host', NULL, '1cf19ada-dbd7-4dec-ac59-9ba05ffcee7f', 'vigog905KxuSXZLE', 1796060569484890);
INSERT INTO "images" (id, uuid, name, status, disk_format, container_format, visibility, protected, hidden, min_disk, min_ram, size, virtual_size, checksum, hash_value, owner, tags, properties, message, created_at, updated_at) VALUES (1, '7c0bf053-cc1d-4b90-94b5-41b20ff18839', 'golden', 'active', 'raw', 'bare', 'shared', 0, 0, 0, 0, 65536, 65536, '6547bb26664a677f942ee157c3fbe9c0', 'd45bcc09234b54662f7000ae38e0056c65658ec64fc82e8eb17d86b2a5e2a0492082d5ffc7a4de1b0630d3fe341fa9fb355ee81df0782f09cca06a348f04f409', NULL, '["lab"]', '{"os":"debian"}', NULL, 1796060569455197, 1796060569457261);
INSERT INTO "inspection_rules" (id, uuid, description, phase, priority, sensitive, conditions, actions, created_at, updated_at) VALUES (1, '3ef4aafa-3d24-4513-8160-5c2cd57eba8f', 'big ones', 'main', 0, 0, '[{"args":{"values":["{node.driver}","fake-hardware"]},"op":"eq"}]', '[{"args":{"path":"/extra/big","value":true},"op":"set-attribute"}]', 1796060569485727, NULL);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:02', '10.0.0.2', 'eth0', 0, 1800000000000000, 1790000000000000);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:09', '10.0.0.3', 'eth0', 0, 1, 1);
INSERT INTO "logins" (token, user, proof, begun, used, keep) VALUES ('e6121382feb87452cc6aab7cd5501b8e6e76785d61a85698ad2af6d9be8ae262', 'admin', '89a4a985e5b5af41de3d2c4fa7e07c1c3d8e3951131b36869ce8a8db1ef52bf7', 1796060569569668, 1796060569569668, 0);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (1, 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', 'plain', 1796060569452988, 1796060569454737, 'fake-hardware', '{"ipmi_address":"10.0.0.9","ipmi_password":"o''clock"}', '{}', '{}', NULL, '{"cpus":4,"note":"naïve ✓"}', '{"deep":{"list":[1,null,"x"]}}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"noop","vendor":"fake"}', NULL, NULL, NULL, 'acf2c73f-c51b-4c2b-b89d-c995cbbd56dd', NULL, '{}', '{}', NULL, '', 0, 'it''s here', NULL, NULL, NULL, NULL, NULL, NULL, 1, 'fan; broken', NULL, NULL, 0, NULL, 'enroll', NULL, NULL, '{}', '{}', NULL, 'small', 0, NULL, NULL, '["CUSTOM_BIG","CUSTOM_FAST"]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (2, '2f9dc4b7-33a0-44c6-be86-3865f5d25955', 'active', 1796060569461799, 1796060569481724, 'fake-hardware', '{}', '{"deploy_steps":null}', '{}', NULL, '{"capabilities":"iscsi_boot:True"}', '{}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', NULL, '', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 'active', NULL, 1796060569481602, '{}', '{}', NULL, NULL, 0, NULL, NULL, '[]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "portgroups" (id, uuid, node_uuid, name, address, mode, properties, standalone_ports_supported, internal_info, extra, created_at, updated_at, physical_network, category, dynamic_portgroup) VALUES (1, 'd8a43c24-de57-4241-8973-86b51cd68bbe', '2f9dc4b7-33a0-44c6-be86-3865f5d25955', 'bond', '52:54:00:00:00:01', '802.3ad', '{}', 1, '{}', '{}', 1796060569462250, NULL, NULL, NULL, 0);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (1, 'e55c58be-8f98-43c2-8967-685962edd8b7', '2f9dc4b7-33a0-44c6-be86-3865f5d25955', '52:54:00:00:00:02', 1796060569462683, NULL, '{"slot":3}', '{}', 0, '{}', NULL, 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (2, 'a871662b-534d-4a09-9fdd-67b351f3de20', 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', '52:54:00:00:00:03', 1796060569463182, NULL, '{}', '{}', 0, '{}', NULL, 0, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "runbooks" (id, uuid, name, steps, disable_ramdisk, public, owner, description, traits, extra, created_at, updated_at) VALUES (1, '32baf631-fccc-42b1-875f-eb1e87326afc', 'CUSTOM_WEEKLY', '[{"args":{},"interface":"bios","order":1,"step":"apply"}]', 0, 0, NULL, NULL, '[]', '{}', 1796060569485367, NULL);
INSERT INTO "snapshots" (id, uuid, name, description, volume_uuid, status, size, metadata, created_at, updated_at) VALUES (1, '7de852be-b57e-4ee9-b580-7f7f3560fbc0', 'before', NULL, '3a268fcb-431b-4a49-a6f4-67e8d0a50515', 'available', 1073741824, '{"by":"me"}', 1796060569460425, 1796060569461075);
INSERT INTO "users" (name, role, digest, created_at, updated_at) VALUES ('reader', 'viewer', '$2a$10$Cs3NF36b/GmbvrNZFvf8EOYX4WqcM8MFbhEEdnsaJeoyDiAqGpYVG', 1796060569567938, NULL);
INSERT INTO "volume_connectors" (id, uuid, node_uuid, type, connector_id, created_at, updated_at, extra) VALUES (1, '898fa104-a93a-4562-9448-24261cd684ce', '2f9dc4b7-33a0-44c6-be86-3865f5d25955', 'iqn', 'iqn.1993-08.org.debian:01:active', 1796060569463587, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (1, '908b9fdb-a1ed-49bb-985a-95fcd4e91052', '2f9dc4b7-33a0-44c6-be86-3865f5d25955', 'iscsi', 0, '3a268fcb-431b-4a49-a6f4-67e8d0a50515', '{"keep":true}', 1796060569464052, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (2, '6b9e53f5-2339-48dc-8f74-a0b0abc29fc9', 'a10680a1-9a1d-4d6f-9f6c-008dffc82803', 'iscsi', 0, 'lun-7', '{"auth_method":"CHAP","auth_password":"long-secret-pass","auth_username":"u","target_iqn":"iqn.2003-01.example:array","target_lun":7,"target_portal":"10.0.0.7:3260"}', 1796060569464486, NULL, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (1, '3a268fcb-431b-4a49-a6f4-67e8d0a50515', 'disk', NULL, 'available', 1073741824, 1, 0, '7c0bf053-cc1d-4b90-94b5-41b20ff18839', NULL, NULL, NULL, '{"owner":"me"}', '{"checksum":"6547bb26664a677f942ee157c3fbe9c0","container_format":"bare","disk_format":"raw","image_id":"7c0bf053-cc1d-4b90-94b5-41b20ff18839","image_name":"golden","min_disk":"0","min_ram":"0","os":"debian","size":"65536"}', NULL, 1796060569457794, 1796060569458132, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (2, '65f231df-b3c2-4d9d-9ef6-af600b5d0de5', 'other', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796060569459294, 1796060569459480, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (3, '1cf19ada-dbd7-4dec-ac59-9ba05ffcee7f', 'shared', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796060569483953, 1796060569484115, '{}');
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('chassis', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('nodes', 2);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('events', 16);
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
PRAGMA user_version = 9;
COMMIT;
