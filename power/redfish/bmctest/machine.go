package bmctest

// The paths of the machine's resources.
const (
	root    = "/redfish/v1"
	System  = root + "/Systems/1"
	Manager = root + "/Managers/1"
	Chassis = root + "/Chassis/1"
	Logs    = System + "/LogServices"
)

func link(path string) Object { return Object{"@odata.id": path} }

func collection(kind, path string, members ...string) Object {
	list := []any{}
	for _, m := range members {
		list = append(list, link(m))
	}
	return Object{"@odata.id": path, "@odata.type": "#" + kind + "Collection." + kind + "Collection", "Name": kind + "s", "Members": list,
		"Members@odata.count": len(list)}
}

func resource(kind, path, id string, more Object) Object {
	o := Object{"@odata.id": path, "@odata.type": "#" + kind, "Id": id, "Name": id}
	for name, v := range more {
		o[name] = v
	}
	return o
}

func action(path, name string, more Object) Object {
	o := Object{"target": path + "/Actions/" + name}
	for k, v := range more {
		o[k] = v
	}
	return Object{"#" + name: o}
}

// factory are the settings of the firmware as it came.
func factory() Object {
	return Object{"BootMode": "Uefi", "ProcTurbo": "Enabled", "NumLock": false, "Cores": 4}
}

// machine makes the tree.
func machine() map[string]Object {
	t := map[string]Object{}
	for _, part := range []map[string]Object{services(), system(), manager(), chassis(), logs()} {
		for path, o := range part {
			t[path] = o
		}
	}
	return t
}

func services() map[string]Object {
	return map[string]Object{
		"/redfish": {"v1": root + "/"},
		root: resource("ServiceRoot.v1_5_0.ServiceRoot", root, "RootService",
			Object{"RedfishVersion": "1.6.0", "UUID": "c0ffee00-0000-4000-8000-0000000000b0",
				"Systems": link(root + "/Systems"), "Managers": link(root + "/Managers"), "Chassis": link(root + "/Chassis"),
				"Registries":     link(root + "/Registries"),
				"SessionService": link(root + "/SessionService"), "UpdateService": link(root + "/UpdateService"), "Tasks": link(root + "/TaskService"),
				"Links": Object{"Sessions": link(root + "/SessionService/Sessions")}}),
		root + "/Systems":  collection("ComputerSystem", root+"/Systems", System),
		root + "/Managers": collection("Manager", root+"/Managers", Manager),
		root + "/Chassis":  collection("Chassis", root+"/Chassis", Chassis),
		root + "/SessionService": resource("SessionService.v1_1_8.SessionService", root+"/SessionService", "SessionService",
			Object{"ServiceEnabled": true, "SessionTimeout": 300, "Sessions": link(root + "/SessionService/Sessions")}),
		root + "/UpdateService": resource("UpdateService.v1_8_0.UpdateService", root+"/UpdateService", "UpdateService",
			Object{"ServiceEnabled": true,
				"FirmwareInventory": link(root + "/UpdateService/FirmwareInventory"), "HttpPushUri": "",
				"Status": Object{"State": "Enabled", "Health": "OK"},
				"Actions": action(root+"/UpdateService", "UpdateService.SimpleUpdate",
					Object{"TransferProtocol@Redfish.AllowableValues": []any{"HTTP", "HTTPS"}})}),
		root + "/UpdateService/FirmwareInventory": collection("SoftwareInventory", root+"/UpdateService/FirmwareInventory"),
		root + "/TaskService": resource("TaskService.v1_1_0.TaskService", root+"/TaskService", "TaskService",
			Object{"Tasks": link(root + "/TaskService/Tasks")}),
		root + "/TaskService/Tasks": collection("Task", root+"/TaskService/Tasks", root+"/TaskService/Tasks/1"),
		root + "/TaskService/Tasks/1": resource("Task.v1_4_0.Task", root+"/TaskService/Tasks/1", "1",
			Object{"TaskState": "Running", "TaskStatus": "OK", "Messages": []any{}}),
		root + "/Registries": collection("MessageRegistryFile", root+"/Registries", root+"/Registries/BiosRegistry.1.0"),
		root + "/Registries/BiosRegistry.1.0": resource("MessageRegistryFile.v1_1_0.MessageRegistryFile", root+"/Registries/BiosRegistry.1.0",
			"BiosRegistry.1.0", Object{
				"Languages": []any{"en"}, "Registry": "BiosRegistry.1.0",
				"Location": []any{Object{"Language": "en", "Uri": root + "/Registries/BiosRegistry.1.0/en"}}}),
		root + "/Registries/BiosRegistry.1.0/en": resource("AttributeRegistry.v1_3_0.AttributeRegistry", root+"/Registries/BiosRegistry.1.0/en",
			"BiosRegistry.1.0", Object{
				"Language": "en", "OwningEntity": "test", "RegistryVersion": "1.0", "SupportedSystems": []any{},
				"RegistryEntries": Object{"Attributes": []any{
					Object{"AttributeName": "ProcTurbo", "Type": "Enumeration", "ReadOnly": false, "ResetRequired": true,
						"Value": []any{Object{"ValueName": "Enabled"}, Object{"ValueName": "Disabled"}}},
					Object{"AttributeName": "Cores", "Type": "Integer", "LowerBound": 1, "UpperBound": 8},
				}}}),
	}
}

