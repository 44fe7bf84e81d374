-- Ironhook's whole state, but for the bytes of the volumes. One file to read,
-- one file to back up. Times are microseconds since 1970 UTC; JSON columns hold
-- objects unless a comment says otherwise; NULL is the API's null.

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
CREATE INDEX ports_node ON ports (node_uuid);
CREATE UNIQUE INDEX ports_name ON ports (name);

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
CREATE INDEX volume_connectors_node ON volume_connectors (node_uuid);

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
CREATE INDEX volume_targets_volume ON volume_targets (volume_id);

-- Which machine has which address. Sticky: a row outlives its time until the
-- range is used up and the address is needed.
CREATE TABLE leases (
    mac        TEXT PRIMARY KEY,
    address    TEXT NOT NULL UNIQUE,
    interface  TEXT NOT NULL,
    observed   INTEGER NOT NULL DEFAULT 0, -- another DHCP server gave it
    expires    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- The events in order, each appended in the transaction of the change it reports.
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
CREATE INDEX events_node ON events (node, seq);
CREATE INDEX events_mac ON events (mac, seq);

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
CREATE INDEX portgroups_node ON portgroups (node_uuid);

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
CREATE INDEX allocations_node ON allocations (node_uuid);

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

-- What inspection found in a node.
CREATE TABLE inventories (
    node_uuid   TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;

-- What volumes are made from. The bytes are in the directory of the volumes,
-- under the same UUID.
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
CREATE INDEX images_name ON images (name);

-- Which images deployments have fetched from elsewhere, so that each is fetched once.
CREATE TABLE imports (
    source     TEXT PRIMARY KEY, -- of URL, checksum and format, SHA-256
    image_uuid TEXT NOT NULL UNIQUE REFERENCES images (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;

-- Block volumes; whether one is in use follows from grants, attachments and volume targets.
-- admin_metadata, readonly and attached_mode, stands where a migration adds a column.
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
CREATE INDEX volumes_name ON volumes (name);
CREATE INDEX volumes_node ON volumes (node_uuid);

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
CREATE INDEX snapshots_volume ON snapshots (volume_uuid);

-- Hosts other than our nodes that have a volume, or have reserved one.
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
CREATE INDEX attachments_volume ON attachments (volume_uuid);

-- Who may log in to which volume now. The iSCSI target asks this table at every
-- login and nothing else, and a CHAP secret is stored here only. The owner is a
-- node's volume target or a host's attachment; the grant goes with it.
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
CREATE INDEX grants_node ON grants (node_uuid);
CREATE INDEX grants_volume ON grants (volume);

-- Which appliance this is: random, made with the database, and the same in every copy
-- of it. Serial numbers of units are made of it.
CREATE TABLE appliance (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL
) STRICT;
INSERT INTO appliance (id, uuid) SELECT 1, lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3)
    || '-a' || substr(h, 18, 3) || '-' || substr(h, 21, 12)) FROM (SELECT hex(randomblob(16)) AS h);

-- Images and raw files whose serial number is their own name: those that a machine had
-- before there was the table above.
CREATE TABLE kept_serials (
    volume TEXT PRIMARY KEY
) STRICT;

-- Who is signed in to the pages, so that a restart does not sign everybody out.
CREATE TABLE logins (
    token  TEXT PRIMARY KEY, -- SHA-256 of the cookie's, in hex
    user   TEXT NOT NULL,
    proof  TEXT NOT NULL, -- of the account as it was; another password ends the login
    begun  INTEGER NOT NULL,
    used   INTEGER NOT NULL,
    keep   INTEGER NOT NULL -- for months: a wall display
) STRICT;

-- Accounts with roles; those of the file htpasswd are not here.
CREATE TABLE users (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL, -- viewer, operator, admin
    digest     TEXT NOT NULL, -- bcrypt, of the password
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;

-- Links to the wall of machines that need no login, and only show.
CREATE TABLE walls (
    name       TEXT PRIMARY KEY,
    token      TEXT NOT NULL, -- SHA-256 of the link's, in hex
    created_at INTEGER NOT NULL
) STRICT;

-- What the dashboard shows, under a name, for all users.
CREATE TABLE views (
    name       TEXT PRIMARY KEY,
    query      TEXT NOT NULL, -- of the address of the page
    created_at INTEGER NOT NULL
) STRICT;

-- What happened to a node in Ironic's words: the beginnings and ends of its deployments,
-- cleanings and servicings, and what went wrong.
CREATE TABLE histories (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                   TEXT NOT NULL UNIQUE,
    node_uuid              TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    severity               TEXT NOT NULL, -- INFO, ERROR
    event_type             TEXT NOT NULL,
    event                  TEXT NOT NULL,
    user                   TEXT, -- whose request caused it
    state                  TEXT, -- of the node, then
    target_provision_state TEXT,
    duration_seconds       INTEGER, -- since the node entered the state
    created_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX histories_node ON histories (node_uuid, id);

-- What a BMC told of a machine when it was last asked: settings of its firmware, versions
-- of its components.
CREATE TABLE parts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    node_uuid  TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    kind       TEXT NOT NULL, -- bios, firmware
    name       TEXT NOT NULL,
    facts      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER,
    UNIQUE (node_uuid, kind, name)
) STRICT;

-- Reports of ramdisks that are accepted and not yet made records of: a restart goes on there.
CREATE TABLE reports (
    node_uuid   TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;

-- Machines that the agent has described and that are not enrolled: each waits for
-- somebody to approve it.
CREATE TABLE discoveries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    mac         TEXT NOT NULL UNIQUE, -- of the card that it has booted from, else its first
    addresses   TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(addresses)), -- of all cards
    address     TEXT NOT NULL, -- from which the agent has reported
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;

-- What the agent on a node's machine has said, as it last sent it.
CREATE TABLE agent_logs (
    node_uuid  TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    after      TEXT NOT NULL, -- what the agent had done
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;

-- Who is told of events as they happen.
CREATE TABLE hooks (
    uuid         TEXT PRIMARY KEY,
    url          TEXT NOT NULL, -- may be a secret
    secret       TEXT NOT NULL, -- the key of the signatures
    kinds        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(kinds)), -- a list; an empty one is all
    node         TEXT, -- no foreign key: the log outlives the node
    enabled      INTEGER NOT NULL DEFAULT 1,
    position     INTEGER NOT NULL, -- of the last event that needs no delivery any more
    attempts     INTEGER NOT NULL DEFAULT 0, -- at the next that failed
    failures     INTEGER NOT NULL DEFAULT 0, -- in a row
    retry_at     INTEGER,
    last_error   TEXT,
    delivered_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER
) STRICT;

-- The events that one of them did not take, and that were given up.
CREATE TABLE dead_letters (
    uuid       TEXT PRIMARY KEY,
    hook_uuid  TEXT NOT NULL REFERENCES hooks (uuid) ON DELETE CASCADE,
    seq        INTEGER NOT NULL, -- of the event, which the log may have forgotten
    body       TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    error      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT;
CREATE INDEX dead_letters_hook ON dead_letters (hook_uuid);
