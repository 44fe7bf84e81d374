package boot

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// Load is what iPXE itself fetches and starts: a kernel with its ramdisk, or an ISO. URLs
// are of scheme http or https.
type Load struct {
	Kernel  string // "" with an ISO
	Ramdisk string // "" for a kernel that needs none
	ISO     string
	Args    string // of the kernel, one line; Ironhook's own among them
	Cloud   Cloud  // what cloud-init fetches, nil for nothing
	// Agent reports that it is the agent, which is told where the API is. Without a Kernel it is
	// Ironhook's own.
	Agent bool
}

// Loads reports whether iPXE loads the node's system itself: instance_info names an NFS
// root, or the deploy interface is ramdisk. As in Ironic, a boot volume and an image_source
// come first; Deploy then refuses what would be ignored.
func (f Facts) Loads() bool {
	n := f.Node
	noop, ramdisk := n.Interfaces.Storage() == baremetal.StorageNoop, n.Interfaces["deploy"] == "ramdisk"
	if n.ImageSource() != "" || !noop && Target(f.Targets) != nil {
		return false
	}
	return given(n.InstanceInfo["nfs_root"]) || ramdisk && (noop || slices.ContainsFunc(demands, func(d demand) bool {
		return d.loaded && given(n.InstanceInfo[d.key])
	}))
}

// load reads what iPXE loads for the node, and everything that is wrong with it.
func (f Facts) load() (p Plan, all Refusals) {
	n := f.Node
	args := given(n.InstanceInfo["kernel_append_params"]) || given(n.InstanceInfo["ramdisk_kernel_arguments"])
	p = Plan{Method: Ramdisk, Load: &Load{}}
	own := []string{"root=/dev/ram0", "text"}
	if root := n.InstanceInfo["nfs_root"]; given(root) {
		p.Method = NFS
		r, wrong := parseNFSRoot(root)
		if wrong != nil {
			all.add(refuseKey(n, "nfs_root", wrong))
		}
		own = r.args()
	}
	if given(n.InstanceInfo["boot_iso"]) {
		p.Load.ISO = loadURL(&all, n, "boot_iso")
		for _, key := range []string{"kernel", "ramdisk", "nfs_root"} {
			if given(n.InstanceInfo[key]) {
				all.add(&Refusal{fmt.Sprintf("instance_info of %s names both a boot_iso and a %s", n.Label(), key), "Remove one of them"})
			}
		}
		if args {
			all.add(&Refusal{fmt.Sprintf("instance_info of %s has kernel parameters, which cannot be given to the boot loader of its boot_iso",
				n.Label()),
				"Remove kernel_append_params and ramdisk_kernel_arguments, or name the kernel and the ramdisk of the ISO"})
		}
		if given(n.InstanceInfo["configdrive"]) {
			all.add(&Refusal{fmt.Sprintf("instance_info of %s has a configdrive, which cannot be handed to the system of its boot_iso", n.Label()),
				"Remove it, or name the kernel and the ramdisk of the ISO"})
		}
		return p, all
	}
	p.Load.Kernel = loadURL(&all, n, "kernel")
	if p.Method == Ramdisk || given(n.InstanceInfo["ramdisk"]) {
		p.Load.Ramdisk = loadURL(&all, n, "ramdisk")
	}
	p.Load.Args = loadArgs(&all, n, own)
	if given(n.InstanceInfo["configdrive"]) {
		var wrong error
		if p.Load.Cloud, wrong = parseCloud(n); wrong != nil {
			all.add(refuseKey(n, "configdrive", wrong))
		}
	}
	return p, all
}