func system() map[string]Object {
	media := System + "/VirtualMedia"
	medium := func(id string, types ...any) Object {
		at := media + "/" + id
		actions := action(at, "VirtualMedia.InsertMedia", nil)
		for k, v := range action(at, "VirtualMedia.EjectMedia", nil) {
			actions[k] = v
		}
		return resource("VirtualMedia.v1_4_0.VirtualMedia", at, id,
			Object{"MediaTypes": types, "Inserted": false, "Image": nil, "WriteProtected": true, "Actions": actions})
	}
	return map[string]Object{
		System: resource("ComputerSystem.v1_13_0.ComputerSystem", System, "1", Object{
			"UUID": "c0ffee00-0000-4000-8000-0000000000a1", "Manufacturer": "Test", "Model": "T-1000", "SerialNumber": "SN-1",
			"SystemType": "Physical",
			"PowerState": "Off", "BiosVersion": "2.1", "IndicatorLED": "Off",
			"Status":        Object{"State": "Enabled", "Health": "OK", "HealthRollup": "OK"},
			"MemorySummary": Object{"TotalSystemMemoryGiB": 16}, "ProcessorSummary": Object{"Count": 2, "Model": "CPU"},
			"Boot": Object{"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None", "BootSourceOverrideMode": "UEFI",
				"BootSourceOverrideTarget@Redfish.AllowableValues": []any{"None", "Pxe", "Hdd", "Cd", "BiosSetup", "Usb", "UefiHttp"}},
			"LogServices": link(Logs),
			"Bios":        link(System + "/Bios"), "SecureBoot": link(System + "/SecureBoot"), "VirtualMedia": link(media),
			"Processors":         link(System + "/Processors"),
			"EthernetInterfaces": link(System + "/EthernetInterfaces"), "SimpleStorage": link(System + "/SimpleStorage"),
			"Storage": link(System + "/Storage"),
			"Links":   Object{"Chassis": []any{link(Chassis)}, "ManagedBy": []any{link(Manager)}},
			"Actions": action(System, "ComputerSystem.Reset", Object{"ResetType@Redfish.AllowableValues": []any{
				"On", "ForceOff", "GracefulShutdown", "ForceRestart", "Nmi"}})}),
		System + "/Bios": resource("Bios.v1_1_0.Bios", System+"/Bios", "Bios",
			Object{"AttributeRegistry": "BiosRegistry.1.0", "Attributes": factory(),
				"@Redfish.Settings": Object{"@odata.type": "#Settings.v1_3_0.Settings", "SettingsObject": link(System + "/Bios/Settings"),
					"SupportedApplyTimes": []any{"OnReset"}},
				"Actions": action(System+"/Bios", "Bios.ResetBios", nil)}),
		System + "/Bios/Settings": resource("Bios.v1_1_0.Bios", System+"/Bios/Settings", "Settings", Object{"Attributes": Object{}}),
		System + "/SecureBoot": resource("SecureBoot.v1_1_0.SecureBoot", System+"/SecureBoot", "SecureBoot",
			Object{"SecureBootEnable": false, "SecureBootCurrentBoot": "Disabled",
				"SecureBootMode": "UserMode", "Actions": action(System+"/SecureBoot", "SecureBoot.ResetKeys",
					Object{"ResetKeysType@Redfish.AllowableValues": []any{"ResetAllKeysToDefault", "DeleteAllKeys"}})}),
		media:                  collection("VirtualMedia", media, media+"/Cd", media+"/Usb"),
		media + "/Cd":          medium("Cd", "CD", "DVD"),
		media + "/Usb":         medium("Usb", "Floppy", "USBStick"),
		System + "/Processors": collection("Processor", System+"/Processors", System+"/Processors/1"),
		System + "/Processors/1": resource("Processor.v1_7_0.Processor", System+"/Processors/1", "1",
			Object{"Socket": "1", "ProcessorType": "CPU", "ProcessorArchitecture": "x86",
				"InstructionSet": "x86-64", "Manufacturer": "Test", "Model": "CPU 1000", "MaxSpeedMHz": 3000, "TotalCores": 4, "TotalThreads": 8,
				"Status": Object{"State": "Enabled", "Health": "OK"}}),
		System + "/EthernetInterfaces": collection("EthernetInterface", System+"/EthernetInterfaces", System+"/EthernetInterfaces/NIC1"),
		System + "/EthernetInterfaces/NIC1": resource("EthernetInterface.v1_6_0.EthernetInterface", System+"/EthernetInterfaces/NIC1", "NIC1",
			Object{"MACAddress": "52:54:00:12:34:56",
				"PermanentMACAddress": "52:54:00:12:34:56", "SpeedMbps": 1000, "LinkStatus": "LinkUp",
				"Status": Object{"State": "Enabled", "Health": "OK"}}),
		System + "/SimpleStorage": collection("SimpleStorage", System+"/SimpleStorage"),
		System + "/Storage":       collection("Storage", System+"/Storage", System+"/Storage/1"),
		System + "/Storage/1": resource("Storage.v1_8_0.Storage", System+"/Storage/1", "1",
			Object{"Drives": []any{link(System + "/Storage/1/Drives/1")}, "Drives@odata.count": 1,
				"StorageControllers": []any{}, "Status": Object{"State": "Enabled", "Health": "OK"}}),
		System + "/Storage/1/Drives/1": resource("Drive.v1_9_0.Drive", System+"/Storage/1/Drives/1", "1",
			Object{"CapacityBytes": 64 << 30, "Manufacturer": "Disk", "Model": "D-1",
				"SerialNumber": "D-SN", "MediaType": "SSD", "Protocol": "SATA", "Status": Object{"State": "Enabled", "Health": "OK"}}),
	}
}

