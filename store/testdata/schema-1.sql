PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
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
INSERT INTO "allocations" VALUES(1,'be664175-e4ce-45db-a45e-057a9dd77430','a-1',NULL,'error','Failed to process allocation be664175-e4ce-45db-a45e-057a9dd77430: no available nodes match the resource class none.','none','[]','[]',NULL,'{}',1795936776862322,1795936776862322);
CREATE TABLE attachments (
    uuid        TEXT PRIMARY KEY,
    volume_uuid TEXT NOT NULL REFERENCES volumes (uuid),
    instance    TEXT, -- whatever the client calls it
    host        TEXT,
    mountpoint  TEXT,
    read_only   INTEGER NOT NULL DEFAULT 0,
    status      TEXT NOT NULL,
    iqn         TEXT NOT NULL UNIQUE,
    initiator   TEXT, -- NULL while it is reserved only
    user        TEXT NOT NULL,
    secret      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
INSERT INTO "attachments" VALUES('76e9ee74-6414-4dd7-b3a3-9a9abb1595b5','83dbdf8f-05bc-452a-b9d4-7cf72b75d2f5',NULL,'host-a','/dev/vdb',0,'attaching','iqn.2026-11.local.ironhook:76e9ee74-6414-4dd7-b3a3-9a9abb1595b5','iqn.1993-08.org.debian:01:host','83dbdf8f-05bc-452a-b9d4-7cf72b75d2f5','RTTwOKe2opahAImc',1795936802836667,NULL);
INSERT INTO "attachments" VALUES('88a152bb-be1c-4b08-831a-c28a0301fa12','a62f7adf-1d84-4711-8d72-284059736e85','00000000-0000-4000-8000-00000000000a',NULL,NULL,0,'reserved','iqn.2026-11.local.ironhook:88a152bb-be1c-4b08-831a-c28a0301fa12',NULL,'a62f7adf-1d84-4711-8d72-284059736e85','a5LNHBuorwBsg94H',1795936803115487,NULL);
INSERT INTO "attachments" VALUES('24e2f9a6-38e4-4e30-9e19-811d91562f42','8a55856e-00b0-4ea9-a983-f7e9c5f053bc',NULL,'host-b',NULL,1,'attaching','iqn.2026-11.local.ironhook:24e2f9a6-38e4-4e30-9e19-811d91562f42','iqn.1993-08.org.debian:01:reader','8a55856e-00b0-4ea9-a983-f7e9c5f053bc','gfx6YDuPkL8bb2Sf',1795936803461821,NULL);
CREATE TABLE chassis (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    description TEXT,
    extra       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
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
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    node   TEXT, -- no foreign key: the log outlives the node
    mac    TEXT,
    kind   TEXT NOT NULL,
    step   TEXT, -- of a boot: what a refusal or an error kept from happening
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "events" VALUES(1,1795936745439145,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'node',NULL,'created pc-01');
INSERT INTO "events" VALUES(2,1795936748999589,'f30701b1-5d1d-4a6b-838c-6af987a786be','52:54:00:00:00:01','node',NULL,'port created');
INSERT INTO "events" VALUES(3,1795936749204248,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'node',NULL,'volume target cab84777-5419-4366-ab62-4261a8eb2597 created');
INSERT INTO "events" VALUES(4,1795936749444580,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'node',NULL,'volume target 8c6c3059-9443-4701-85a5-ce6831a7d327 created');
INSERT INTO "events" VALUES(5,1795936749638693,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'enroll -> verifying');
INSERT INTO "events" VALUES(6,1795936749704745,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'verifying -> manageable');
INSERT INTO "events" VALUES(7,1795936750409458,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'manageable -> cleaning');
INSERT INTO "events" VALUES(8,1795936750465644,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'cleaning -> available');
INSERT INTO "events" VALUES(9,1795936751157803,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'available -> deploying');
INSERT INTO "events" VALUES(10,1795936751178615,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'attach',NULL,'vol-1, ro-1 to iqn.2026-11.local.ironhook:node-f30701b1-5d1d-4a6b-838c-6af987a786be at 127.0.0.1:22102');
INSERT INTO "events" VALUES(11,1795936751182127,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'power-on',NULL,'power on');
INSERT INTO "events" VALUES(12,1795936751185796,'f30701b1-5d1d-4a6b-838c-6af987a786be',NULL,'provision',NULL,'deploying -> active');
INSERT INTO "events" VALUES(13,1795936752575242,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'node',NULL,'created pc-02');
INSERT INTO "events" VALUES(14,1795936755685188,'ca6fc0c1-250c-4833-b2b5-649505a89baf','52:54:00:00:00:02','node',NULL,'port created');
INSERT INTO "events" VALUES(15,1795936755828229,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'node',NULL,'volume target 53dfbfed-f9c8-40e8-ad53-a715b5197005 created');
INSERT INTO "events" VALUES(16,1795936756036054,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'node',NULL,'volume target 6ddef4a0-1b84-42c1-b273-cdab225277db created');
INSERT INTO "events" VALUES(17,1795936756222297,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'enroll -> verifying');
INSERT INTO "events" VALUES(18,1795936756234669,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'verifying -> manageable');
INSERT INTO "events" VALUES(19,1795936756939990,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'manageable -> cleaning');
INSERT INTO "events" VALUES(20,1795936756963260,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'cleaning -> available');
INSERT INTO "events" VALUES(21,1795936757683274,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'available -> deploying');
INSERT INTO "events" VALUES(22,1795936757756630,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'attach',NULL,'vol-2, ro-1 to iqn.2026-11.local.ironhook:node-ca6fc0c1-250c-4833-b2b5-649505a89baf at 127.0.0.1:22102');
INSERT INTO "events" VALUES(23,1795936757772087,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'power-on',NULL,'power on');
INSERT INTO "events" VALUES(24,1795936757777706,'ca6fc0c1-250c-4833-b2b5-649505a89baf',NULL,'provision',NULL,'deploying -> active');
INSERT INTO "events" VALUES(25,1795936759063949,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'node',NULL,'created pc-03');
INSERT INTO "events" VALUES(26,1795936762763402,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8','52:54:00:00:00:03','node',NULL,'port created');
INSERT INTO "events" VALUES(27,1795936763011776,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'node',NULL,'volume target 90ed99c6-6133-4171-bc7b-6124e9cd99b2 created');
INSERT INTO "events" VALUES(28,1795936763266149,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'enroll -> verifying');
INSERT INTO "events" VALUES(29,1795936763308609,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'verifying -> manageable');
INSERT INTO "events" VALUES(30,1795936764152392,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'manageable -> cleaning');
INSERT INTO "events" VALUES(31,1795936764199380,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'cleaning -> available');
INSERT INTO "events" VALUES(32,1795936764973360,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'available -> deploying');
INSERT INTO "events" VALUES(33,1795936765053155,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'attach',NULL,'vol-3 to iqn.2026-11.local.ironhook:node-bbd71da4-6a77-4a14-90f7-fdd790b3b9b8 at 127.0.0.1:22102');
INSERT INTO "events" VALUES(34,1795936765078686,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'power-on',NULL,'power on');
INSERT INTO "events" VALUES(35,1795936765103150,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'provision',NULL,'deploying -> active');
INSERT INTO "events" VALUES(36,1795936766551456,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'node',NULL,'created pc-04');
INSERT INTO "events" VALUES(37,1795936769750228,'8024870d-2e2b-4c90-86fe-247906f243dc','52:54:00:00:00:04','node',NULL,'port created');
INSERT INTO "events" VALUES(38,1795936769952413,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'node',NULL,'volume target 41b5916c-b2cb-4e09-b84f-b172c3d15cb4 created');
INSERT INTO "events" VALUES(39,1795936770152667,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'provision',NULL,'enroll -> verifying');
INSERT INTO "events" VALUES(40,1795936770175820,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'provision',NULL,'verifying -> manageable');
INSERT INTO "events" VALUES(41,1795936770844335,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'provision',NULL,'manageable -> cleaning');
INSERT INTO "events" VALUES(42,1795936770865352,'8024870d-2e2b-4c90-86fe-247906f243dc',NULL,'provision',NULL,'cleaning -> available');
INSERT INTO "events" VALUES(43,1795936771620675,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'detach',NULL,'a62f7adf-1d84-4711-8d72-284059736e85');
INSERT INTO "events" VALUES(44,1795936771628109,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',NULL,'power-off',NULL,'switched off');
INSERT INTO "events" VALUES(45,1795936772965888,'8261838a-62d8-4589-94d3-77cb2de8e047',NULL,'node',NULL,'created ext-1');
INSERT INTO "events" VALUES(46,1795936776608643,'8261838a-62d8-4589-94d3-77cb2de8e047',NULL,'node',NULL,'volume target 926784b0-71b6-4662-86af-7530dfab97ec created');
CREATE TABLE exports (
    target_uuid TEXT PRIMARY KEY REFERENCES volume_targets (uuid) ON DELETE CASCADE,
    node_uuid   TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    iqn         TEXT NOT NULL UNIQUE,
    initiator   TEXT NOT NULL,
    user        TEXT NOT NULL,
    secret      TEXT NOT NULL,
    volume      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
INSERT INTO "exports" VALUES('cab84777-5419-4366-ab62-4261a8eb2597','f30701b1-5d1d-4a6b-838c-6af987a786be','iqn.2026-11.local.ironhook:cab84777-5419-4366-ab62-4261a8eb2597','iqn.2026-11.local.ironhook:node-f30701b1-5d1d-4a6b-838c-6af987a786be','f30701b1-5d1d-4a6b-838c-6af987a786be','.UZ8XKj44KYLY.mY','2d6ae9bc-de4d-48a9-ad12-66a51e71aecb',1795936751178615);
INSERT INTO "exports" VALUES('8c6c3059-9443-4701-85a5-ce6831a7d327','f30701b1-5d1d-4a6b-838c-6af987a786be','iqn.2026-11.local.ironhook:8c6c3059-9443-4701-85a5-ce6831a7d327','iqn.2026-11.local.ironhook:node-f30701b1-5d1d-4a6b-838c-6af987a786be','f30701b1-5d1d-4a6b-838c-6af987a786be','xbVNsZETnssGv.mr','8a55856e-00b0-4ea9-a983-f7e9c5f053bc',1795936751178615);
INSERT INTO "exports" VALUES('53dfbfed-f9c8-40e8-ad53-a715b5197005','ca6fc0c1-250c-4833-b2b5-649505a89baf','iqn.2026-11.local.ironhook:53dfbfed-f9c8-40e8-ad53-a715b5197005','iqn.2026-11.local.ironhook:node-ca6fc0c1-250c-4833-b2b5-649505a89baf','ca6fc0c1-250c-4833-b2b5-649505a89baf','w5CcuDd83hJCO.uE','801f28c2-4366-4ae9-b69a-f7dae2b21015',1795936757756630);
INSERT INTO "exports" VALUES('6ddef4a0-1b84-42c1-b273-cdab225277db','ca6fc0c1-250c-4833-b2b5-649505a89baf','iqn.2026-11.local.ironhook:6ddef4a0-1b84-42c1-b273-cdab225277db','iqn.2026-11.local.ironhook:node-ca6fc0c1-250c-4833-b2b5-649505a89baf','ca6fc0c1-250c-4833-b2b5-649505a89baf','g9KzljQ3D1PfhHNK','8a55856e-00b0-4ea9-a983-f7e9c5f053bc',1795936757756630);
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
INSERT INTO "images" VALUES(1,'07b28e97-623f-4d71-a14b-77cbc2702610','debian','active','raw','bare','shared',0,0,0,0,4194304,4194304,'5e5b6af5cd8ed4a1e5b23756931df381','51f15caf3827c3350fdba844a22e24cfbca06b69e1925ae84db6a7eb146530ebcf289276e03f5dc8a3773929563ff1be5c76a6dee64d1c9d3b4c09fe98494a13',NULL,'[]','{}',NULL,1795936743468124,1795936743629349);
CREATE TABLE inventories (
    node_uuid   TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE TABLE leases (
    mac        TEXT PRIMARY KEY,
    address    TEXT NOT NULL UNIQUE,
    interface  TEXT NOT NULL,
    observed   INTEGER NOT NULL DEFAULT 0, -- another DHCP server gave it
    expires    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO "leases" VALUES('52:54:00:00:00:01','10.0.0.11','eth1',0,1795940000000000,1795936751178615);
INSERT INTO "leases" VALUES('52:54:00:00:00:02','10.0.0.12','eth1',1,1795940000000000,1795936751178616);
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
    vendor_interface       TEXT AS (interfaces ->> '$.vendor')
) STRICT;
INSERT INTO "nodes" VALUES(1,'f30701b1-5d1d-4a6b-838c-6af987a786be','pc-01',1795936745439145,1795936751187022,'fake-hardware','{"ipmi_password":"bmc-secret-pc-01"}','{"boot_from_volume":"cab84777-5419-4366-ab62-4261a8eb2597","clean_steps":null,"deploy_steps":null,"last_power_state_change":"2026-11-29T07:19:11.183441"}','{}',NULL,'{"capabilities":"iscsi_boot:True"}','{}','{}','{"bios":"fake","boot":"ipxe","console":"fake","deploy":"direct","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}',NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,'power on',NULL,0,NULL,'active',NULL,1795936751185796,'{}','{}',NULL,NULL,0,NULL,NULL,'[]');
INSERT INTO "nodes" VALUES(2,'ca6fc0c1-250c-4833-b2b5-649505a89baf','pc-02',1795936752575242,1795936757781368,'fake-hardware','{"ipmi_password":"bmc-secret-pc-02"}','{"boot_from_volume":"53dfbfed-f9c8-40e8-ad53-a715b5197005","clean_steps":null,"deploy_steps":null,"last_power_state_change":"2026-11-29T07:19:17.773486"}','{}',NULL,'{"capabilities":"iscsi_boot:True"}','{}','{}','{"bios":"fake","boot":"ipxe","console":"fake","deploy":"direct","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}',NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,'power on',NULL,0,NULL,'active',NULL,1795936757777706,'{}','{}',NULL,NULL,0,NULL,NULL,'[]');
INSERT INTO "nodes" VALUES(3,'bbd71da4-6a77-4a14-90f7-fdd790b3b9b8','pc-03',1795936759063949,1795936771636474,'fake-hardware','{"ipmi_password":"bmc-secret-pc-03"}','{"boot_from_volume":"90ed99c6-6133-4171-bc7b-6124e9cd99b2","clean_steps":null,"deploy_steps":null,"last_power_state_change":"2026-11-29T07:19:31.628109"}','{}',NULL,'{"capabilities":"iscsi_boot:True"}','{}','{}','{"bios":"fake","boot":"ipxe","console":"fake","deploy":"direct","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}',NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,'power off',NULL,0,NULL,'active',NULL,1795936765103150,'{}','{}',NULL,NULL,0,NULL,NULL,'[]');
INSERT INTO "nodes" VALUES(4,'8024870d-2e2b-4c90-86fe-247906f243dc','pc-04',1795936766551456,1795936770903715,'fake-hardware','{"ipmi_password":"bmc-secret-pc-04"}','{"clean_steps":null}','{}',NULL,'{"capabilities":"iscsi_boot:True"}','{}','{}','{"bios":"fake","boot":"ipxe","console":"fake","deploy":"direct","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"iscsi","vendor":"fake"}',NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,0,NULL,'available',NULL,1795936770865352,'{}','{}',NULL,NULL,0,NULL,NULL,'[]');
INSERT INTO "nodes" VALUES(5,'8261838a-62d8-4589-94d3-77cb2de8e047','ext-1',1795936772965888,NULL,'fake-hardware','{}','{}','{}',NULL,'{}','{}','{}','{"bios":"fake","boot":"fake","console":"fake","deploy":"fake","inspect":"fake","management":"fake","network":"noop","power":"fake","raid":"fake","rescue":"fake","storage":"external","vendor":"fake"}',NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,0,NULL,'enroll',NULL,NULL,'{}','{}',NULL,NULL,0,NULL,NULL,'[]');
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
    updated_at                 INTEGER
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
    portgroup_uuid        TEXT
) STRICT;
INSERT INTO "ports" VALUES(1,'434d13ec-a5b6-442e-b3f7-e426025c132d','f30701b1-5d1d-4a6b-838c-6af987a786be','52:54:00:00:00:01',1795936748999589,NULL,'{}','{}',0,'{}',NULL,1,NULL);
INSERT INTO "ports" VALUES(2,'5ee7a4a9-9a67-441d-9e79-ab276614f4e8','ca6fc0c1-250c-4833-b2b5-649505a89baf','52:54:00:00:00:02',1795936755685188,NULL,'{}','{}',0,'{}',NULL,1,NULL);
INSERT INTO "ports" VALUES(3,'38ff915c-087a-493f-bd2c-b37740f62115','bbd71da4-6a77-4a14-90f7-fdd790b3b9b8','52:54:00:00:00:03',1795936762763402,NULL,'{}','{}',0,'{}',NULL,1,NULL);
INSERT INTO "ports" VALUES(4,'71620fc7-df5a-4691-a8c7-8eba23b61d13','8024870d-2e2b-4c90-86fe-247906f243dc','52:54:00:00:00:04',1795936769750228,NULL,'{}','{}',0,'{}',NULL,1,NULL);
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
INSERT INTO "snapshots" VALUES(1,'c68e20fe-dc75-4c9c-86f3-8751139ac33e','before',NULL,'83dbdf8f-05bc-452a-b9d4-7cf72b75d2f5','available',4194304,'{}',1795936803904053,1795936803918494);
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
INSERT INTO "volume_connectors" VALUES(1,'25667937-c9e7-43fe-8d00-facd8fb3ae72','f30701b1-5d1d-4a6b-838c-6af987a786be','iqn','iqn.2026-11.local.ironhook:node-f30701b1-5d1d-4a6b-838c-6af987a786be',1795936751178615,NULL,'{}');
INSERT INTO "volume_connectors" VALUES(2,'c131059c-e720-4db5-9b0e-2b6b6bd6b837','ca6fc0c1-250c-4833-b2b5-649505a89baf','iqn','iqn.2026-11.local.ironhook:node-ca6fc0c1-250c-4833-b2b5-649505a89baf',1795936757756630,NULL,'{}');
INSERT INTO "volume_connectors" VALUES(3,'97c93ef4-5636-464e-8698-736ec003c28d','bbd71da4-6a77-4a14-90f7-fdd790b3b9b8','iqn','iqn.2026-11.local.ironhook:node-bbd71da4-6a77-4a14-90f7-fdd790b3b9b8',1795936765053155,NULL,'{}');
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
INSERT INTO "volume_targets" VALUES(1,'cab84777-5419-4366-ab62-4261a8eb2597','f30701b1-5d1d-4a6b-838c-6af987a786be','iscsi',0,'vol-1','{"auth_method":"CHAP","auth_password":".UZ8XKj44KYLY.mY","auth_username":"f30701b1-5d1d-4a6b-838c-6af987a786be","target_iqn":"iqn.2026-11.local.ironhook:cab84777-5419-4366-ab62-4261a8eb2597","target_lun":0,"target_portal":"127.0.0.1:22102"}',1795936749204248,1795936751178615,'{}');
INSERT INTO "volume_targets" VALUES(2,'8c6c3059-9443-4701-85a5-ce6831a7d327','f30701b1-5d1d-4a6b-838c-6af987a786be','iscsi',1,'ro-1','{"access_mode":"ro","auth_method":"CHAP","auth_password":"xbVNsZETnssGv.mr","auth_username":"f30701b1-5d1d-4a6b-838c-6af987a786be","note":"data","target_iqn":"iqn.2026-11.local.ironhook:8c6c3059-9443-4701-85a5-ce6831a7d327","target_lun":0,"target_portal":"127.0.0.1:22102"}',1795936749444580,1795936751178615,'{}');
INSERT INTO "volume_targets" VALUES(3,'53dfbfed-f9c8-40e8-ad53-a715b5197005','ca6fc0c1-250c-4833-b2b5-649505a89baf','iscsi',0,'vol-2','{"auth_method":"CHAP","auth_password":"w5CcuDd83hJCO.uE","auth_username":"ca6fc0c1-250c-4833-b2b5-649505a89baf","target_iqn":"iqn.2026-11.local.ironhook:53dfbfed-f9c8-40e8-ad53-a715b5197005","target_lun":0,"target_portal":"127.0.0.1:22102"}',1795936755828229,1795936757756630,'{}');
INSERT INTO "volume_targets" VALUES(4,'6ddef4a0-1b84-42c1-b273-cdab225277db','ca6fc0c1-250c-4833-b2b5-649505a89baf','iscsi',1,'ro-1','{"access_mode":"ro","auth_method":"CHAP","auth_password":"g9KzljQ3D1PfhHNK","auth_username":"ca6fc0c1-250c-4833-b2b5-649505a89baf","note":"data","target_iqn":"iqn.2026-11.local.ironhook:6ddef4a0-1b84-42c1-b273-cdab225277db","target_lun":0,"target_portal":"127.0.0.1:22102"}',1795936756036054,1795936757756630,'{}');
INSERT INTO "volume_targets" VALUES(5,'90ed99c6-6133-4171-bc7b-6124e9cd99b2','bbd71da4-6a77-4a14-90f7-fdd790b3b9b8','iscsi',0,'vol-3','{}',1795936763011776,1795936771620675,'{}');
INSERT INTO "volume_targets" VALUES(6,'41b5916c-b2cb-4e09-b84f-b172c3d15cb4','8024870d-2e2b-4c90-86fe-247906f243dc','iscsi',0,'vol-4','{}',1795936769952413,NULL,'{}');
INSERT INTO "volume_targets" VALUES(7,'926784b0-71b6-4662-86af-7530dfab97ec','8261838a-62d8-4589-94d3-77cb2de8e047','iscsi',0,'san-1','{"auth_method":"CHAP","auth_password":"operators-own-secret","target_iqn":"iqn.2001-05.com.example:san","target_lun":1,"target_portal":"192.0.2.1:3260"}',1795936776608643,NULL,'{}');
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
INSERT INTO "volumes" VALUES(1,'2d6ae9bc-de4d-48a9-ad12-66a51e71aecb','vol-1',NULL,'available',4194304,1,0,'07b28e97-623f-4d71-a14b-77cbc2702610',NULL,NULL,NULL,'{}','{"checksum":"5e5b6af5cd8ed4a1e5b23756931df381","container_format":"bare","disk_format":"raw","image_id":"07b28e97-623f-4d71-a14b-77cbc2702610","image_name":"debian","min_disk":"0","min_ram":"0","size":"4194304"}',NULL,1795936743840060,1795936743867238);
INSERT INTO "volumes" VALUES(2,'801f28c2-4366-4ae9-b69a-f7dae2b21015','vol-2',NULL,'available',4194304,1,0,'07b28e97-623f-4d71-a14b-77cbc2702610',NULL,NULL,NULL,'{}','{"checksum":"5e5b6af5cd8ed4a1e5b23756931df381","container_format":"bare","disk_format":"raw","image_id":"07b28e97-623f-4d71-a14b-77cbc2702610","image_name":"debian","min_disk":"0","min_ram":"0","size":"4194304"}',NULL,1795936744042983,1795936744060637);
INSERT INTO "volumes" VALUES(3,'a62f7adf-1d84-4711-8d72-284059736e85','vol-3',NULL,'available',4194304,1,0,'07b28e97-623f-4d71-a14b-77cbc2702610',NULL,NULL,NULL,'{}','{"checksum":"5e5b6af5cd8ed4a1e5b23756931df381","container_format":"bare","disk_format":"raw","image_id":"07b28e97-623f-4d71-a14b-77cbc2702610","image_name":"debian","min_disk":"0","min_ram":"0","size":"4194304"}',NULL,1795936744274060,1795936744307120);
INSERT INTO "volumes" VALUES(4,'83dbdf8f-05bc-452a-b9d4-7cf72b75d2f5','vol-4',NULL,'available',4194304,1,0,'07b28e97-623f-4d71-a14b-77cbc2702610',NULL,NULL,NULL,'{}','{"checksum":"5e5b6af5cd8ed4a1e5b23756931df381","container_format":"bare","disk_format":"raw","image_id":"07b28e97-623f-4d71-a14b-77cbc2702610","image_name":"debian","min_disk":"0","min_ram":"0","size":"4194304"}',NULL,1795936744586277,1795936744613199);
INSERT INTO "volumes" VALUES(5,'8a55856e-00b0-4ea9-a983-f7e9c5f053bc','ro-1',NULL,'available',1073741824,0,0,NULL,NULL,NULL,NULL,'{}','{}',NULL,1795936744894022,1795936744928892);
CREATE INDEX ports_node ON ports (node_uuid);
CREATE INDEX volume_connectors_node ON volume_connectors (node_uuid);
CREATE INDEX exports_node ON exports (node_uuid);
CREATE INDEX events_node ON events (node, seq);
CREATE INDEX events_mac ON events (mac, seq);
CREATE INDEX portgroups_node ON portgroups (node_uuid);
CREATE INDEX allocations_node ON allocations (node_uuid);
CREATE INDEX images_name ON images (name);
CREATE INDEX volumes_name ON volumes (name);
CREATE INDEX volumes_node ON volumes (node_uuid);
CREATE INDEX snapshots_volume ON snapshots (volume_uuid);
CREATE INDEX attachments_volume ON attachments (volume_uuid);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('images',1);
INSERT INTO "sqlite_sequence" VALUES('volumes',5);
INSERT INTO "sqlite_sequence" VALUES('nodes',5);
INSERT INTO "sqlite_sequence" VALUES('events',46);
INSERT INTO "sqlite_sequence" VALUES('ports',4);
INSERT INTO "sqlite_sequence" VALUES('volume_targets',7);
INSERT INTO "sqlite_sequence" VALUES('volume_connectors',3);
INSERT INTO "sqlite_sequence" VALUES('allocations',1);
INSERT INTO "sqlite_sequence" VALUES('snapshots',1);
COMMIT;
PRAGMA user_version = 1;