// Agent is the boot of a machine into the agent, which inspects it, writes images and cleans:
// Ironic's, from deploy_kernel and deploy_ramdisk in driver_info, or without both our own. Both
// get the kernel_append_params of driver_info.
func Agent(n *baremetal.Node) Plan {
	if OwnAgent(n) {
		var wrong Refusals
		args := loadArgs(&wrong, &baremetal.Node{UUID: n.UUID, Name: n.Name,
			InstanceInfo: baremetal.Object{"kernel_append_params": n.DriverInfo["kernel_append_params"]}}, nil)
		if len(wrong) > 0 {
			return refuse(Refusal{fmt.Sprintf("kernel_append_params in driver_info of %s cannot be passed on by iPXE", n.Label()),
				"Correct or remove it"})
		}
		return Plan{Method: Ramdisk, Load: &Load{Args: args, Agent: true}}
	}
	ramdisk := *n
	ramdisk.InstanceInfo = baremetal.Object{"kernel": n.DriverInfo["deploy_kernel"], "ramdisk": n.DriverInfo["deploy_ramdisk"],
		"kernel_append_params": n.DriverInfo["kernel_append_params"]}
	p, wrong := Facts{Node: &ramdisk}.load()
	if len(wrong) > 0 {
		return refuse(Refusal{fmt.Sprintf("driver_info of %s has no agent that iPXE can load", n.Label()),
			"Set both deploy_kernel and deploy_ramdisk to http URLs of at most 255 bytes, or remove both to boot Ironhook's own agent"})
	}
	p.Load.Agent = true
	return p
}

// OwnAgent reports whether the node boots Ironhook's own agent.
func OwnAgent(n *baremetal.Node) bool {
	return !given(n.DriverInfo["deploy_kernel"]) && !given(n.DriverInfo["deploy_ramdisk"])
}

func refuseKey(n *baremetal.Node, key string, wrong error) *Refusal {
	return &Refusal{fmt.Sprintf("%s in instance_info of %s %v", key, n.Label(), wrong),
		fmt.Sprintf("Correct it with: openstack baremetal node set --instance-info %s=VALUE %s", key, n.Label())}
}

// loadURL reads the URL at key. It leaves the URL out of its refusal, which may have a
// password.
func loadURL(all *Refusals, n *baremetal.Node, key string) string {
	text := strings.TrimSpace(n.InstanceInfo.Text(key))
	u, err := url.Parse(text)
	switch {
	case text == "":
		all.add(refuseKey(n, key, fmt.Errorf("is missing")))
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.String() != text, len(text) > maxURL:
		all.add(refuseKey(n, key,
			fmt.Errorf("is no URL like http://HOST/PATH that iPXE can fetch (https too; special characters as %%XX; at most %d bytes)", maxURL)))
	}
	return text
}

// maxURL is the limit of a URL in bytes: a line of a boot script holds two and more.
const maxURL = 255

// maxArgs is the limit of the kernel's arguments in bytes. Linux takes 2048 on x86
// (COMMAND_LINE_SIZE in arch/x86/include/asm/setup.h), to which iPXE adds a few.
const maxArgs = 1900

// loadArgs joins Ironhook's own arguments with those of instance_info, under their names
// for the boot interface and for the deploy interface ramdisk. %default% stands for
// Ironic's configured ones, of which Ironhook has none. A root= of the operator's replaces ours.
func loadArgs(all *Refusals, n *baremetal.Node, own []string) string {
	var words []string
	for _, key := range []string{"kernel_append_params", "ramdisk_kernel_arguments"} {
		v := n.InstanceInfo[key]
		text, isText := v.(string)
		if given(v) && !isText {
			all.add(refuseKey(n, key, fmt.Errorf("is no text")))
		}
		for _, word := range strings.Fields(strings.ReplaceAll(text, "%default%", "")) {
			if err := argument(word); err != nil {
				all.add(refuseKey(n, key, err))
			}
			words = append(words, word)
		}
	}
	if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "root=") }) {
		own = slices.DeleteFunc(slices.Clone(own), func(w string) bool { return strings.HasPrefix(w, "root=") })
	}
	line := strings.Join(append(slices.Clone(own), words...), " ")
	if len(line) > maxArgs {
		all.add(refuseKey(n, "kernel_append_params", fmt.Errorf("makes the kernel's arguments %d bytes long, more than %d", len(line), maxArgs)))
	}
	return line
}

// argument refuses what iPXE would not pass on as one argument of a kernel: it has no
// quoting (exec.c in its source).
func argument(word string) error {
	switch {
	case strings.IndexFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0:
		return fmt.Errorf("has a control character or a character outside ASCII, which iPXE cannot pass on")
	case strings.Contains(word, "${"), word[0] == '#', word == "||", word == "&&", word == ";":
		return fmt.Errorf(`has "${", or a word that begins with "#" or is ||, && or ;, which iPXE would take for itself`)
	case len(word) > maxURL:
		return fmt.Errorf("has a word of more than %d bytes", maxURL)
	}
	return nil
}