// logs are two, of which one is the SEL. Of its entries the newer is in the collection, the older only where it is.
func logs() map[string]Object {
	entry := func(id string, more Object) Object {
		return resource("LogEntry.v1_4_0.LogEntry", Logs+"/SEL/Entries/"+id, id, more)
	}
	entries := collection("LogEntry", Logs+"/SEL/Entries", Logs+"/SEL/Entries/1")
	entries["Members"] = []any{entry("2",
		Object{"EntryType": "SEL", "Created": "2026-05-31T12:53:52+02:00", "Severity": "Critical", "Message": "Uncorrectable\nECC",
			"SensorType": "Memory", "SensorNumber": 2}), link(Logs + "/SEL/Entries/1")}
	return map[string]Object{
		Logs: collection("LogService", Logs, Logs+"/Audit", Logs+"/SEL"),
		Logs + "/Audit": resource("LogService.v1_1_0.LogService", Logs+"/Audit", "Audit",
			Object{"LogEntryType": "Event", "Entries": link(Logs + "/Audit/Entries")}),
		Logs + "/Audit/Entries": collection("LogEntry", Logs+"/Audit/Entries"),
		Logs + "/SEL": resource("LogService.v1_1_0.LogService", Logs+"/SEL", "SEL",
			Object{"LogEntryType": "SEL", "OverWritePolicy": "NeverOverWrites",
				"Entries": link(Logs + "/SEL/Entries"), "Actions": action(Logs+"/SEL", "LogService.ClearLog", nil)}),
		Logs + "/SEL/Entries": entries,
		Logs + "/SEL/Entries/1": entry("1",
			Object{"EntryType": "SEL", "Created": "2026-05-31T10:00:00Z", "Severity": "OK", "MessageId": "Log.1.0.Cleared"}),
	}
}

