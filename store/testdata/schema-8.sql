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
DELETE FROM sqlite_sequence;
INSERT INTO "allocations" (id, uuid, name, node_uuid, state, last_error, resource_class, traits, candidate_nodes, owner, extra, created_at, updated_at) VALUES (1, '0d050931-42a5-444c-9435-95aa905d4e35', 'wanted', NULL, 'error', 'Failed to process allocation 0d050931-42a5-444c-9435-95aa905d4e35: no available nodes match the resource class none.', 'none', '[]', '[]', NULL, '{}', 1796063002529150, 1796063002529150);
INSERT INTO "appliance" (id, uuid) VALUES (1, '32b473fa-6154-4da5-a7b2-1af8b15a227b');
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('5f04405a-c13e-41fe-83a1-360eba8ad601', '7e652352-ccf5-41e3-855e-7ebdb4bd876b', '00000000-0000-4000-8000-00000000000a', NULL, NULL, 0, 'reserved', 1796063002531424, NULL);
INSERT INTO "attachments" (uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at) VALUES ('0e4e404b-bed9-4f1e-b7b7-70bd4120d9f8', '82f46d94-c328-46ae-ab1e-414a582f049d', '00000000-0000-4000-8000-00000000000b', 'host-a', '/dev/vdb', 0, 'attaching', 1796063002535253, NULL);
INSERT INTO "chassis" (id, uuid, description, extra, created_at, updated_at) VALUES (1, 'd087b851-4ca6-4d25-8792-a122b3be9b9e', 'rack 1', '{"row":1}', 1796063002231587, NULL);
INSERT INTO "deploy_templates" (id, uuid, name, steps, extra, created_at, updated_at) VALUES (1, '4428c1a8-6c0e-4405-ab7d-2ed2aec4f384', 'CUSTOM_HOT', '[{"args":{},"interface":"bios","priority":150,"step":"apply"}]', '{}', 1796063002530537, NULL);
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (1, 1796063002300423, '47336a7e-7747-4477-a3d3-4ceba4e0d182', NULL, 'node', NULL, 'created plain', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (2, 1796063002305384, '47336a7e-7747-4477-a3d3-4ceba4e0d182', NULL, 'node', NULL, 'maintenance on', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (3, 1796063002308352, '47336a7e-7747-4477-a3d3-4ceba4e0d182', NULL, 'node', NULL, 'traits changed', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (4, 1796063002426340, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'node', NULL, 'created active', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (5, 1796063002442310, '3c66e927-628e-44b3-a586-4b5816e68eee', '52:54:00:00:00:02', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (6, 1796063002454012, '47336a7e-7747-4477-a3d3-4ceba4e0d182', '52:54:00:00:00:03', 'node', NULL, 'port created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (7, 1796063002459868, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'node', NULL, 'volume connector d1546eea-2555-4c5c-ae8f-6f6263e78020 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (8, 1796063002462312, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'node', NULL, 'volume target e13ae760-2822-4fb0-bc03-a190841559a8 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (9, 1796063002464190, '47336a7e-7747-4477-a3d3-4ceba4e0d182', NULL, 'node', NULL, 'volume target 7b606877-1ac5-4ed6-b115-98874444ddb3 created', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (10, 1796063002473050, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'enroll -> verifying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (11, 1796063002479796, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'verifying -> manageable', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (12, 1796063002492230, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'manageable -> cleaning', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (13, 1796063002495602, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'cleaning -> available', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (14, 1796063002509329, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'available -> deploying', 'admin');
INSERT INTO "events" (seq, at, node, mac, kind, step, detail, user) VALUES (15, 1796063002517894, '3c66e927-628e-44b3-a586-4b5816e68eee', NULL, 'provision', NULL, 'deploying -> active', 'admin');
INSERT INTO "grants" (iqn, target_uuid, node_uuid, attachment_uuid, volume, serial, read_only, initiator, portal, user, secret, created_at) VALUES ('iqn.2026-11.local.ironhook:0e4e404b-bed9-4f1e-b7b7-70bd4120d9f8', NULL, NULL, '0e4e404b-bed9-4f1e-b7b7-70bd4120d9f8', '82f46d94-c328-46ae-ab1e-414a582f049d', '82f46d94-c328-46ae-ab1e-414a582f049d', 0, 'iqn.1993-08.org.debian:01:host', NULL, '82f46d94-c328-46ae-ab1e-414a582f049d', 'JsDSQxyYpE9Dn69Q', 1796063002535253);
INSERT INTO "images" (id, uuid, name, status, disk_format, container_format, visibility, protected, hidden, min_disk, min_ram, size, virtual_size, checksum, hash_value, owner, tags, properties, message, created_at, updated_at) VALUES (1, '6c07ad66-c8ec-48dc-b684-cd627951d519', 'golden', 'active', 'raw', 'bare', 'shared', 0, 0, 0, 0, 65536, 65536, '6547bb26664a677f942ee157c3fbe9c0', 'd45bcc09234b54662f7000ae38e0056c65658ec64fc82e8eb17d86b2a5e2a0492082d5ffc7a4de1b0630d3fe341fa9fb355ee81df0782f09cca06a348f04f409', NULL, '["lab"]', '{"os":"debian"}', NULL, 1796063002313914, 1796063002336818);
INSERT INTO "inspection_rules" (id, uuid, description, phase, priority, sensitive, conditions, actions, created_at, updated_at) VALUES (1, 'e6ffbd93-9762-4e0f-a31a-bba0c763531b', 'big ones', 'main', 0, 0, '[{"args":{"values":["{node.driver}","fake-hardware"]},"op":"eq"}]', '[{"args":{"path":"/extra/big","value":true},"op":"set-attribute"}]', 1796063002537132, NULL);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:02', '10.0.0.2', 'eth0', 0, 1800000000000000, 1790000000000000);
INSERT INTO "leases" (mac, address, interface, observed, expires, updated_at) VALUES ('52:54:00:00:00:09', '10.0.0.3', 'eth0', 0, 1, 1);
INSERT INTO "logins" (token, user, proof, begun, used, keep) VALUES ('c37dfa3e81e73e5b0c00570a632c6ec1c6db67a44ef9d89c5298addc925fd3f2', 'admin', '3c64b2b224740c2b5f2452575fa6e054c2acb9e0f69affd68d42df03b6363532', 1796063002538820, 1796063002538820, 0);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (1, '47336a7e-7747-4477-a3d3-4ceba4e0d182', 'plain', 1796063002300423, 1796063002308352, 'fake-hardware', '{"ipmi_address":"10.0.0.9","ipmi_password":"o''clock"}', '{}', '{}', NULL, '{"cpus":4,"note":"naïve ✓"}', '{"deep":{"list":[1,null,"x"]}}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"noop","vendor":"fake"}', NULL, NULL, NULL, 'd087b851-4ca6-4d25-8792-a122b3be9b9e', NULL, '{}', '{}', NULL, '', 0, 'it''s here', NULL, NULL, NULL, NULL, NULL, NULL, 1, 'fan; broken', NULL, NULL, 0, NULL, 'enroll', NULL, NULL, '{}', '{}', NULL, 'small', 0, NULL, NULL, '["CUSTOM_BIG","CUSTOM_FAST"]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "nodes" (id, uuid, name, created_at, updated_at, driver, driver_info, driver_internal_info, instance_info, instance_uuid, properties, extra, network_data, interfaces, automated_clean, boot_mode, secure_boot, chassis_uuid, allocation_uuid, clean_step, deploy_step, conductor, conductor_group, console_enabled, description, fault, inspection_started_at, inspection_finished_at, last_error, lessee, owner, maintenance, maintenance_reason, power_state, target_power_state, protected, protected_reason, provision_state, target_provision_state, provision_updated_at, raid_config, target_raid_config, reservation, resource_class, retired, retired_reason, shard, traits, service_step, disable_power_off, instance_name, parent_node, health) VALUES (2, '3c66e927-628e-44b3-a586-4b5816e68eee', 'active', 1796063002426340, 1796063002518508, 'fake-hardware', '{}', '{"deploy_steps":null}', '{}', NULL, '{"capabilities":"iscsi_boot:True"}', '{}', '{}', '{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","firmware":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}', NULL, NULL, NULL, NULL, NULL, '{}', '{}', NULL, '', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 'active', NULL, 1796063002517894, '{}', '{}', NULL, NULL, 0, NULL, NULL, '[]', '{}', 0, NULL, NULL, NULL);
INSERT INTO "portgroups" (id, uuid, node_uuid, name, address, mode, properties, standalone_ports_supported, internal_info, extra, created_at, updated_at, physical_network, category, dynamic_portgroup) VALUES (1, '4af8eaed-0055-43a0-a596-e76999fcd679', '3c66e927-628e-44b3-a586-4b5816e68eee', 'bond', '52:54:00:00:00:01', '802.3ad', '{}', 1, '{}', '{}', 1796063002438621, NULL, NULL, NULL, 0);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (1, 'fa01fdb2-a014-41b6-8c2f-20afad9eea8f', '3c66e927-628e-44b3-a586-4b5816e68eee', '52:54:00:00:00:02', 1796063002442310, NULL, '{"slot":3}', '{}', 0, '{}', NULL, 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "ports" (id, uuid, node_uuid, address, created_at, updated_at, extra, internal_info, is_smartnic, local_link_connection, physical_network, pxe_enabled, portgroup_uuid, name, description, vendor, category, available_for_dynamic_portgroup) VALUES (2, 'bec859bd-9824-4627-bb63-15bcc3d72804', '47336a7e-7747-4477-a3d3-4ceba4e0d182', '52:54:00:00:00:03', 1796063002454012, NULL, '{}', '{}', 0, '{}', NULL, 0, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "runbooks" (id, uuid, name, steps, disable_ramdisk, public, owner, description, traits, extra, created_at, updated_at) VALUES (1, 'f2d6434a-5489-4238-b33a-f146a31c184a', 'CUSTOM_WEEKLY', '[{"args":{},"interface":"bios","order":1,"step":"apply"}]', 0, 0, NULL, NULL, '[]', '{}', 1796063002536388, NULL);
INSERT INTO "snapshots" (id, uuid, name, description, volume_uuid, status, size, metadata, created_at, updated_at) VALUES (1, 'b4706b1d-cf8e-40e7-b3b9-e8b909659304', 'before', NULL, 'ed82c4f1-2cd7-4096-abbd-090ed68c3f17', 'available', 1073741824, '{"by":"me"}', 1796063002370357, 1796063002423579);
INSERT INTO "volume_connectors" (id, uuid, node_uuid, type, connector_id, created_at, updated_at, extra) VALUES (1, 'd1546eea-2555-4c5c-ae8f-6f6263e78020', '3c66e927-628e-44b3-a586-4b5816e68eee', 'iqn', 'iqn.1993-08.org.debian:01:active', 1796063002459868, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (1, 'e13ae760-2822-4fb0-bc03-a190841559a8', '3c66e927-628e-44b3-a586-4b5816e68eee', 'iscsi', 0, 'ed82c4f1-2cd7-4096-abbd-090ed68c3f17', '{"keep":true}', 1796063002462312, NULL, '{}');
INSERT INTO "volume_targets" (id, uuid, node_uuid, volume_type, boot_index, volume_id, properties, created_at, updated_at, extra) VALUES (2, '7b606877-1ac5-4ed6-b115-98874444ddb3', '47336a7e-7747-4477-a3d3-4ceba4e0d182', 'iscsi', 0, 'lun-7', '{"auth_method":"CHAP","auth_password":"long-secret-pass","auth_username":"u","target_iqn":"iqn.2003-01.example:array","target_lun":7,"target_portal":"10.0.0.7:3260"}', 1796063002464190, NULL, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (1, 'ed82c4f1-2cd7-4096-abbd-090ed68c3f17', 'disk', NULL, 'available', 1073741824, 1, 0, '6c07ad66-c8ec-48dc-b684-cd627951d519', NULL, NULL, NULL, '{"owner":"me"}', '{"checksum":"6547bb26664a677f942ee157c3fbe9c0","container_format":"bare","disk_format":"raw","image_id":"6c07ad66-c8ec-48dc-b684-cd627951d519","image_name":"golden","min_disk":"0","min_ram":"0","os":"debian","size":"65536"}', NULL, 1796063002340324, 1796063002342552, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (2, '7e652352-ccf5-41e3-855e-7ebdb4bd876b', 'other', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796063002345068, 1796063002366438, '{}');
INSERT INTO "volumes" (id, uuid, name, description, status, size, bootable, read_only, image_uuid, snapshot_uuid, source_uuid, node_uuid, metadata, image_metadata, message, created_at, updated_at, admin_metadata) VALUES (3, '82f46d94-c328-46ae-ab1e-414a582f049d', 'shared', NULL, 'available', 1073741824, 0, 0, NULL, NULL, NULL, NULL, '{}', '{}', NULL, 1796063002532399, 1796063002533752, '{}');
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
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('runbooks', 1);
INSERT INTO "sqlite_sequence" (name, seq) VALUES ('inspection_rules', 1);
PRAGMA user_version = 8;
COMMIT;
