package lab

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
)

// ServeHTTP serves the files of a folder over HTTP at the lab's address until the lab is
// closed, and returns the URL of the folder.
func (l *Lab) ServeHTTP(dir string) (url string, err error) {
	listener, err := l.Listen("tcp", Address+":0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir))}
	l.tasks.Go(func() { server.Serve(listener) }) // ends when Lab.Close closes the listener
	return fmt.Sprintf("http://%s/", listener.Addr()), nil
}

// ganesha is the configuration of NFS-Ganesha: NFS 3 and 4 of one folder, which root may
// write.
const ganesha = `
NFS_CORE_PARAM { Protocols = 3, 4; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = true; Enable_UDP = false; }
NFSV4 { Graceless = true; }
EXPORT {
	Export_Id = 1; Path = %q; Pseudo = %q;
	Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP; Protocols = 3, 4;
	FSAL { Name = VFS; }
}
`

// NFSExport is the path under which ServeNFS exports its folder.
const NFSExport = "/srv/root"

// ServeNFS serves a folder by NFS-Ganesha, a user-space NFS server, at the lab's address
// until the lab is closed. Its companion rpcbind keeps a socket in /run, so both have one
// of their own.
func (l *Lab) ServeNFS(ctx context.Context, dir string) error {
	config := filepath.Join(l.Dir, "ganesha.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, ganesha, dir, NFSExport), 0o600); err != nil {
		return err
	}
	p, err := l.Start("nfs", "unshare", "--mount", "sh", "-c",
		`mount -t tmpfs run /run || exit; rpcbind -f & until rpcinfo -p; do sleep 0.1; done; exec ganesha.nfsd -F -L /dev/stdout -f "$0" -p `+
			`/run/ganesha.pid`, config)
	if err != nil {
		return fmt.Errorf("%w (packages nfs-ganesha-vfs, rpcbind)", err)
	}
	_, err = p.Log.Wait(ctx, regexp.MustCompile(`NFS SERVER INITIALIZED`))
	return err
}