func manager() map[string]Object {
	return map[string]Object{
		Manager: resource("Manager.v1_9_0.Manager", Manager, "1",
			Object{"ManagerType": "BMC", "FirmwareVersion": "5.0", "Model": "BMC-1", "PowerState": "On",
				"VirtualMedia": link(System + "/VirtualMedia"), // where older clients look for it
				"UUID":         "c0ffee00-0000-4000-8000-0000000000a2", "Status": Object{"State": "Enabled", "Health": "OK"},
				"Links": Object{"ManagerForServers": []any{link(System)}, "ManagerForChassis": []any{link(Chassis)}}}),
	}
}

func chassis() map[string]Object {
	adapters := Chassis + "/NetworkAdapters"
	functions := adapters + "/A/NetworkDeviceFunctions"
	return map[string]Object{
		Chassis: resource("Chassis.v1_14_0.Chassis", Chassis, "1",
			Object{"ChassisType": "RackMount", "UUID": "c0ffee00-0000-4000-8000-0000000000a3", "IndicatorLED": "Off",
				"PowerState": "On", "Status": Object{"State": "Enabled", "Health": "OK"}, "NetworkAdapters": link(adapters),
				"Thermal": link(Chassis + "/Thermal"),
				"Power":   link(Chassis + "/Power"), "Links": Object{"ComputerSystems": []any{link(System)}, "ManagedBy": []any{link(Manager)}}}),
		Chassis + "/Thermal": resource("Thermal.v1_6_0.Thermal", Chassis+"/Thermal", "Thermal", Object{
			"Temperatures": []any{Object{"@odata.id": Chassis + "/Thermal#/Temperatures/0", "MemberId": "0", "Name": "CPU", "ReadingCelsius": 41,
				"Status": Object{"State": "Enabled", "Health": "OK"}}},
			"Fans": []any{Object{"@odata.id": Chassis + "/Thermal#/Fans/0", "MemberId": "0", "Name": "Fan 1", "Reading": 4200,
				"ReadingUnits": "RPM", "Status": Object{"State": "Enabled", "Health": "Warning"}}}}),
		Chassis + "/Power": resource("Power.v1_6_0.Power", Chassis+"/Power", "Power", Object{
			"Voltages": []any{Object{"MemberId": "0", "Name": "12 V", "ReadingVolts": 12.1,
				"Status": Object{"State": "Enabled", "Health": "OK"}}},
			"PowerControl": []any{Object{"MemberId": "0", "Name": "Total", "PowerConsumedWatts": 90,
				"Status": Object{"State": "Enabled", "Health": "OK"}}}}),
		adapters: collection("NetworkAdapter", adapters, adapters+"/A"),
		adapters + "/A": resource("NetworkAdapter.v1_5_0.NetworkAdapter", adapters+"/A", "A",
			Object{"Manufacturer": "Net", "Model": "N-1", "SerialNumber": "N-SN",
				"Controllers": []any{Object{"FirmwarePackageVersion": "22.1"}}, "NetworkDeviceFunctions": link(functions),
				"Status": Object{"State": "Enabled", "Health": "OK"}}),
		functions: collection("NetworkDeviceFunction", functions, functions+"/F"),
		functions + "/F": resource("NetworkDeviceFunction.v1_5_0.NetworkDeviceFunction", functions+"/F", "F",
			Object{"NetDevFuncType": "iSCSI", "BootMode": "Disabled",
				"NetDevFuncCapabilities": []any{"Ethernet", "iSCSI"}, "Ethernet": Object{"MACAddress": "52:54:00:12:34:56"},
				"iSCSIBoot": Object{"AuthenticationMethod": "None"}, "Status": Object{"State": "Enabled", "Health": "OK"}}),
	}
}
